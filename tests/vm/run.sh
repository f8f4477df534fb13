#!/usr/bin/env bash
# A real Linux kernel enumerates our dongle: QEMU runs Debian's kernel and udev with our rules, the service as its
# own user and the simulator behind USB/IP. Then the same with an empty rules file, which has to fail.
#
# usage: tests/vm/run.sh    (builds what it runs; TALLYKEY_PYTHON has tests/third_party/requirements.txt installed)
#
# Packages: acl binutils busybox-static cpio jq kmod qemu-system-x86 usbip usbutils. The kernel and udev are downloaded and
# unpacked below target/vm, never installed. The CPU is emulated: a /dev/kvm that is there may still not work.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$PWD/target/vm
target=${CARGO_TARGET_DIR:-target}
python=${TALLYKEY_PYTHON:-python3}

# A vendor for trials, so that the service in the guest trusts as it does at a customer's.
vendor() {
    local keys=(--dir "$work/vendor" --passphrase-file "$work/passphrase")
    rm -rf "$work/vendor" "$work/vms.profile"
    echo 'for trials only' >"$work/passphrase"
    "$target/release/tallykey-vendor" keys init-root --name Trials "${keys[@]}"
    "$target/release/tallykey-vendor" keys init --test "${keys[@]}"
    "$target/release/tallykey-vendor" desk profile examples/product.json --out "$work/vms.profile" --yes "${keys[@]}"
    # The station's: an emulated CPU takes seconds for as much scrypt as protects a key that is worth something.
    rm -rf "$work/station"
    mkdir -m 700 "$work/station"
    cp "$work"/{passphrase,vendor/vendor.bundle,vendor/factory{,-issuer}.crt} "$work/station/"
    for role in factory factory-issuer; do
        openssl pkey -in "$work/vendor/$role.key" -passin "file:$work/passphrase" |
            openssl pkcs8 -topk8 -scrypt -scrypt_N 16 -passout "file:$work/passphrase" -out "$work/station/$role.key"
    done
}

# Boots the guest with these rules; its console goes to the log.
boot() {
    local name=$1 rules=$2
    tests/vm/initrd.sh "$work" "$rules" "$work/$name.initrd" "$python" "$target"/release/tallykey{,-sim} \
        "$target/debug/examples/ctaphid_hidraw"
    # Many times what it takes, on a busy machine too: only a guest that hangs gets there.
    timeout 900 qemu-system-x86_64 -machine q35 -accel tcg -cpu max -smp 1 -m 768 -nodefaults -no-user-config \
        -no-reboot -display none -serial stdio -kernel "$work/vmlinuz" -initrd "$work/$name.initrd" \
        -append "console=ttyS0 panic=-1 quiet mitigations=off" </dev/null | tr -d '\r' >"$work/$name.log" ||
        echo "GUEST KILLED" >>"$work/$name.log"
}

# As they are delivered: an emulated CPU feels the difference. The other host comes with the tests.
cargo build --locked --release --workspace --bins
cargo build --locked --workspace --all-features --example ctaphid_hidraw

before=$SECONDS
mkdir -p "$work"
tests/vm/packages.sh "$work"
vendor >"$work/vendor.log"
printf -- '-- packages and keys, %d s\n' $((SECONDS - before))

# Beside each other: each has one emulated CPU.
before=$SECONDS
: >"$work/empty.rules"
boot empty "$work/empty.rules" &
empty=$!
boot rules udev/70-tallykey.rules
sed -n '/^-- /,$p' "$work/rules.log"
wait "$empty"
grep -qx 'GUEST EXIT 0' "$work/rules.log" || { echo "the guest failed, see above"; exit 1; }
if ! grep -qx 'GUEST EXIT 1' "$work/empty.log" || ! grep -q '^FAILED: .*no-permission' "$work/empty.log"; then
    cat "$work/empty.log"
    echo "with an empty rules file the guest has to fail with no-permission, and did not"
    exit 1
fi

# What the guest's kernel has read, in words: /sys gives it, and hid-decode shows that others read in it what we mean.
sed -n 's/^report descriptor //p' "$work/rules.log" | basenc --base16 --decode >"$work/report_descriptor"
"$python" -m hidtools.cli.decode "$work/report_descriptor" >"$work/hid-decode.log"
diff tests/vm/hid-decode.txt "$work/hid-decode.log" || { echo "hid-decode reads something else"; exit 1; }
printf -- '-- passes with our rules, and fails without as it must; both in %d s\n' $((SECONDS - before))
