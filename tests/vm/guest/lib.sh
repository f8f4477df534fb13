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

# wait_for WHAT COMMAND…: until the command succeeds, for at most 200 tries. Asking takes the one CPU away from those
# who are asked, hence the pause.
wait_for() {
    local what=$1 left=200
    shift
    until "$@"; do
        left=$((left - 1))
        [ $left -gt 0 ] || fail "$what: given up after 200 tries"
        usleep 200000
    done
}

# The service and its clients, each as its own user: as USER COMMAND…
as() {
    local user=$1
    shift
    setpriv --reuid "$user" --regid "$user" --clear-groups env HOME="/var/lib/$user" "$@"
}

# serve USER WHERE: the service of this user, in the background, with its loopback port there or none.
serve() {
    local user=$1
    (
        export RUST_LOG=info,tallykey::usb=debug
        exec /usr/bin/setpriv --reuid "$user" --regid "$user" --clear-groups tallykey serve --simulate --usb --listen "$2" \
            --state-dir "/var/lib/$user/state" --socket "/var/lib/$user/api.sock"
    ) >"/tmp/$user.log" 2>&1 &
}

ask() {
    local user=$1
    shift
    as "$user" tallykey --json --socket "/var/lib/$user/api.sock" "$@"
}

answers() { ask "$1" status >/dev/null 2>&1; }

# The status of a user's service: by its own command line, or where it is asked often by plain HTTP, because an
# emulated CPU starts programs slowly.
status() {
    case "$1" in
        tallykey) wget -q -O - --header "Authorization: Bearer $token" http://127.0.0.1:7787/v1/status ;;
        *) ask "$1" status ;;
    esac
}

# shows USER FILTER: whether the status is such that the jq filter is true.
shows() { status "$1" | jq -e "$2" >/dev/null; }

# States of the dongles that the service shows, as SERIAL=STATE. Without jq: this is asked often.
states() {
    status "$1" | tr -d ' \n' | grep -o '"serial":"[^"]*","state":"[^"]*"' |
        sed 's/"serial":"\(.*\)","state":"\(.*\)"/\1=\2/' | sort | xargs echo
}

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

# knob WORDS…: works a knob of the second dongle.
knob() { tallykey-sim ctl --control /tmp/knobs.sock --dongle SIM-0002 "$@" >/dev/null || fail "ctl $*"; }

# attach BUSID NODE, until its device node is there.
attach() {
    usbip attach -r 127.0.0.1 -b "$1" 2>/dev/null || fail "usbip attach $1"
    wait_for "$1 gets a device node" [ -e "$2" ]
}

# detach BUSID NODE: as far as this host is concerned it was pulled out. Until the node is gone.
detach() {
    local port
    port=$(usbip port 2>/dev/null | awk -v bus="/$1\$" '/^Port/ { port = $2 + 0 } $0 ~ "usbip://" && $3 ~ bus { print port }')
    [ -n "$port" ] || fail "usbip port does not show $1: $(usbip port 2>&1)"
    usbip detach -p "$port" >/dev/null 2>&1 || fail "usbip detach $1"
    wait_for "the device node of $1 is gone" [ ! -e "$2" ]
}
