# What the guest shows, step by step. Ends with 1 at the first thing that is not so.
set -u
. /test/lib.sh

say "udev, and the simulator behind USB/IP"
for module in vhci-hcd usbhid hid-generic; do modprobe $module || fail "modprobe $module"; done
/lib/systemd/systemd-udevd --daemon
udevadm trigger --action=add --subsystem-match=usb
udevadm settle
tallykey-sim serve --usbip 127.0.0.1:3240 --count 2 --control /tmp/knobs.sock --vendor /test/station \
    --passphrase-file /test/station/passphrase --profile /test/vms.profile >>/tmp/sim.log 2>&1 &
: >/tmp/sim.log
wait_for "the simulator serves" grep -q '^serve' /tmp/sim.log
usbip list -r 127.0.0.1 2>/dev/null | grep -q '1-2: .*(1209:0001)' || fail "usbip list does not show both"

say "the service starts without a dongle"
serve tallykey 127.0.0.1:7787 --trust /test/vendor.bundle --profile /test/vms.profile
service=$!
wait_for "the service answers" answers tallykey
token=$(ask tallykey token create --role viewer | jq -r .secret)
shows tallykey '.dongles == []' || fail "a dongle before any was plugged in"

say "a dongle arrives"
attach 1-1
wait_for "the dongle opens" is_shown tallykey "SIM-0001=open"
grep -q 'plugged in' /tmp/tallykey.log || fail "libusb did not tell of the arrival"
[ "$(stat -c '%U:%G %a' /dev/hidraw0)" = "root:tallykey 660" ] || fail "$(ls -l /dev/hidraw0)"
node=$(lsusb -d 1209:0001 | sed 's/Bus \([0-9]*\) Device \([0-9]*\).*/\/dev\/bus\/usb\/\1\/\2/')
[ "$(stat -c '%U:%G %a' "$node")" = "root:tallykey 660" ] || fail "$(ls -l "$node")"

# It takes its time to be sure that it is not udev that is not done.
serve other none --simulate --usb
other=$!

say "what it says of itself"
lsusb -v -d 1209:0001 >/tmp/lsusb.log 2>/dev/null
for line in 'bcdUSB *2.00' 'iManufacturer *1 Tallykey' 'iProduct *2 Tallykey dongle' 'iSerial *3 SIM-0001' 'bNumInterfaces *1' \
    'bInterfaceClass *3 ' 'bInterfaceSubClass *0' 'bInterfaceProtocol *0' 'MaxPower *100mA' 'wDescriptorLength *27' \
    'bEndpointAddress *0x81 *EP 1 IN' 'bEndpointAddress *0x01 *EP 1 OUT'; do
    grep -q "$line" /tmp/lsusb.log || fail "lsusb -v does not show $line"
done
for line in 'wMaxPacketSize *0x0040' 'bInterval *1$' 'Transfer Type *Interrupt'; do
    [ "$(grep -c "$line" /tmp/lsusb.log)" -eq 2 ] || fail "lsusb -v does not show $line twice"
done
# The host reads it from our log and has it explained.
echo "report descriptor $(hexdump -v -e '1/1 "%02X"' /sys/class/hidraw/hidraw0/device/report_descriptor)"

say "it gives channels"
ask tallykey allocate 00:02:D1:1A:2B:3C | jq -e '.state == "licensed"' >/dev/null || fail "no channel"
shows tallykey '.features[] | select(.id == "camera") | .total == 68 and .used == 1' || fail "other counts"
shows tallykey '.simulated and .dongles[0].simulated' || fail "it does not say that the dongle is simulated"

say "another user may not open it, and is told so"
if as other sh -c ': <>/dev/hidraw0' 2>/dev/null; then fail "any user may open the dongle"; fi
wait_for "the other service answers" answers other
wait_for "the other service shows why" is_shown other "SIM-0001=no-permission"
kill $other

say "two dongles"
attach 1-2
hear '*in use serial="SIM-0002"*'
wait_for "both open" is_shown tallykey "SIM-0001=open SIM-0002=open"
second=$(port_of 1-2)
shows tallykey '.features[] | select(.id == "camera") | .total == 132' || fail "two dongles do not add up"

say "one is pulled out while somebody reads from it"
dd if=/dev/hidraw1 of=/tmp/read bs=64 count=1000000 2>/tmp/dd.log &
reader=$!
wait_for "the reader waits" grep -q hidraw_read "/proc/$reader/stack"
detach "$second"
wait "$reader" && fail "reading went on without a dongle"
hear '*gone serial="SIM-0002"*'
wait_for "it is gone" is_shown tallykey "SIM-0001=open"

say "20 times in and out"
round=0
while [ $round -lt 20 ]; do
    round=$((round + 1))
    attach 1-2
    hear '*in use serial="SIM-0002"*'
    wait_for "it opens, round $round" is_shown tallykey "SIM-0001=open SIM-0002=open"
    detach "$second"
    hear '*gone serial="SIM-0002"*'
    [ ! -e /dev/hidraw1 ] || fail "its node is still there, round $round"
    wait_for "it is gone, round $round" is_shown tallykey "SIM-0001=open"
done

say "a reset ends its sessions, and it is opened again"
usbreset 1209:0001 >/tmp/usbreset.log || fail "usbreset: $(cat /tmp/usbreset.log)"
hear '*serial="SIM-0001" state="io"*'
hear '*in use serial="SIM-0001"*'
wait_for "it is open" is_shown tallykey "SIM-0001=open"

say "the plug is pulled at the dongle's end"
attach 1-2
wait_for "both open" is_shown tallykey "SIM-0001=open SIM-0002=open"
knob unplug
wait_for "its device node is gone" [ ! -e /dev/hidraw1 ]
wait_for "it is gone" is_shown tallykey "SIM-0001=open"
knob replug
attach 1-2
wait_for "it opens again" is_shown tallykey "SIM-0001=open SIM-0002=open"

say "a dongle that sleeps is a fault, and opens when it wakes"
knob suspend
wait_for "it is silent" is_shown tallykey "SIM-0001=open SIM-0002=io"
knob resume
wait_for "it opens again" is_shown tallykey "SIM-0001=open SIM-0002=open"

say "a hostile device is named, and the other goes on"
knob hostile keepalive
wait_for "it is named" is_shown tallykey "SIM-0001=open SIM-0002=io"
knob wait hostile 1000
knob clear
knob unplug
wait_for "it is gone" is_shown tallykey "SIM-0001=open"

say "the last one is pulled out"
detach "$(port_of 1-1)"
wait_for "none is left" is_shown tallykey ""
grep -q 'pulled out' /tmp/tallykey.log || fail "libusb did not tell of the departure"

say "the service ends when it is told to"
kill $service
wait $service || fail "it ended with $?"

say "the desktop variant: whoever sits here may open it"
mkdir -p /run/systemd/seats
# What logind would write.
printf 'IS_SEAT0=1\nACTIVE=1\nACTIVE_UID=1000\n' >/run/systemd/seats/seat0
cp /test/desktop.rules /etc/udev/rules.d/70-tallykey.rules
udevadm control --reload
attach 1-1
has_access() { getfacl -p /dev/hidraw0 2>/dev/null | grep -q '^user:other:rw-'; }
wait_for "the access list names the user" has_access
as other sh -c ': <>/dev/hidraw0' || fail "who sits here may not open it"

# The kernel may put a dongle to sleep that nobody has open; opening it wakes it.
power=/sys/class/hidraw/hidraw0/device/../../power
is_asleep() { [ "$(cat $power/runtime_status)" = suspended ]; }
echo 0 >$power/autosuspend_delay_ms
echo auto >$power/control

say "python-fido2 over /dev/hidraw wakes it"
wait_for "it sleeps" is_asleep
as other fido2_hidraw /dev/hidraw0 SIM-0001 2>/tmp/fido2.log || fail "python-fido2"
say "the crate ctaphid over hidapi wakes it"
wait_for "it sleeps again" is_asleep
as other ctaphid_hidraw SIM-0001 2>/tmp/ctaphid.log || fail "ctaphid"

grep -i 'panicked' /tmp/*.log && fail "something panicked"
say "done"
