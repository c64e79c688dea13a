#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# Packets through a switch: each passes its functions once, the first of a flow goes up to user space.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/ovs.sh"
N=20
if [ -e /sys/kernel/btf/openvswitch ]; then
    name='args.vport->dev->name'
else # before 5.11 there are no types of modules: the device of the packet is the port's
    name='((struct sk_buff *)arg1)->dev->name'
fi
ovs_flows <<<'actions=NORMAL'
same warm "$(pings a 10.1.0.2 3)" 3
traced ports "
kprobe:ovs_vport_receive $(four 1) { @in[$name] = count(); }
kprobe:ovs_dp_process_packet $(four 0) { @packets = count(); }
kprobe:ovs_execute_actions $(four 1) { @actions = count(); }
kprobe:ovs_dp_upcall $(four 1) { @upcalls = count(); }
kprobe:ovs_vport_send $(four 1) { @out = count(); }
" pings a 10.1.0.2 $N
same ports-answered "$(cat "$TMP/ports.cmd")" $N
has ports-a "$OUT" "^@in\[va\]: $N\$"
has ports-b "$OUT" "^@in\[vb\]: $N\$"
same ports-processed "$(total "$OUT" @packets)" $((2 * N))
same ports-actions "$(total "$OUT" @actions)" $((2 * N))
same ports-sent "$(total "$OUT" @out)" $((2 * N))
same ports-no-upcalls "$(total "$OUT" @upcalls)" 0

# The port of the host is a device of its own.
same warm-internal "$(pings a 10.1.0.3 3)" 3
traced internal "
kprobe:internal_dev_recv $(four 0) { @recv = count(); }
kprobe:internal_dev_xmit $(four 0) { @xmit = count(); }
rawtracepoint:net_dev_queue /args.skb->dev->name == \"in0\" && args.skb->len == 98/ { @queued = count(); }
" pings a 10.1.0.3 $N
same internal-received "$(total "$OUT" @recv)" $N
same internal-sent "$(total "$OUT" @xmit)" $N
same internal-queued "$(total "$OUT" @queued)" $N

# Each flush makes two packets go up: a request and an answer.
flushed() { # TIMES
    local i
    for ((i = 0; i < $1; i++)); do
        ovs_flush || return 1
        pings a 10.1.0.2 4 -i 0.3
    done
}
traced upcalls "
kprobe:ovs_dp_upcall $(four 1) { @up = count(); @going[tid] = 1; }
kretprobe:ovs_dp_upcall /@going[tid]/ { @ret[(int32)retval] = count(); delete(@going, tid); }
kprobe:ovs_execute_actions $(four 1) { @done = count(); }
kprobe:ovs_vport_receive $(four 1) { @in = count(); }
" flushed 3
same upcalls-answered "$(tr '\n' ' ' <"$TMP/upcalls.cmd")" '4 4 4 '
same upcalls "$(total "$OUT" @up)" 6
has upcalls-taken "$OUT" '^@ret\[0\]: 6$'
# Those that went up come back to be sent: the switch acts once on each packet.
same upcalls-done "$(total "$OUT" @done)" 24
same upcalls-packets "$(total "$OUT" @in)" 24

# A flow that drops.
ovs_flows <<'FLOWS'
priority=10,icmp,in_port=vb,actions=drop
priority=1,actions=NORMAL
FLOWS
traced drop "
kprobe:ovs_vport_receive $(four 1) { @in = count(); }
kprobe:ovs_vport_send $(four 1) { @out = count(); }
" pings a 10.1.0.2 $N -W 1
same drop-answered "$(cat "$TMP/drop.cmd")" 0
same drop-received "$(total "$OUT" @in)" $((2 * N))
# What went up was sent by user space: it passes the same way out.
same drop-sent "$(total "$OUT" @out)" $N
ovs_flows <<<'actions=NORMAL'
finish
