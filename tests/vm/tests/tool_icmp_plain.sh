#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# kernels: 6.12
# limit: 240
# stdlib/perf/system_network_icmp_rtt on hosts without Open vSwitch, and tools of the switch there.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=5
IN=a
trace none system_network_icmp_rtt --src-ip 10.1.0.1 --dst-ip 10.1.0.9 --phy-interface eth0 --disable-kernel-stacks
same answered-none "$(pings a 10.1.0.2 $N)" $N
stop "$PID"
has none "$TMP/none.out" '^eth0: [1-9][0-9]+ packets, none began a ping from 10\.1\.0\.1 to 10\.1\.0\.9 that this host sends$'
host_queue netem delay 20ms
trace plain system_network_icmp_rtt --src-ip 10.1.0.1 --dst-ip 10.1.0.2 --phy-interface eth0 --disable-kernel-stacks
same answered "$(pings a 10.1.0.2 $N)" $N
stop "$PID"
trace plain6 system_network_icmp_rtt --src-ip fd01::1 --dst-ip fd01::2 --phy-interface eth0 --disable-kernel-stacks
same answered-6 "$(pings a fd01::2 $N)" $N
stop "$PID"
host_queue
has plain-six "$TMP/plain6.out" "^\[.*\] sent $N, received $N, lost 0 \(0\.0%\), incomplete 0, under way 0\$"
same plain-six-type "$(grep -c '^Path 1 (Request: TX to fd01::2) .* ICMP_Type=128$' "$TMP/plain6.out")" $N
same plain-six-wire "$(sed -nE 's/^Inter-Path Latency \(P1 end -> P2 start\): ([0-9]+)[0-9]{3}\.[0-9]{3} us$/\1/p' "$TMP/plain6.out" | awk '$1 >= 19' | wc -l)" $N
OUT=$TMP/plain.out
same plain-said "$(grep -c 'none began' "$OUT")" 0
same plain-exit "$CODE" 0
same plain-segments "$(grep -cE '^  \[ ?(0->6|7->13) ?\] P[12]:S0_INIT .* us \(no Open vSwitch\)$' "$OUT")" $((2 * N))
same plain-wire "$(sed -nE 's/^Inter-Path Latency \(P1 end -> P2 start\): ([0-9]+)[0-9]{3}\.[0-9]{3} us$/\1/p' "$OUT" | awk '$1 >= 19 { n++ } $1 < 60 { quick = 1 } END { print n * quick }')" $N
has plain-end "$OUT" "^\[.*\] sent $N, received $N, lost 0 \(0\.0%\), incomplete 0, under way 0\$"
# Through a router in another namespace of this host: its stack sees each ping as well and does not count.
{ netns m && netns z && ip link add up0 type veth peer name in0 netns m && ip -n m link add out0 type veth peer name z0 netns z &&
    ip addr add 10.9.1.1/24 dev up0 && ip link set up0 up && ip -n m addr add 10.9.1.2/24 dev in0 && ip -n m link set in0 up &&
    ip -n m addr add 10.9.2.1/24 dev out0 && ip -n m link set out0 up && ip -n z addr add 10.9.2.2/24 dev z0 && ip -n z link set z0 up &&
    inside m sysctl -qw net.ipv4.ip_forward=1 && ip route add 10.9.2.0/24 via 10.9.1.2 && ip -n z route add default via 10.9.2.1; } || not_ok router "no router"
IN=
ping -q -c 1 -W 5 10.9.2.2 >/dev/null
trace routed system_network_icmp_rtt --src-ip 10.9.1.1 --dst-ip 10.9.2.2 --phy-interface up0 --disable-kernel-stacks --interval 1h --timeout 1s
ping -q -c $N -i 0.1 10.9.2.2 >/dev/null
ip -n z link set z0 down # the router drops what it cannot deliver
ping -q -c 2 -i 0.1 -W 1 10.9.2.2 >/dev/null
sleep 2
stop "$PID"
OUT=$TMP/routed.out
has routed-sum "$OUT" "^\[.*\] sent $((N + 2)), received $N, lost 2 \(28\.6%\), incomplete 0, under way 0\$"
has routed-lost "$OUT" '^  lost [12]: last seen at P1:S6_FINAL \(dev_queue_xmit\)'
ip netns del m
ip netns del z
for tool in ovs_upcall_latency_summary ovs_userspace_megaflow; do
    "$ND" $tool >"$TMP/wrong" 2>&1
    same "without-$tool" $? 2
    has "without-$tool-says" "$TMP/wrong" '^ndtrace: error: openvswitch is not loaded: stages .* needed here; modprobe openvswitch$'
done
finish
