#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# kernels: 6.12
# limit: 240
# stdlib/perf/iface_netstat: pings of known sizes are in their columns. Both ends are named eth0, so each
# ping is there twice in both directions.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
IN=a
mtu() { ip -n a link set eth0 mtu "$1" && ip -n b link set eth0 mtu "$1"; }
sizes() {
    pings a 10.1.0.2 3 -s 10
    pings a fd01::2 4 -s 200
    pings a 10.1.0.2 5 -s 1000
    pings a 10.1.0.2 6 -s 5000
    pings a 10.1.0.2 7 -s 30000
}
mtu 40000
trace sizes iface_netstat -n eth0 --throughput --interval 1h
sizes >"$TMP/answered"
stop "$PID"
OUT=$TMP/sizes.out
same sizes-exit "$CODE" 0
same sizes-answered "$(xargs <"$TMP/answered")" "3 4 5 6 7"
for dir in TX RX; do
    for row in 0 Total; do
        same "sizes-$dir-$row" "$(awk -v d=$dir -v r=$row '$1 == "TX" || $1 == "RX" { now = $1 } now == d && $1 == r { print $3, $4, $5, $6, $7 }' "$OUT")" \
            "3 4 5 6 7" # not those of b, whose device has that name
    done
done
# 3 * 52 + 4 * 262 + 5 * 1042 + 6 * 5042 + 7 * 30042 bytes in 25 packets each way.
has sizes-average "$OUT" '^ Total      9\.65K '
same sizes-line "$(grep -cE '^-{106}$' "$OUT")" 1

has sizes-head "$OUT" '^ QueueID .* Bytes/s    PPS        SKB/s *$'
has sizes-banner "$OUT" '^Device: eth0 \(ifindex [0-9]+, (veth|physical)\)$'

# Frames without a protocol for them are dropped, which the device counts.
mtu 1500
IN=
modprobe tun
ip tuntap add dev ndtap0 mode tap
sysctl -qw net.ipv6.conf.ndtap0.disable_ipv6=1
dropped() { cat /sys/class/net/ndtap0/statistics/rx_dropped; }
before=$(dropped)
trace drops iface_netstat -n ndtap0 --interval 1h --throughput=false
"$STIMULUS" tap 10 >/dev/null
stop "$PID"
OUT=$TMP/drops.out
after=$(dropped)
between drops-some "$after" $((before + 1))
same drops-rows "$(awk '$1 == "Total" { print $2, $3, $4, $5 }' "$OUT" | xargs)" "321 0 10 0 307 0 10 0"
has drops-counted "$OUT" "^Errors: rx_errors=\+0 tx_errors=\+0 rx_dropped=\+$((after - before)) tx_dropped=\+0\$"
same drops-line "$(grep -cE '^-{77}$' "$OUT")" 1
ip link del ndtap0
inside a "$ND" iface_netstat >"$TMP/wrong" 2>&1
same wrong-missing $? 2
inside a "$ND" iface_netstat -n nosuch0 >"$TMP/wrong" 2>&1
same wrong-device $? 2
finish
