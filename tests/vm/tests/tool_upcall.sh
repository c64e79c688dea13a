#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# kernels: 6.12
# limit: 240
# stdlib/ovs: packets that find no flow, a known number of them, with a daemon that is stopped for a while.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/ovs.sh"
N=5
same warm "$(pings a 10.1.0.2 1)" 1
# What the switch itself counted: the first ping and its answer, and on a busy machine those that come
# before their flow is there.
missed() { ovs-appctl dpctl/show | sed -nE 's/.*hit:[0-9]+ missed:([0-9]+) .*/\1/p' | head -n 1; }
flushes() { for ((i = 0; i < N; i++)); do ovs_flush && pings a "$1" 2; done; }

action() { m=$(missed) && flushes 10.1.0.2 && flushes fd01::2 && m=$(($(missed) - m)); }
acting misses ovs_upcall_latency_summary --report full --interval 1h
between misses-some "$m" $((4 * N))
same misses-answered "$(sort "$TMP/misses.cmd" | uniq -c | xargs)" "$((2 * N)) 2"
has misses-total "$OUT" "^  Total upcalls: $m\$"
has misses-completed "$OUT" "^  Completed upcalls: $m\$"
has misses-pending "$OUT" '^  Pending upcalls: 0$'
has misses-type "$OUT" "^  - MISS: $m \(100\.0%\)\$"
same misses-decades "$(sed -nE 's/^ +\[.*\) +[^0-9]*([0-9]+) \([0-9.]+%\)$/\1/p' "$OUT" | awk '{ n += $1 } END { print n }')" $m
has misses-final "$OUT" '^Final statistics:$'
has misses-end "$OUT" "^  Total upcalls: $m, completed: $m, pending: 0, lost: 0\$"

# Frames that cannot be told apart are none of them.
action() { ovs_flush; inside a "$STIMULUS" frame eth0 3 "0200000000ee020000000101 88b5 $(printf '00%.0s' {1..46})"; sleep 0.5; }
acting others ovs_upcall_latency_summary --interval 1h
has others-none "$OUT" '^Open vSwitch: [3-9] upcalls, none of IP or ARP$'
has others-end "$OUT" '^  Total upcalls: 0, completed: 0, pending: 0, lost: 0$'

# The daemon sleeps for 300 ms while the first packet waits: as long as that.
daemon=$(cat /run/openvswitch/ovs-vswitchd.pid)
action() {
    ovs_flush
    counted=${EPOCHREALTIME/./}
    kill -STOP "$daemon"
    pings a 10.1.0.2 1 &
    sleep 0.4
    kill -CONT "$daemon"
    wait $!
    whole=$(((${EPOCHREALTIME/./} - counted) / 1000))
}
acting slow ovs_upcall_latency_summary --src-ip 10.1.0.1 --both-ways --interval 1h
ms=$(sed -nE 's/^P99 latency: ([0-9]+)[0-9]{3} us$/\1/p' "$OUT")
between slow-p99 "${ms:-0}" 250 $((whole * 5 / 4)) # as long as all of it, at most, rounded

# What the daemon drops does not come back.
ovs_flows <<<'actions=drop'
action() { pings a 10.1.0.2 2 -W 1; sleep 1; ovs_flush; pings a 10.1.0.2 1 -W 1; }
acting dropped ovs_upcall_latency_summary --timeout 500ms --interval 400ms --protocol icmp
has dropped-end "$OUT" '^  Total upcalls: ([2-9]), completed: 0, pending: 0, lost: \1$'
has dropped-none "$OUT" '^Average latency: n/a$'
ovs_flows <<<'actions=NORMAL'
"$ND" ovs_upcall_latency_summary --report none >"$TMP/wrong" 2>&1
same wrong-report $? 2
finish
