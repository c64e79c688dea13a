#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# Connections that are tracked by the switch: each packet is looked up, then passes the flows again.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/ovs.sh"
N=20
ovs_tracked
same warm "$(pings a 10.1.0.2 3)" 3
traced track '
kprobe:ovs_ct_execute { @ct = count(); }
kprobe:nf_conntrack_in { @in = count(); }
kprobe:ovs_vport_receive { @received = count(); }
kprobe:ovs_flow_tbl_lookup_stats { @lookups = count(); }
' pings a 10.1.0.2 $N
same track-answered "$(cat "$TMP/track.cmd")" $N
same track-received "$(total "$OUT" @received)" $((2 * N))
# Once for each packet, and once more to keep what the first one opened.
same track-executed "$(total "$OUT" @ct)" $((2 * N + 1))
same track-lookups "$(total "$OUT" @in)" $((2 * N))
# Before and after the tracking.
same track-flows "$(total "$OUT" @lookups)" $((4 * N))
n=$(conntrack -L -p icmp 2>/dev/null | grep -c 'src=10.1.0.1 dst=10.1.0.2')
if ((n >= 1)); then ok track-entries; else not_ok track-entries "none"; fi
ovs_flows <<<'actions=NORMAL'
finish
