#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# check: 6.12
# limit: 300
# stdlib/virtio: N pings are N packets received by each of two cards: N interrupts, buffers, lines, and places in the ring.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=10
same warm "$(pings c 10.2.0.2 2)" 2
action() { pings c 10.2.0.2 $N; }

# The card of c, as /proc/interrupts names it.
card=$(basename "$(dirname "$(dirname "$(inside c readlink -f /sys/class/net/eth0)")")")
irq=$(sed -nE "s/^ *([0-9]+):.* $card-input\.0$/\1/p" /proc/interrupts)
acting irq virtnet_irq_monitor --interval 1h --trace-cpu
same irq-calls "$(sed -n "/^IRQ $irq (/,/^$/s/^  Total Calls: \([0-9]*\) .*/\1/p" "$OUT")" $N
same irq-cards "$(grep -cE '^IRQ [0-9]+ \(virtio[0-9]+-input\.0\):$' "$OUT")" 2
has irq-handled "$OUT" '^    IRQ_HANDLED: [0-9]+ \(100\.0%\)$'
has irq-fine "$OUT" '^No issues detected \(IRQ_NONE < 1\.0%, latency normal\)$'
acting one virtnet_irq_monitor --interval 1h --irqs "$irq"
same one-irqs "$(grep -cE '^IRQ [0-9]' "$OUT")" 1
acting named virtnet_irq_monitor --interval 1h --device "$card" --format json
same named-calls "$(grep -oE "\"key\":\\[$irq,\"$card-input.0\"\\],\"value\":\\{\"count\":[0-9]+" "$OUT" | head -n 1 | grep -oE '[0-9]+$')" $N
acting none virtnet_irq_monitor --interval 1h --device nosuch
has none-says "$OUT" '^no interrupt of these$'

IN=c # where its card is
acting steps virtionet-rx-path-monitor --device eth0
IN=
# FUNC PATTERN: lines.
rows() { grep -cE "^[0-9:]{8} [0-9]+ +[^ ]+ +$1 +$2\$" "$OUT"; }
same steps-packets "$(sed -nE 's/.* virtnet_receive +packets=([0-9]+) bytes=[0-9]+$/\1/p' "$OUT" | awk '{ n += $1 } END { print n }')" $N
same steps-bytes "$(sed -nE 's/.* virtnet_receive +packets=[0-9]+ bytes=([0-9]+)$/\1/p' "$OUT" | awk '{ n += $1 } END { print n }')" $((84 * N))
same steps-buffers "$(rows virtqueue_get_buf 'vq=0 len=[0-9]+')" $N
same steps-skbs "$(rows receive_buf 'skb=0x[0-9a-f]+ len=84')" $N
between steps-polls "$(rows virtnet_poll 'napi=0x[0-9a-f]+ budget=64')" 1 $((2 * N))
has steps-head "$OUT" '^TIME     PID    COMM           FUNC                   DETAILS$'
acting flow virtio_net_rx_path_monitor --mode flow
same flow-packets "$(sed -nE 's/^virtnet_poll: .* ([0-9]+) packets, .*/\1/p' "$OUT")" $((2 * N))
same flow-lines "$(sed -nE 's/.* virtnet_poll: processed ([0-9]+) packets$/\1/p' "$OUT" | awk '{ n += $1 } END { print n }')" $((2 * N))
has flow-done "$OUT" "^napi_complete_done: [1-9][0-9]* calls, [1-9][0-9]* done "

action() { pings c 10.2.0.2 $N && pings c fd02::2 $N; }
acting summary virtionet-rx-path-summary 0 1h
same summary-packets "$(sed -nE 's/^virtnet_poll: .* ([0-9]+) packets, .*/\1/p' "$OUT")" $((4 * N))
between summary-irqs "$(sed -nE "s/^irq $irq .*: ([0-9]+) entries$/\1/p" "$OUT")" 1 $((2 * N))
same summary-buffers "$(awk '/bytes of a buffer/ { on = 1; next } !/->/ && !/value/ { on = 0 } on && $4 == ":" { n += $5 } END { print n }' "$OUT")" $((4 * N))
has summary-grade "$OUT" '^Packets in a poll: [0-9.]+ (POOR|FAIR)$'

# NAME: the places in the ring at each packet, of one card: each is one further than the one before.
action() { pings c 10.2.0.2 $N; inside c bash -c ': >/dev/tcp/10.2.0.2/9' 2>/dev/null; }
IN=c
acting ring trace_virtio_net_rcvbuf.bt --device eth0
same ring-rx "$(grep -c ' RX Cpu:[0-9]* input\.0 vring_len:[0-9]* num:[0-9]* Durate:[1-9][0-9]* type:ICMP avail_flags:' "$OUT")" $N
same ring-tx "$(grep -c ' TX Cpu:[0-9]* output\.0 vring_len:[0-9]* Durate:[1-9][0-9]* type:ICMP avail_flags:' "$OUT")" $N
same ring-steps "$(sed -nE 's/.* RX .* last_used_idx:([0-9]+)$/\1/p' "$OUT" | awk 'NR > 1 && ($1 - last + 65536) % 65536 != 1 { bad++ } { last = $1 } END { print bad + 0 }')" 0
acting tcp trace_virtio_net_rcvbuf --device eth0 --protocol tcp
IN=
same tcp-seq "$(grep -cE ' RX .* type:TCP seq:[0-9]+ ack_seq:[1-9][0-9]* ' "$OUT"):$(grep -c ICMP "$OUT")" 1:0
acting failures trace_virtio_net_rcvbuf --alloc-failures
has failures-none "$OUT" '^Buffers refilled: [0-9]+ times, without memory: 0 times$'
finish
