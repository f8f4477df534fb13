# Words that the test in the guest is written in. Everything waits for facts, with a bound.

# Busybox prefers its own of these, which can do less.
setpriv() { /usr/bin/setpriv "$@"; }
lsusb() { /usr/bin/lsusb "$@"; }

# What is being shown now, and at which second of the guest.
say() { echo "-- $(cut -d' ' -f1 /proc/uptime) s: $*"; }

fail() {
    echo "FAILED: $*"
    for log in /tmp/*.log; do
        echo "== $log"
        tail -n 40 "$log"
    done
    exit 1
}

# wait_for WHAT COMMAND…: until the command succeeds; asks about 20 times a second, for at most 30 s.
wait_for() {
    local what=$1 left=600
    shift
    until "$@"; do
        left=$((left - 1))
        [ $left -gt 0 ] || fail "$what: not within 30 s"
        usleep 50000
    done
}

# The service and its clients, each as its own user: as USER COMMAND…
as() {
    local user=$1
    shift
    setpriv --reuid "$user" --regid "$user" --clear-groups env HOME="/var/lib/$user" "$@"
}

# serve USER: the service of this user, in the background.
serve() {
    local user=$1
    RUST_LOG=info,tallykey::usb=debug as "$user" tallykey serve --simulate --usb --listen none \
        --state-dir "/var/lib/$user/state" --socket "/var/lib/$user/api.sock" >"/tmp/$user.log" 2>&1 &
}

ask() {
    local user=$1
    shift
    as "$user" tallykey --json --socket "/var/lib/$user/api.sock" "$@"
}

answers() { ask "$1" status >/dev/null 2>&1; }

# shows USER FILTER: whether the status is such that the jq filter is true.
shows() { ask "$1" status | jq -e "$2" >/dev/null; }

# States of the dongles that the service shows, in order of their serials.
states() { ask "$1" status | jq -r '[.dongles | sort_by(.serial)[] | "\(.serial)=\(.state)"] | join(" ")'; }

# Whether these dongles and no others are shown, and so. A forbidden one will not become better by waiting.
is_shown() {
    local user=$1 wanted=$2 shown
    shown=$(states "$user")
    case "$wanted" in
        *no-permission*) ;;
        *) case "$shown" in *no-permission*) fail "the service may not open the dongle: $shown" ;; esac ;;
    esac
    [ "$shown" = "$wanted" ]
}

opened() { ask tallykey history --limit 1000 | jq '[.entries[] | select(.kind == "dongle-opened")] | length'; }

attach() { usbip attach -r 127.0.0.1 -b "$1" 2>/dev/null; }

# Ports of the virtual hub that have a dongle.
ports() { usbip port 2>/dev/null | sed -n 's/^Port \([0-9]*\):.*/\1/p'; }

# detach BUSID: as far as this host is concerned it was pulled out.
detach() {
    local port
    port=$(usbip port 2>/dev/null | awk -v bus="/$1\$" '/^Port/ { port = $2 + 0 } $0 ~ "usbip://" && $3 ~ bus { print port }')
    [ -n "$port" ] || fail "usbip port does not show $1: $(usbip port 2>&1)"
    usbip detach -p "$port" >/dev/null 2>&1
}

is_absent() { [ ! -e "$1" ]; }
