#!/bin/sh
# Prints the udev rules for dongles of one vendor and product id, four lowercase hex digits each.
#
# usage: udev/generate.sh service|desktop VENDOR PRODUCT
set -eu

usage() {
    echo "usage: $0 service|desktop VENDOR PRODUCT    (ids as four lowercase hex digits: 1209 0001)" >&2
    exit 2
}

[ $# -eq 3 ] || usage
for id in "$2" "$3"; do
    case "$id" in
        [0-9a-f][0-9a-f][0-9a-f][0-9a-f]) ;;
        *) usage ;;
    esac
done
case "$1" in
    service)
        cat <<'RULES'
# Tallykey dongles for the service's group, and for nobody else.
# The name sorts before 73, so that rules which come later can still see what is set here.
RULES
        access='GROUP="tallykey", MODE="0660"'
        ;;
    desktop)
        cat <<'RULES'
# Tallykey dongles for whoever sits at this machine. For developers; never part of a package.
# The name has to sort before 73, where udev turns the tag into an entry of the access list.
RULES
        access='MODE="0600", TAG+="uaccess"'
        ;;
    *) usage ;;
esac
cat <<RULES
# Made by udev/generate.sh $1 $2 $3: make your own with your vendor and product id (1209:0001 is pid.codes' test id).
SUBSYSTEM=="hidraw", KERNELS=="*:$(echo "$2:$3" | tr 'a-f' 'A-F').*", $access
SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ATTR{idVendor}=="$2", ATTR{idProduct}=="$3", $access
RULES
