#!/usr/bin/env python3
"""A host that is not ours: opens a session with a dongle and verifies what it proves, up to the vendor's root.

Written from docs/protocol.md and protocol/records.cddl, without any of our code. The framing is that of
python-fido2, the rest cbor2 and cryptography.

    client.py SOCKET ROOT

SOCKET is where `tallykey-sim serve --socket` shows its reports, ROOT the vendor's root certificate in DER. Prints
what the dongle proved as one JSON document.
"""

import hashlib
import hmac
import json
import os
import pathlib
import socket
import sys

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fido2.ctap import CtapError
from fido2.hid import CTAPHID, CtapHidDevice
from fido2.hid.base import CtapHidConnection, HidDescriptor

from verify import certified, load, role, thumbprint, verify

HELLO, CERTIFICATE, OPEN, HEARTBEAT, PROVE, GRANT, CLOSE = 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x4B
OK, BUSY, NO_SESSION, MAC_INVALID, SEQUENCE_STALE = 0x00, 0x05, 0x06, 0x07, 0x08
TO_DONGLE, TO_HOST = 0, 1
STATE = 4


class Refused(Exception):
    """The dongle answered with this status."""

    def __init__(self, status, body=b""):
        super().__init__(f"status {status:#04x}")
        self.status = status
        self.body = body


class Reports(CtapHidConnection):
    """Bare 64-byte reports on a socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)

    def write_packet(self, data):
        assert len(data) == 64
        self.socket.sendall(data)

    def read_packet(self):
        report = b""
        while len(report) < 64:
            more = self.socket.recv(64 - len(report))
            assert more, "the dongle was pulled out"
            report += more
        return report

    def close(self):
        self.socket.close()


def encode(item):
    return cbor2.dumps(item, canonical=True)


def split(reply):
    """Status and map of a reply."""
    if reply[0] != OK:
        raise Refused(reply[0], reply[1:])
    return load(reply[1:])


def refusal(ask, *arguments):
    try:
        ask(*arguments)
    except Refused as refused:
        return refused
    raise AssertionError("it was not refused")


def point(key):
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


class Session:
    """Sections 6 and 7 of the protocol."""

    def __init__(self, device, root):
        self.device = device
        request = encode({1: 1, 2: 1})
        reply = device.call(HELLO, request)
        self.hello = split(reply)

        answer = split(device.call(CERTIFICATE, encode({})))
        leaf, factory = answer[2]
        digest = hashlib.sha256(leaf).digest()
        assert answer[1] == digest
        assert split(device.call(CERTIFICATE, encode({1: digest}))) == {1: digest}, "spared the bytes"
        factory = certified(x509.load_der_x509_certificate(factory), root)
        leaf = certified(x509.load_der_x509_certificate(leaf), factory)
        assert (role(factory), role(leaf)) == ("factory", "dongle")
        serial = leaf.subject.get_attributes_for_oid(x509.NameOID.SERIAL_NUMBER)[0].value
        assert serial == self.hello[4]
        self.key = leaf.public_key()

        secret = ec.generate_private_key(ec.SECP256R1())
        nonce, host_id, own = os.urandom(32), os.urandom(16), point(secret.public_key())
        self.opening = encode({1: nonce, 2: own, 3: host_id})
        record = split(device.call(OPEN, self.opening))[1]
        proof, _, _ = verify(record, "proof.open", signer=self.key)
        assert (proof[10], proof[-65565]) == (nonce, own), "my nonce and my key"
        said = (self.hello[4], self.hello[6], self.hello[5], self.hello[7])
        assert said == (proof[1], proof[-65555], proof[-65556], proof[-65557]), "hello was true"
        transcript = hashlib.sha256(
            b"tallykey v1 open transcript"
            + hashlib.sha256(request).digest()
            + hashlib.sha256(reply).digest()
            + device._channel_id.to_bytes(4, "big")
            + host_id
            + nonce
            + proof[-65564]
            + own
            + proof[-65566]
            + digest
        ).digest()
        assert transcript == proof[-65563], "the proof is over this very exchange"
        peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), proof[-65566])
        shared = secret.exchange(ec.ECDH(), peer)
        self.keys = [
            HKDF(hashes.SHA256(), 32, salt=transcript, info=info).derive(shared)
            for info in (b"tallykey v1 to dongle", b"tallykey v1 to host")
        ]
        self.proof = proof
        self.sequence = 0

    def tag(self, direction, sequence, command, protected, payload):
        covered = encode([direction, sequence, command])
        structure = encode(["MAC0", protected, covered, payload])
        return hmac.digest(self.keys[direction], structure, "sha256")

    def wrap(self, sequence, command, request):
        protected, payload = encode({1: 5, -65537: sequence}), encode(request)
        tag = self.tag(TO_DONGLE, sequence, command, protected, payload)
        return encode(cbor2.CBORTag(17, [protected, {}, payload, tag]))

    def send(self, sequence, command, message):
        reply = self.device.call(command, message)
        if len(reply) == 1:
            raise Refused(reply[0])
        item = load(reply)
        protected, unprotected, payload, tag = item.value
        assert (item.tag, unprotected) == (17, {})
        assert load(protected) == {1: 5, -65537: sequence}, "the answer to this request"
        expected = self.tag(TO_HOST, sequence, command, protected, payload)
        assert hmac.compare_digest(tag, expected), "made by whoever signed the open proof"
        return split(payload)

    def ask(self, command, request):
        self.sequence += 1
        return self.send(self.sequence, command, self.wrap(self.sequence, command, request))


def channels(session, root):
    """What the dongle gives: the lines of the grants that its state proof lists."""
    nonce = os.urandom(32)
    record = session.ask(PROVE, {1: STATE, 2: nonce, 3: b""})[1]
    proof, _, _ = verify(record, "proof.state", signer=session.key)
    assert proof[10] == nonce and proof[1] == session.hello[4]
    assert proof[-65560] >= session.proof[-65560], "the counter never falls"
    lines = {}
    for index, (product, revision, held, given) in enumerate(proof[-65559]):
        grant, digest, issuer = verify(session.ask(GRANT, {1: index})[1], "grant", root=root)
        assert role(issuer) == "issuer" or (role(issuer) == "factory-issuer" and revision == 1)
        assert issuer.not_valid_before_utc.timestamp() <= grant[6] <= issuer.not_valid_after_utc.timestamp()
        assert (product, revision, held) == (grant[-65537], grant[-65539], digest), "the grant that was proved"
        assert (grant[2], grant[8]) == (session.hello[4], {5: thumbprint(session.key)}), "for this dongle"
        lines[product] = {line[1]: line[2] - dict(given)[line[0]] for line in grant[-65542]}
    return proof, lines


def main(path, root):
    root = x509.load_der_x509_certificate(pathlib.Path(root).read_bytes())
    root.verify_directly_issued_by(root)
    device = CtapHidDevice(HidDescriptor(path, 0, 0, 64, 64, None, None), Reports(path))
    assert device.version == 2 and device.capabilities == 0x01 | 0x08
    for length in (0, 57, 58, 7609):
        data = os.urandom(length)
        assert device.call(CTAPHID.PING, data) == data, length
    assert device.call(CTAPHID.WINK) == b""
    for unknown in (0x10, 0x7F):
        try:
            device.call(unknown, b"\xa0")
        except CtapError as error:
            assert error.code == CtapError.ERR.INVALID_COMMAND
        else:
            raise AssertionError(f"{unknown:#04x} was answered")

    session = Session(device, root)
    assert refusal(lambda: split(device.call(OPEN, session.opening))).status == BUSY, "one lease"
    beat = {1: os.urandom(16)}
    heartbeat = session.wrap(1, HEARTBEAT, beat)
    changed = heartbeat[:-1] + bytes([heartbeat[-1] ^ 1])
    assert refusal(session.send, 1, HEARTBEAT, changed).status == MAC_INVALID
    session.sequence = 1
    assert session.send(1, HEARTBEAT, heartbeat) == {1: beat[1], 2: session.proof[-65560]}
    assert refusal(session.send, 1, HEARTBEAT, heartbeat).status == SEQUENCE_STALE
    proof, lines = channels(session, root)
    assert session.ask(CLOSE, {}) == {}
    assert refusal(session.ask, HEARTBEAT, beat).status == NO_SESSION
    device.close()

    print(json.dumps({
        "serial": proof[1],
        "simulated": proof[-65555],
        "firmware": proof[-65557],
        "counter": proof[-65560],
        "lines": lines,
    }))


if __name__ == "__main__":
    main(*sys.argv[1:])
