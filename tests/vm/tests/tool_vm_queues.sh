#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: vm
# check: 6.12
# limit: 300
# stdlib/tun, vhost with a real machine on them: N pings are N packets through its ring, N signals and N interrupts each way;
# the indexes are those of the device.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/vm.sh"
N=10
VM=$(cat "$VM_PID")
warm() { [ "$(pings peer 10.3.0.2 3)" = 3 ]; }
until_ok 30 warm || not_ok warm "the machine does not answer"
# Two that are under way at a time may be signalled by one interrupt.
action() { pings peer 10.3.0.2 $N -i 0.2; }
# NAME ARGUMENTS...
during() { acting "$@" && same "$1-answered" "$(cat "$TMP/$1.cmd")" $N; }

during stats tun_tx_ring_stats --device vnet0 --protocol icmp --interval 1h
has stats-row "$OUT" '^vnet0 +0 +1000 '
same stats-depth "$(sed -n 's/^ *0 -> 1 *: *\([0-9]*\) .*/\1/p' "$OUT")" $N
during lines tun-tx-ring-stas --verbose --queue-id 0 --interval 1h --dst-ip 10.3.0.2
same lines "$(grep -c '^##### tun dev name: vnet0, ptr_ring_size: 1000, producer: [0-9]*, consumer_head: ' "$OUT")" $N
has lines-stack "$OUT" '^    tun_net_xmit\+'

during simple tun_to_vhost_queue_status_simple --device vnet0 --interval 1h
read -r used calls < <(sed -nE 's/^  Queue: vnet0:q0 \| last_used_idx: ([0-9]+) \| calls: ([0-9]+) \| napi_enabled: False.*/\1 \2/p' "$OUT")
same simple-calls "$calls" $N
read -r low high < <(sed -nE 's/^    Actual value range in this period: ([0-9]+) - ([0-9]+)$/\1 \2/p' "$OUT")
same simple-range "$((high - low + 1)):$high" "$N:$used"
same simple-rows "$(sed -nE 's/^ +[0-9]+-[0-9]+  : +([0-9]+) \([0-9]+%\)$/\1/p' "$OUT" | awk '{ n += $1 } END { print n }')" $((2 * N))
during details tun_to_vhost_queue_stats_full_summary --device vnet0 --debug --interval 1h
has details-index "$OUT" "^    min $((used + 1)), max $((used + N))\$"
has details-signals "$OUT" "^    Total signals: $N \\(verification: $N\\), Unique indices: $N\$"
has details-given "$OUT" "^    Duplicate signals: 0 \\(0%\\), descriptors given back: $N\$"
same details-depths "$(awk '/^PTR Ring Depth/ { on = 1 } on && /^    Total:/ { print $2 }' "$OUT" | xargs)" "$N $N"
has details-hits "$OUT" "^vhost_signal: $((2 * N)) hits\$"
# What the ring of the guest says: its used index is that of the device.
acting twice tun_to_vhost_queue_status_simple -T --interval 1h
has twice-index "$OUT" "last_used_idx: $((used + 2 * N)) "
has twice-time "$OUT" '^Time: [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]{12}$'
"$ND" tun_to_vhost_queue_status_simple --interval 100ms 3 >"$TMP/three" 2>&1
same three-reports "$(grep -c '^PTR Ring Depth' "$TMP/three")" 3

during fds vhost_eventfd_count --interval 1h --clear
has fds-total "$OUT" "^Total eventfd events: $((2 * N))\$"
has fds-queues "$OUT" '^Unique fd combinations: 2$'
same fds-each "$(grep -cE "^  kick_fd=[0-9]+, call_fd=[0-9]+: $N events\$" "$OUT")" 2
fd=$(sed -nE 's/^1\. kick_fd=([0-9]+), .*/\1/p' "$OUT")
has fds-is-eventfd <(readlink "/proc/$VM/fd/${fd:-0}") 'eventfd'
has fds-average "$OUT" "^Average events per combination: $N\$"
during totals vhost_eventfd_count.bt
same totals "$(grep -cE "^@count\[0x[0-9a-f]+, 0x[0-9a-f]+\]: $N\$" "$OUT")" 2

during told vhost_queue_correlation_simple --device vnet0 --interval 1h
same told-packets "$(awk '$1 == "vnet0" { print $3 ":" $5 }' "$OUT" | sort | xargs)" "RX:$N TX:$N"
same told-all "$(awk '$1 == "vnet0" && $4 != $6 + $7' "$OUT")" ""
during blocks vhost_queue_correlation_simple --queue 0
same blocks-signals "$(grep -c '^Event: vhost_signal | ' "$OUT")" $((2 * N))
same blocks-notify "$(grep -cE '^VQ: 0x[0-9a-f]+ \((RX|TX)\) \| Return: [01] \(notify=(YES|NO)\)$' "$OUT")" $((2 * N))
during other vhost_queue_correlation_simple --queue 7 --interval 1h
has other-none "$OUT" '^no signals$'

during peeks vhost_buf_peek_stats --interval 1h --device vnet0
has peeks-queue "$OUT" '^NVQ: 0x[0-9a-f]{16} \(vnet0:q0\)$'
has peeks-length "$OUT" "^  ret=98: $N times "
same peeks-calls "$(sed -n 's/^  Total calls: //p' "$OUT")" "$(sed -nE 's/^  ret=[0-9]+: ([0-9]+) times .*/\1/p' "$OUT" | awk '{ n += $1 } END { print n }')"
has peeks-final "$OUT" '^Final statistics:$'
finish
