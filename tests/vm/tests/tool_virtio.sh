#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# stdlib/virtio: N pings are N packets at each of two cards, each found by a poll after an interrupt.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=20
same warm "$(pings c 10.2.0.2 2)" 2

trace poll virtnet_poll_monitor --interval 1h || finish
same poll-answered "$(pings c 10.2.0.2 $N) $(pings c fd02::2 $N)" "$N $N"
N=$((2 * N))
stop "$PID"
same poll-exit "$CODE" 0
out=$TMP/poll.out
# DEVICE: polls, polls that found something, packets, interrupts.
read -r n found packets irqs < <(awk -v n=$N '$1 == "eth0@c" && $2 == 0 { print $3, $3 - $4, $6, $9 }' "$out")
same poll-packets "${packets:-0}" $N
same poll-other "$(awk '$1 == "eth1@d" && $2 == 0 { print $6 }' "$out")" $N
if ((n >= found && found > 0 && found <= N && irqs > 0 && irqs <= n)); then ok poll-polls; else not_ok poll-polls "got $n polls, $found with packets, $irqs interrupts; wanted 1 to $N with packets, no more interrupts than polls"; fi
has poll-batch "$out" '^packets in a poll\[eth0@c, 0\]:'
same poll-batches "$(awk '/^packets in a poll\[eth0@c, 0\]/ { on = 1; next } /^(packets in|time of) a poll/ { on = 0 } on && $4 == ":" { s += $5 } END { print s }' "$out")" "$n"

N=20
# A line for each event, of one card only.
IN=c # where its card is
trace events virtnet_poll_monitor.py --device eth0 -q 0 || finish
IN=
same events-answered "$(pings c 10.2.0.2 $N)" $N
stop "$PID"
out=$TMP/events.out
same events-packets "$(sed -n 's/.* virtnet_poll EXIT: dev=eth0 queue=0 processed=\([0-9]*\)\/64 .*/\1/p' "$out" | awk '{ n += $1 } END { print n }')" $N
same events-pairs "$(grep -c ' virtnet_poll ENTRY: dev=eth0 queue=0 budget=64 vq_idx=0 napi=0x' "$out")" "$(grep -c 'virtnet_poll EXIT' "$out")"
same events-other "$(grep -c dev=eth1 "$out")" 0
has events-irq "$out" '^[0-9:.]{12} \[[0-9]+\] skb_recv_done: dev=eth0 queue=0 vq_idx=0 vq=0x[0-9a-f]+$'

trace none virtnet_poll_monitor --queue 7 --interval 1h || finish
pings c 10.2.0.2 2 >/dev/null
stop "$PID"
same none-other "$(grep -c '^eth' "$TMP/none.out")" 0
trace json -f json virtnet_poll_monitor --queue 0 || finish
pings c 10.2.0.2 2 >/dev/null
stop "$PID"
same json-packets "$(sed -nE 's/.*"dev":"eth0@c".*"packets":([0-9]+).*/\1/p' "$TMP/json.out" | awk '{ n += $1 } END { print n }')" 2
same json-only "$(grep -vc '^{' "$TMP/json.out")" 0
finish
