#!/usr/bin/env bash
# Links core and protocol into a program without std and without an allocator, and runs it.
#
# Nothing is downloaded: the host's own target, so what std would be is at hand and must not be taken.
set -euo pipefail
cd "$(dirname "$0")/../../.."

rustfmt --check --edition 2024 firmware-sim/core/bare/link.rs

target=$PWD/target/bare
cargo build --locked --quiet --profile firmware --target-dir "$target" -p tallykey-core -p tallykey-protocol
built=$target/firmware

# From the host: memcpy and its like, which a compiler's own library brings on a microcontroller. The prebuilt core
# library of the host names the routine by which std unwinds; nothing unwinds here.
link() {
    rustc --edition 2024 --crate-name link -D warnings -C panic=abort -C opt-level=s \
        -L "dependency=$built/deps" \
        --extern "tallykey_core=$built/libtallykey_core.rlib" \
        --extern "tallykey_protocol=$built/libtallykey_protocol.rlib" \
        -C link-arg=-lc -C link-arg=-Wl,--defsym=rust_eh_personality=0 \
        "$@" firmware-sim/core/bare/link.rs
}

link -o "$built/link"
"$built/link"
symbols=$(nm "$built/link")
grep -q ' T main$' <<<"$symbols"
if grep -E '__rust_(alloc|realloc|dealloc)|_ZN3std' <<<"$symbols"; then
    echo "std or an allocator is in the program" >&2
    exit 1
fi
# The other way round: what needs a heap must be refused, else this script shows nothing.
if refused=$(link --cfg with_heap -o "$built/link-with-heap" 2>&1); then
    echo "a program that names alloc was linked all the same" >&2
    exit 1
fi
grep -q 'no global memory allocator' <<<"$refused" || { echo "$refused" >&2; exit 1; }
echo "core and protocol run without std and without a heap; bytes of the program:"
size "$built/link"
