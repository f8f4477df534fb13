#!/usr/bin/env bash
# Makes the guest: busybox, udev, the modules for USB/IP and HID, the programs under test, and other people's hosts.
#
# usage: tests/vm/initrd.sh WORK RULES INITRD PYTHON PROGRAM…
set -euo pipefail
work=$1 rules=$2 initrd=$3 python=$4
shift 4
PATH=$PATH:/usr/sbin:/sbin
here=$(dirname "$0")
from=$work/root
version=$(ls "$from/lib/modules")
guest=$(mktemp -d)
trap 'rm -rf "$guest"' EXIT
chmod 755 "$guest"

mkdir -p "$guest"/{bin,sbin,usr/bin,usr/sbin,etc/udev/rules.d,lib/udev,lib/systemd,proc,sys,dev,run,tmp,root,test} \
    "$guest"/var/lib/{usbip,tallykey,other} "$guest"/usr/share/{hwdata,misc} "$guest/lib/modules/$version"
ln -s /run "$guest/var/run"
cp /bin/busybox "$guest/bin/"
ln -s busybox "$guest/bin/sh"

for module in vhci-hcd usbhid hid-generic; do
    modprobe -d "$from" -S "$version" --show-depends "$module"
done | awk '$1 == "insmod" { print $2 }' | sort -u | while read -r file; do
    install -D -m 644 "$file" "$guest/lib/modules/$version/${file#*"/lib/modules/$version/"}"
done
cp "$from/lib/modules/$version"/modules.{builtin,builtin.modinfo,order} "$guest/lib/modules/$version/"
depmod -b "$guest" "$version"

cp -a "$from/bin/udevadm" "$guest/bin/"
ln -s /bin/udevadm "$guest/lib/systemd/systemd-udevd"
cp -a "$from/lib/udev/." "$guest/lib/udev/"
rm -rf "$guest/lib/udev/hwdb.d"
cp "$rules" "$guest/etc/udev/rules.d/70-tallykey.rules"
cp /usr/bin/{setpriv,jq,lsusb,usbreset,getfacl} "$guest/usr/bin/"
cp /usr/sbin/usbip "$guest/usr/sbin/"
# usbip looks names of vendors up and complains without.
cp -L /usr/share/misc/usb.ids "$guest/usr/share/hwdata/"
for program in "$@"; do
    strip -o "$guest/usr/bin/${program##*/}" "$program"
done
"$here/python.sh" "$python" "$guest"

# Busybox is static, scripts are no programs to it: ldd refuses them.
find "$guest" -type f \( -path '*/bin/*' -o -path '*/sbin/*' -o -name '*.so' \) | while read -r program; do
    { ldd "$program" 2>/dev/null || true; } | awk '/=> \// { print $3 } $1 ~ "^/lib" { print $1 }'
done | sort -u | while read -r library; do
    install -D -m 755 "$library" "$guest$library"
done

# The groups that Debian's udev rules name, so that it has nothing to complain about.
{
    printf 'root:x:0:\ntallykey:x:900:\nother:x:1000:\n'
    id=100
    for group in tty dialout kmem input video audio lp disk cdrom tape render sgx kvm plugdev; do
        printf '%s:x:%d:\n' "$group" $((id++))
    done
} >"$guest/etc/group"
printf '%s\n' 'root:x:0:0::/root:/bin/sh' 'tallykey:x:900:900::/var/lib/tallykey:/bin/sh' \
    'other:x:1000:1000::/var/lib/other:/bin/sh' >"$guest/etc/passwd"
printf '127.0.0.1 localhost\n' >"$guest/etc/hosts"
printf 'passwd: files\ngroup: files\n' >"$guest/etc/nsswitch.conf"

cp "$here"/guest/*.sh "$guest/test/"
cp udev/desktop/70-tallykey.rules "$guest/test/desktop.rules"
install -m 644 "$work"/{vendor/vendor.bundle,vms.profile} "$guest/test/"
cp -r "$work/station" "$guest/test/"
install -m 755 "$here/guest/init.sh" "$guest/init"
# Not compressed: QEMU maps it, and an emulated CPU would take a second to unpack it.
(cd "$guest" && find . -print0 | LC_ALL=C sort -z | cpio --null -o -H newc --quiet -R 0:0) >"$initrd"
