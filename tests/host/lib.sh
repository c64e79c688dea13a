# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of this folder, which source it: network namespaces with known traffic, tracers in
# the background, and the lines "ok NAME" and "not ok NAME why". Whatever a test makes, it removes.
# shellcheck shell=bash disable=SC2034
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/clock.sh

ND=${NDTRACE:-$PWD/build/ndtrace}
export NDTRACE_CACHE=off # nothing is left at home, and each test compiles
TRAFFIC=$PWD/build/tests/host/traffic
TMP=$(mktemp -d "${TMPDIR:-/tmp}/ndtrace-test.XXXXXX") || exit 1
IN=      # namespace of the tracers, none: this one
NS=()    # namespaces made
PIDS=()  # tracers started
FAILED=0

cleanup() {
    local p n
    for p in "${PIDS[@]}"; do kill -KILL "$p" 2>/dev/null; done
    for n in "${NS[@]}"; do ip netns del "$n" 2>/dev/null; done
    rm -rf "$TMP"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

ok() { echo "ok $1"; }
not_ok() {
    FAILED=1
    echo "not ok $1 ${*:2}"
}
# NAME GOT WANTED, as all that follow: what failed says both.
same() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got '$2', wanted '$3'"; fi; }
# NAME FILE PATTERN: the pattern (grep -E) is in the file.
has() {
    if grep -qE -- "$3" "$2"; then ok "$1"; else not_ok "$1" "wanted '$3', got: $(head -c 400 "$2" | tr '\n' '|')"; fi
}
# NAME GOT LOW [HIGH]: a number that is not less, and not more.
between() {
    if [[ $2 =~ ^-?[0-9]+$ ]] && (($2 >= $3 && $2 <= ${4:-$2})); then ok "$1"; else not_ok "$1" "got '$2', wanted $3$([ -n "${4:-}" ] && echo " to $4" || echo " or more")"; fi
}
# NAME GOT HIGH: a number that may be negative, as times of counted_ms, is not more.
at_most() { if [[ $2 =~ ^-?[0-9]+$ ]] && (($2 <= $3)); then ok "$1"; else not_ok "$1" "got '$2', wanted at most $3"; fi; }
# The last command of a test file: its exit status.
finish() { exit $FAILED; }

# Two namespaces, $1a and $1b of this process, joined by a veth pair; the devices are named as the
# namespaces. Sets A and B. Neighbours are fixed and IPv6 is off: only test traffic passes.
network() {
    A=nd$1a$$ B=nd$1b$$
    A=${A:0:15} B=${B:0:15}
    NS+=("$A" "$B")
    IN=$A
    { ip netns add "$A" && ip netns add "$B" &&
        ip -n "$A" link add "$A" type veth peer name "$B" netns "$B" &&
        ip netns exec "$A" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 2>/dev/null
        ip netns exec "$B" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 2>/dev/null
        ip -n "$A" addr add 10.77.0.1/24 dev "$A" && ip -n "$B" addr add 10.77.0.2/24 dev "$B" &&
            ip -n "$A" link set "$A" address 02:00:00:00:00:01 up &&
            ip -n "$B" link set "$B" address 02:00:00:00:00:02 up &&
            ip -n "$A" neigh replace 10.77.0.2 lladdr 02:00:00:00:00:02 dev "$A" nud permanent &&
            ip -n "$B" neigh replace 10.77.0.1 lladdr 02:00:00:00:00:01 dev "$B" nud permanent; } ||
        { not_ok network "cannot make the network namespaces"; exit 1; }
}

# PACKETS [BYTES]: UDP from A to B; the frame at the queue has BYTES + 42 bytes. Prints how many were
# sent; they must all have arrived.
send() {
    local line
    line=$($TRAFFIC -n "$1" -b "${2:-200}" -s "$A" -d "$B") || { echo 0; return 1; }
    [[ $line =~ sent=([0-9]+)\ got=([0-9]+) ]] || { echo 0; return 1; }
    [ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ] || echo "send: $line" >&2
    echo "${BASH_REMATCH[1]}"
}

# NAME ARGUMENTS...: starts a tracer; its output goes to $TMP/NAME.out and .err. Waits until it is
# attached. Sets PID. Runs in namespace A, if there is one, where the options find the device.
trace() {
    local name=$1
    shift
    : >"$TMP/$name.err"
    ${IN:+nsenter --net=/run/netns/$IN} "$ND" -v "$@" >"$TMP/$name.out" 2>"$TMP/$name.err" &
    PID=$!
    PIDS+=("$PID")
    wait_until 100 started "$PID" "$TMP/$name.err"
    grep -q 'ready in' "$TMP/$name.err" && return 0
    not_ok "$name" "the tracer does not start: got '$(tail -c 400 "$TMP/$name.err" | tr '\n' '|')', wanted 'ready in'"
    return 1
}
# PID FILE: the tracer is ready, or ended.
started() { grep -q 'ready in' "$2" || left "$1"; }
# PID of our own: it has ended.
left() { ! kill -0 "$1" 2>/dev/null; }
# PID: a shell starts jobs with SIGINT ignored: it must not come before the tracer takes it.
takes_signals() { grep -qs '^SigBlk:.*[2367abef]$' "/proc/$1/status" || left "$1"; }

# PID [SIGNAL]: ends a tracer and sets CODE, its exit code; 124 if it hangs.
stop() {
    wait_until 10 takes_signals "$1"
    kill -"${2:-INT}" "$1"
    if ! wait_until 60 left "$1"; then # detaches hundreds of probes one by one, emulated
        kill -KILL "$1"
        wait "$1" 2>/dev/null
        CODE=124
        return
    fi
    wait "$1"
    CODE=$?
}

# FILE NAME: the sum of the values of all lines "NAME: VALUE" or "NAME[...]: VALUE".
total() {
    awk -v name="$2" 'index($0, name ":") == 1 || index($0, name "[") == 1 { if ($NF ~ /^-?[0-9]+$/) n += $NF }
        END { print n + 0 }' "$1"
}

# NAMESPACE PORT: a program listens on it for TCP over IPv4.
listening() { ip netns exec "$1" awk -v port=":$(printf %04X "$2")\$" '$2 ~ port && $4 == "0A" { on = 1 } END { exit !on }' /proc/net/tcp; }
# NAMESPACE FILE NAME...: the sum of these counters in the namespace's /proc/net/snmp or snmp6.
counters() {
    local file=$2
    ip netns exec "$1" awk -v names=" ${*:3} " '
        NF == 2 { if (index(names, " " $1 " ")) n += $2; next }
        !($1 in head) { head[$1] = $0; next }
        { k = split(head[$1], h); for (i = 2; i <= k; i++) if (index(names, " " h[i] " ")) n += $i }
        END { print n + 0 }' "/proc/net/$file"
}
# N NAMESPACE FILE NAME...: they have counted to N.
counted_to() { [ "$(counters "${@:2}")" -ge "$1" ]; }
# DEVICE [NAMESPACE]: nothing waits in its queue.
drained() { [ "$(tc ${2:+-n "$2"} -s qdisc show dev "$1" | grep -c 'backlog 0b 0p')" = "$(tc ${2:+-n "$2"} qdisc show dev "$1" | grep -c .)" ]; }

# PID: the kernel's ids of the programs, maps and links that a process holds, as "kind id" lines.
bpf_ids() {
    awk '$1 == "prog_id:" { print "prog", $2 } $1 == "map_id:" { print "map", $2 }
         $1 == "link_id:" { print "link", $2 }' /proc/"$1"/fdinfo/* 2>/dev/null | sort -u
}

# "KIND ID"...: sets LEFT, those that are still in the kernel; succeeds if there are none.
all_gone() {
    local line
    LEFT=
    for line; do
        # shellcheck disable=SC2086
        ! bpftool ${line% *} show id "${line#* }" || LEFT="$LEFT $line"
    done
    [ -z "$LEFT" ]
}
# NAME: all ids read from stdin are gone from the kernel soon.
gone() {
    local -a lines
    mapfile -t lines
    [ ${#lines[@]} -gt 0 ] || { not_ok "$1" "got nothing that the tracer held, wanted its programs and maps"; return; }
    if wait_until 5 all_gone "${lines[@]}"; then ok "$1"; else not_ok "$1" "got$LEFT in the kernel, wanted none"; fi
}
