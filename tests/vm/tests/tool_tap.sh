#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check: 5.10 6.12
# stdlib/tun: ten frames more than fit are put into the ring of a tap without a reader.
. "$(dirname "$0")/../lib.sh"
modprobe tun
sysctl -qw net.ipv6.conf.default.disable_ipv6=1
ip tuntap add dev ndtap1 mode tap && SIZE=$(cat /sys/class/net/ndtap1/tx_queue_len) && ip link del ndtap1
N=$((SIZE + 10))

trace ring tun_ring_monitor --interval 1h --ring-size 7 || finish
$STIMULUS tap $N >/dev/null || not_ok ring-stimulus "ended with $?, wanted 0"
stop "$PID"
same ring-exit "$CODE" 0
out=$TMP/ring.out
read -r size packets most full < <(awk '$1 == "ndtap0" { print $3, $4, $6, $7 }' "$out")
same ring-size "${size:-none}" $SIZE
same ring-warns "$(grep -c "the ring of ndtap0:q0 has $SIZE places, not 7" "$out")" 1
same ring-packets "$packets" $N
same ring-most "$most" $SIZE
same ring-full "$full" $((N - SIZE))
same ring-depth "$(sed -n 's/^ *128 -> 255 *: *\([0-9]*\).*/\1/p' "$out")" 128

trace blocks tun_ring_monitor.py || finish
$STIMULUS tap $N >/dev/null
stop "$PID"
out=$TMP/blocks.out
same blocks-full "$(grep -c '^TUN RING FULL DETECTED!$' "$out")" $((N - SIZE))
same blocks-device "$(grep -c '^Device: ndtap0$' "$out")" $((N - SIZE))
same blocks-status "$(grep -cE '^  Status: FULL' "$out")" $((N - SIZE))
same blocks-process "$(grep -cE '^Process: stimulus \(PID: [0-9]+\)' "$out")" $((N - SIZE))
same blocks-no-ip "$(grep -c '^Packet headers not parsed' "$out")" $((N - SIZE))

trace rates tun_tx_ring_stats --interval 1h || finish
$STIMULUS tap $N >/dev/null
stop "$PID"
out=$TMP/rates.out
read -r size most full < <(awk '$1 == "ndtap0" { print $3, $7, $8 }' "$out")
same rates-size "${size:-none}:$most" "$SIZE:$SIZE"
same rates-full "$full" "$(awk -v n=$N -v s=$SIZE 'BEGIN { printf "%.3g", 100 * (n - s) / n }')"
same rates-depth "$(sed -n 's/^ *128 -> 255 *: *\([0-9]*\).*/\1/p' "$out")" 128

trace wrong tun-abnormal-gso-type --no-stack-trace || finish
$STIMULUS gso 3 >/dev/null || not_ok wrong-stimulus "ended with $?, wanted 0"
stop "$PID"
out=$TMP/wrong.out
same wrong-packets "$(grep -c '^###### __dev_queue_xmit unexpected gso type:0x03, gso size: 500 (not TCP)$' "$out")" 3
# Older kernels pass such a packet on to further places.
same wrong-flow "$(grep -A3 '^###### __dev_queue_xmit' "$out" | grep -c '^####### udp header info: 10.9.0.1:5000 => 10.9.0.2:5001$')" 3
has wrong-table "$out" '^__dev_queue_xmit +not TCP +ndtap0 +3$'
trace filtered tun_abnormal_gso_type --protocol tcp || finish
$STIMULUS gso 3 >/dev/null
stop "$PID"
has filtered-none "$TMP/filtered.out" '^no packet was wrong$'

trace other tun_ring_monitor --interval 1h --protocol udp || finish
$STIMULUS tap 10 >/dev/null
stop "$PID"
same other-protocol "$(grep -c '^ndtap0 ' "$TMP/other.out")" 0
has other-protocol-why "$TMP/other.out" '^ndtap0: 10 packets, none of UDP$'
trace queue tun_ring_monitor --interval 1h --queue-id 3 || finish
$STIMULUS tap 10 >/dev/null
stop "$PID"
has queue-why "$TMP/queue.out" '^ndtap0: 10 packets, none for queue 3$'
finish
