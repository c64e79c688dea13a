#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What an event, a start and an end cost: ndtrace and the same job in C with libbpf, in turns, on
# packets between two network namespaces that this script makes and removes. Prints medians; every
# single run is in build/bench/raw.txt. A benchmark, not a test: passes whatever the numbers are.
#
#   tests/bench/run.sh [-n PACKETS] [-r ROUNDS] [-c] [JOB...]
#
# Jobs: comm dev lat path stack hit miss filter pass event rate burst start five twenty calls.
# -c: the C side only.
set -u
cd "$(dirname "$0")/../.." || exit 1

packets=50000 rounds=5 c_only=
usage() { sed -n '3,11s/^# \{0,1\}//p' "$0"; exit 2; }
while getopts n:r:c opt; do
    case $opt in
    n) packets=$OPTARG ;;
    r) rounds=$OPTARG ;;
    c) c_only=1 ;;
    *) usage ;;
    esac
done
shift $((OPTIND - 1))
jobs=("$@")
[ ${#jobs[@]} -gt 0 ] || jobs=(comm dev lat path stack hit miss filter pass event rate burst start five twenty calls)

[ "$(id -u)" = 0 ] || { echo "run.sh: needs root" >&2; exit 1; }
# libbpf wants the tracefs mounted: where it is not, for this script only.
if [ ! -e /sys/kernel/tracing/events ] && [ -z "${NDBENCH_MOUNTS:-}" ]; then
    NDBENCH_MOUNTS=own exec unshare -m --propagation private bash tests/bench/run.sh \
        -n "$packets" -r "$rounds" ${c_only:+-c} "${jobs[@]}"
fi
[ "${NDBENCH_MOUNTS:-}" != own ] || mount -t tracefs tracefs /sys/kernel/tracing || exit 1
out=build/bench here=tests/bench
ndtrace=${NDTRACE:-build/ndtrace}
[ -x "$ndtrace" ] || c_only=1
[ -z "$c_only" ] || echo "C side only"
mkdir -p $out
raw=$out/raw.txt
: >$raw

a=ndbench-a$$ b=ndbench-b$$
cleanup() {
    ip netns del $a 2>/dev/null
    ip netns del $b 2>/dev/null
    rm -f $out/lines
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

build() {
    local bpf_cc libs="-Wl,-Bstatic -lbpf -Wl,-Bdynamic -lelf -lz" j
    bpf_cc=$(sh .ci/llvm.sh clang)
    for j in comm dev lat path stack flow event five twenty calls; do
        ${bpf_cc:-clang} -O2 -g -target bpf -Wall -D__TARGET_ARCH_"$(uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')" \
            -I/usr/include/"$(uname -m)"-linux-gnu -c $here/c/$j.bpf.c -o $out/$j.o || return 1
    done
    cc -std=gnu11 -O2 -Wall -Wextra -D_GNU_SOURCE -o $out/loader $here/c/loader.c $libs &&
        cc -std=gnu11 -O2 -Wall -Wextra -D_GNU_SOURCE -o $out/measure $here/measure.c $here/traffic.c $libs &&
        cc -std=gnu11 -O2 -Wall -Wextra -D_GNU_SOURCE -o $out/traffic $here/traffic_main.c $here/traffic.c
}

network() {
    ip netns add $a && ip netns add $b &&
        ip -n $a link add veth0 type veth peer name veth1 netns $b &&
        ip -n $a addr add 10.77.0.1/24 dev veth0 && ip -n $b addr add 10.77.0.2/24 dev veth1 &&
        ip -n $a link set veth0 up && ip -n $b link set veth1 up &&
        $out/traffic -n 1000 -s $a -d $b >/dev/null
}

# Command of a job, for one side, in the array cmd.
command_of() {
    local flow="10.77.0.1 10.77.0.2 40000"
    local tuple="--src-ip 10.77.0.1 --dst-ip 10.77.0.2 --src-port 40000 --protocol udp"
    case $1:$2 in
    c:hit) cmd=($out/loader $out/flow.o $flow 5201) ;;
    c:filter) cmd=($out/loader $out/flow.o $flow 5201) ;;
    c:pass) cmd=($out/loader $out/flow.o $flow 5202) ;;
    c:miss) cmd=($out/loader $out/flow.o $flow 5202) ;;
    c:rate | c:burst) cmd=($out/loader $out/event.o) ;;
    c:start) cmd=($out/loader $out/comm.o) ;;
    c:*) cmd=($out/loader $out/"$2".o) ;;
    nd:hit) cmd=($ndtrace -v $here/tuple.nd) ;;
    nd:filter) cmd=($ndtrace -v $here/filter.nd $tuple --dst-port 5201) ;;
    nd:pass) cmd=($ndtrace -v $here/filter.nd $tuple --dst-port 5202) ;;
    nd:miss) cmd=($ndtrace -v $here/tuple.nd --dest 0x5214) ;;
    nd:rate | nd:burst) cmd=($ndtrace -v $here/event.nd) ;;
    nd:start) cmd=($ndtrace -v $here/comm.nd) ;;
    ndo:hit) cmd=($ndtrace -v $out/tuple.ndo) ;;
    ndo:start) cmd=($ndtrace -v $out/comm.ndo) ;;
    ndo:*) cmd=($ndtrace -v $out/"$2".ndo) ;;
    cached:start) cmd=($ndtrace -v $here/comm.nd) ;;
    cached:*) cmd=($ndtrace -v $here/"$2".nd) ;;
    nd:*) cmd=($ndtrace -v $here/"$2".nd) ;;
    esac
}

# One run; its line goes to the raw file after side and job.
one() {
    local side=$1 job=$2 line lines= cache=off
    local -a traffic cmd
    case $job in
    start | five | twenty | calls) traffic=() ;;
    rate) traffic=(-n $((packets * 10)) -r 185000 -s $a -d $b) ;;
    burst) traffic=(-n $((packets * 30)) -r 300000 -s $a -d $b) ;;
    *) traffic=(-n "$packets" -s $a -d $b) ;;
    esac
    command_of "$side" "$job"
    [ "$side" != cached ] || cache=$PWD/$out/cache
    # The kernel frees the maps and programs of the run before for some time after its end.
    [ ${#traffic[@]} -gt 0 ] || sleep 0.2
    line=$(NDTRACE_CACHE=$cache $out/measure -q "${traffic[@]}" -o $out/lines "${cmd[@]}" 2>$out/err) ||
        { echo "$side $job failed: ${cmd[*]}" >&2; tail -3 $out/err >&2; }
    case $job in
    event | rate | burst) lines=" lines=$(grep -c ' > ' $out/lines)" ;;
    esac
    echo "$side $job $line$lines" >>$raw
}

# Median of a value over the runs of a side and job; "-" if there are none.
median() {
    awk -v s="$1" -v j="$2" -v k="$3=" '$1 == s && $2 == j { for (i = 3; i <= NF; i++)
        if (index($i, k) == 1) print substr($i, length(k) + 1) }' $raw | sort -g |
        awk '{ v[NR] = $1 } END { if (!NR) print "-"; else if (NR % 2) print v[(NR + 1) / 2];
            else print (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

ratio() { awk -v x="$1" -v y="$2" 'BEGIN { if (x + 0 && y + 0) printf "%.2f", x / y; else print "-" }'; }

row() { # job, value, what it is
    local c nd
    c=$(median c "$1" "$2") nd=$(median nd "$1" "$2")
    printf '%-8s %-34s %12s %12s %8s\n' "$1" "$3" "$c" "$nd" "$(ratio "$nd" "$c")"
}

also() { # side, job, value, what it is: next to C
    local c nd
    c=$(median c "$2" "$3") nd=$(median "$1" "$2" "$3")
    printf '%-8s %-34s %12s %12s %8s\n' "$2" "$1: $4" "$c" "$nd" "$(ratio "$nd" "$c")"
}

report() {
    local j side
    printf '%-8s %-34s %12s %12s %8s\n' job "median of $rounds" C ndtrace ratio
    for j in "${jobs[@]}"; do
        case $j in
        rate | burst)
            row "$j" pps "events/s sent"
            row "$j" sent "events sent (and 500 before)"
            row "$j" lines "events in the file"
            row "$j" rss_self "peak KiB, of the tracer itself"
            ;;
        event)
            row event ns "ns per event"
            row event pps "events/s sent, as fast as it goes"
            row event sent "events sent (and 500 before)"
            row event lines "events in the file"
            ;;
        start | five | twenty | calls)
            row "$j" ready_ms "exec to ready, ms"
            row "$j" leave_ms "SIGINT to gone, ms"
            row "$j" rss_max "peak KiB, with its children"
            row "$j" rss_self "peak KiB, of the tracer itself"
            ;;
        *) row "$j" ns "ns per event" ;;
        esac
    done
    for j in dev hit; do
        ! grep -q "^ndo $j " $raw || also ndo $j ns "ns per event"
    done
    for j in start five; do
        for side in ndo cached; do
            grep -q "^$side $j " $raw || continue
            also $side $j ready_ms "exec to ready, ms"
            also $side $j rss_max "peak KiB, with its children"
        done
    done
}

build || { echo "run.sh: the baselines do not compile" >&2; exit 1; }
network || { echo "run.sh: cannot make the network namespaces" >&2; exit 1; }
if [ -z "$c_only" ]; then
    rm -rf $out/*.ndo $out/cache
    for j in comm five dev tuple; do
        $ndtrace compile $here/$j.nd -o $out/$j.ndo 2>$out/err || cat $out/err >&2
        NDTRACE_CACHE=$PWD/$out/cache $ndtrace -q --duration 1ms $here/$j.nd >/dev/null
    done
fi
for ((round = 0; round < rounds; round++)); do
    for job in "${jobs[@]}"; do
        one c "$job"
        [ -z "$c_only" ] || continue
        one nd "$job"
        case $job in
        start | five)
            one ndo "$job"
            one cached "$job"
            ;;
        dev | hit) one ndo "$job" ;;
        esac
    done
done
report
