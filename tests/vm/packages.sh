#!/usr/bin/env bash
# Downloads Debian's kernel and udev and unpacks what the guest needs of them.
#
# usage: tests/vm/packages.sh WORK
set -euo pipefail
work=$1

kernel() { apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-/ { print $2; exit }'; }

download() {
    local kernel
    kernel=$(kernel)
    [ -n "$kernel" ] || return 1
    # apt's own download user has no way into our folder, and says so; it is not needed.
    (cd "$work/debs" && apt-get -o APT::Sandbox::User=root download -qq "$kernel" udev)
}

[ -e "$work/unpacked" ] && exit 0
rm -rf "$work/debs" "$work/root"
mkdir -p "$work/debs" "$work/root"
# Lists that are missing or too old for the mirror are fetched anew.
download || { as_root=(); [ "$(id -u)" -eq 0 ] || as_root=(sudo); "${as_root[@]}" apt-get update -qq; download; }

for deb in "$work"/debs/*.deb; do
    # Of 400 MB of kernel: itself, and the drivers for USB and HID.
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$work/root" --wildcards --no-wildcards-match-slash --exclude='./usr/*' \
        --anchored --exclude='./lib/modules/*/kernel/[!d]*' --exclude='./lib/modules/*/kernel/drivers/[!hu]*'
done
cp "$work"/root/boot/vmlinuz-* "$work/vmlinuz"
version=$(ls "$work/root/lib/modules")
depmod -b "$work/root" "$version" 2>/dev/null
touch "$work/unpacked"
