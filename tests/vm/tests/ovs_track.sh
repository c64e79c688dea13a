#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# Connections that are tracked by the switch: each packet is looked up, then passes the flows again.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/ovs.sh"
N=20
ovs_tracked
same warm "$(pings a 10.1.0.2 3)" 3
# Some kernels also track in the namespaces of the hosts: what counts is the switch's.
own=$(readlink /proc/self/ns/net | tr -dc 0-9)
traced track "
kprobe:ovs_ct_execute $(four 1) { @ct = count(); }
kprobe:nf_conntrack_in $(four 0) { @in[((struct nf_hook_state *)arg1)->net->ns.inum] = count(); }
kprobe:ovs_vport_receive $(four 1) { @received = count(); }
kprobe:ovs_dp_process_packet $(four 0) { @passes = count(); }
" pings a 10.1.0.2 $N
same track-answered "$(cat "$TMP/track.cmd")" $N
same track-received "$(total "$OUT" @received)" $((2 * N))
# Once for each packet, and once more to keep what the first one opened.
same track-executed "$(total "$OUT" @ct)" $((2 * N + 1))
has track-lookups "$OUT" "^@in\[$own\]: $((2 * N))\$"
# Before and after the tracking.
same track-flows "$(total "$OUT" @passes)" $((4 * N))
n=$(conntrack -L -p icmp 2>/dev/null | grep -c 'src=10.1.0.1 dst=10.1.0.2')
between track-entries "$n" 1
ovs_flows <<<'actions=NORMAL'
finish
