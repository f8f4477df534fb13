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

seconds() { read -r up _ </proc/uptime; echo "${up%.*}"; }

# wait_for WHAT COMMAND…: until the command succeeds, for at most two minutes. Asking takes the one CPU away from those
# who are asked, hence the pause.
wait_for() {
    local what=$1 end=$(($(seconds) + 120))
    shift
    until "$@"; do
        [ "$(seconds)" -lt $end ] || fail "$what: given up after two minutes"
        usleep 50000
    done
}

# The service and its clients, each as its own user: as USER COMMAND…
as() {
    local user=$1
    shift
    setpriv --reuid "$user" --regid "$user" --clear-groups env HOME="/var/lib/$user" "$@"
}

# serve USER WHERE WHOSE…: the service of this user, in the background, with its loopback port there or none, for the
# dongles of that vendor.
serve() {
    local user=$1 where=$2
    shift 2
    mkfifo "/run/$user.log"
    tee "/tmp/$user.log" <"/run/$user.log" >/run/said &
    (
        export RUST_LOG=info,tallykey::usb=debug
        exec /usr/bin/setpriv --reuid "$user" --regid "$user" --clear-groups tallykey serve "$@" --listen "$where" \
            --state-dir "/var/lib/$user/state" --socket "/var/lib/$user/api.sock"
    ) >"/run/$user.log" 2>&1 &
}

# What the services say, line by line, so that waiting for one costs the CPU nothing.
mkfifo /run/said
exec 9<>/run/said

# hear PATTERN: until a service says so, each line once. Only a hint when to ask it.
hear() {
    local line
    while read -r -t 120 line <&9; do
        case "$line" in $1) return ;; esac
    done
    fail "nobody says $1"
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

# States of the dongles that the service shows, as SERIAL=STATE. Without jq, which starts slowly: this is asked often.
states() {
    status "$1" | awk '{ text = text $0 }
        END {
            gsub(/ /, "", text)
            while (match(text, /"serial":"[^"]*","state":"[^"]*"/)) {
                split(substr(text, RSTART, RLENGTH), part, "\"")
                printf "%s%s=%s", gap, part[4], part[8]
                gap = " "
                text = substr(text, RSTART + RLENGTH)
            }
        }'
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

attach() { usbip attach -r 127.0.0.1 -b "$1" 2>/dev/null || fail "usbip attach $1"; }

# knob WORDS…: works a knob of the second dongle.
knob() { tallykey-sim ctl --control /tmp/knobs.sock --dongle SIM-0002 "$@" >/dev/null || fail "ctl $*"; }

# port_of BUSID: where it is attached. The kernel gives the lowest that is free, so it stays the same.
port_of() { usbip port 2>/dev/null | awk -v bus="/$1\$" '/^Port/ { port = $2 + 0 } $0 ~ "usbip://" && $3 ~ bus { print port }'; }

# detach PORT: as far as this host is concerned it was pulled out.
detach() { usbip detach -p "$1" >/dev/null 2>&1 || fail "usbip detach of port $1: $(usbip port 2>&1)"; }
