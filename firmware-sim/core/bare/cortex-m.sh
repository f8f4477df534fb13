#!/usr/bin/env bash
# Builds the core for a Cortex-M4 (thumbv7em-none-eabihf) and runs it in QEMU: prints instructions for each step,
# RAM and the sizes of the program. Not part of check.sh: it downloads about 150 MB from Debian and builds for a minute.
#
# The toolchain of this repository has no library for this target and none is downloaded from elsewhere: Debian's
# rustc and the source of its core library are unpacked below target/bare and used from there.
set -euo pipefail
cd "$(dirname "$0")/../../.."

work=$PWD/target/bare
debian=$work/debian
if ! command -v qemu-system-arm >/dev/null; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -qq -y --no-install-recommends qemu-system-arm
fi
if [ ! -x "$debian/usr/bin/rustc" ]; then
    mkdir -p "$work/packages"
    (
        cd "$work/packages"
        version=$(apt-cache show rustc-web | sed -n 's/^Version: \([0-9]*\.[0-9]*\)\..*/\1/p' | head -n 1)
        library=libstd-rust-web-$version
        llvm=$(apt-cache depends "$library" | sed -n 's/.*Depends: \(libllvm[0-9]*\)$/\1/p')
        apt-get download -qq rustc-web libstd-rust-web-dev "$library" "$llvm" rust-web-src
        for package in *.deb; do dpkg -x "$package" "$debian"; done
    )
fi

# RUSTC_BOOTSTRAP: building the core library (-Z build-std) is not stable yet; our own code needs nothing of that.
export RUSTC=$debian/usr/bin/rustc RUSTC_BOOTSTRAP=1
export LD_LIBRARY_PATH=$debian/usr/lib/x86_64-linux-gnu
lld=$(env -u RUSTC -u LD_LIBRARY_PATH rustc --print sysroot)/lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld
bare=$PWD/firmware-sim/core/bare
cp Cargo.lock "$bare/Cargo.lock" # the versions of this repository; what is not needed drops out
export CARGO_TARGET_THUMBV7EM_NONE_EABIHF_LINKER=$lld
export CARGO_TARGET_THUMBV7EM_NONE_EABIHF_RUSTFLAGS="-C link-arg=-T$bare/memory.x -C target-cpu=cortex-m4 -D warnings"
cargo build --quiet --release --manifest-path "$bare/Cargo.toml" --target-dir "$work" \
    --target thumbv7em-none-eabihf -Z build-std=core -Z build-std-features=compiler-builtins-mem

program=$work/thumbv7em-none-eabihf/release/cortex-m
# The linker's options make one instruction one nanosecond of the board's time.
timeout 300 qemu-system-arm -M mps2-an386 -cpu cortex-m4 -display none -monitor none -serial none \
    -icount shift=0 -semihosting-config enable=on,target=native -kernel "$program"
size "$program"
