#!/usr/bin/env python3
"""python-fido2, with its own way to hidraw, asks a dongle at a real kernel. `tests/vm` runs it in the guest.

    hidraw.py NODE SERIAL

NODE is the dongle's /dev/hidraw*, which no other program may be talking to. Ends with an error at the first answer that
is not as it has to be.
"""

import sys

from fido2.ctap import CtapError
from fido2.hid import CAPABILITY, CtapHidDevice, open_connection
from fido2.hid.base import HidDescriptor

UNKNOWN = 0x7F
HELLO = 0x40


def main(node, serial):
    # Told, because it only looks for security keys, and a dongle is none: another usage page.
    dongle = HidDescriptor(node, 0x1209, 0x0001, 64, 64, "Tallykey dongle", serial)
    device = CtapHidDevice(dongle, open_connection(dongle))
    assert device.version == 2 and device.capabilities & CAPABILITY.WINK, hex(device.capabilities)
    for length in (1, 57, 58, 116, 117, 7609):
        data = bytes(n & 0xFF for n in range(length))
        assert device.ping(data) == data, length
    try:
        device.call(UNKNOWN, b"\xa0")
        raise AssertionError("a command that does not exist was answered")
    except CtapError as error:
        assert error.code == CtapError.ERR.INVALID_COMMAND, error
    device.wink()
    # The channel is as good as before: our own first command, whose reply begins with the status 0.
    assert device.call(HELLO, bytes.fromhex("a201010201"))[0] == 0
    device.close()
    print(f"python-fido2: {serial} at {node} answers")


if __name__ == "__main__":
    main(*sys.argv[1:])
