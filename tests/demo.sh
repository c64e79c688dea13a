#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The main job on real traffic: two network namespaces joined by a veth pair, ping and a UDP stream
# between them, and scripts/net_latency_summary.nd on one of the devices. Removes what it made.
# Fails when no histogram came out. As root.
set -u
cd "$(dirname "$0")/.." || exit 1

ND=${NDTRACE:-build/ndtrace}
SECONDS_TO_RUN=${1:-6}
a=ndemo-a$$ b=ndemo-b$$ dev=ndemo0 peer=ndemo1
out=$(mktemp "${TMPDIR:-/tmp}/ndtrace-demo.XXXXXX") || exit 1
children=()

cleanup() {
    local p
    for p in "${children[@]}"; do kill "$p" 2>/dev/null; done
    wait 2>/dev/null
    ip netns del $a 2>/dev/null
    ip netns del $b 2>/dev/null
    rm -f "$out" "$out.traffic"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
fail() {
    echo "demo: $*" >&2
    exit 1
}

[ "$(id -u)" = 0 ] || fail "needs root: sudo make demo"
[ -x "$ND" ] || fail "$ND is missing: make"
command -v ip >/dev/null || fail "the program ip is missing (package iproute2 or iproute)"

${CC:-cc} -std=gnu11 -O2 -D_GNU_SOURCE -o "$out.traffic" tests/bench/traffic_main.c \
    tests/bench/traffic.c || fail "the traffic generator does not compile"

# Names of devices are the same in every network namespace; the peer is created where it lives.
ip netns add $a && ip netns add $b &&
    ip -n $a link add $dev type veth peer name $peer netns $b &&
    ip -n $a addr add 10.77.0.1/24 dev $dev && ip -n $b addr add 10.77.0.2/24 dev $peer &&
    ip -n $a link set lo up && ip -n $a link set $dev up && ip -n $b link set $peer up ||
    fail "cannot create the network namespaces"

echo "== $dev (10.77.0.1) in namespace $a <-> $peer (10.77.0.2) in namespace $b"
echo "== traffic: ping every 10 ms, and 5000 UDP packets a second"
echo "== ndtrace scripts/net_latency_summary.nd --interface $dev --interval 2s"
echo

if command -v ping >/dev/null; then
    ip netns exec $a ping -q -i 0.01 10.77.0.2 >/dev/null 2>&1 &
    children+=($!)
fi
"$out.traffic" -n $((SECONDS_TO_RUN * 5000 + 20000)) -r 5000 -s $a -d $b >/dev/null &
children+=($!)

# --interface names a device of the tracer's own namespace, so the tracer runs there; what it sees
# is the whole host.
ip netns exec $a "$ND" --duration $((SECONDS_TO_RUN * 1000 - 100))ms scripts/net_latency_summary.nd \
    --interface $dev --interval 2s | tee "$out"
code=${PIPESTATUS[0]}
[ "$code" = 0 ] || fail "ndtrace ended with $code"
for stage in 'queue -> wire' 'wire -> receiver'; do
    grep -qF "@latency[$dev, $stage]" "$out" || fail "no histogram of the stage $stage"
done
grep -qE '[0-9] -> [0-9]+ *: *[1-9][0-9]* *\|\*' "$out" || fail "the histograms are empty"
echo
echo "== the demo worked; scripts/ has more to try"
