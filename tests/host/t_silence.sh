#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: what tools say
# Tools say what they look at, and, if that is nothing, what passed instead; devices that make no sense are warned of;
# packets of the stack are not those on the wire.
. "$(dirname "$0")/lib.sh"
export NDTRACE_CACHE=$TMP/cache # each tool is compiled once
network q
send 100 >/dev/null
IN=$B
N=20

# The sender's packets pass; none is what was asked for.
trace none vm_network_latency_summary --vm-interface "$B" --phy-interface lo --src-ip 9.9.9.9 --dst-port 80 --interval 1h || finish
M=$(send $N)
stop "$PID"
OUT=$TMP/none.out
has none-banner "$OUT" '^Protocol filter: ALL$'
has none-passed "$OUT" "^$B: $M packets, none from 9\.9\.9\.9 to port 80\$"
has none-other "$OUT" '^lo: 0 packets$'
trace some vm_network_latency_summary --vm-interface "$B" --phy-interface lo --src-ip 10.77.0.1 --interval 1h --timeout 300ms || finish
M=$(send $N)
stop "$PID"
same some-quiet "$(grep -c 'No packet in this interval' "$TMP/some.out")" 0

# NAME PATTERN ARGUMENTS...: it warns, at once.
warns() {
    ip netns exec "$B" "$ND" --duration 100ms "${@:3}" >"$TMP/out" 2>"$TMP/err"
    same "$1-exit" $? 0
    has "$1" "$TMP/err" "^ndtrace: warning: $2\$"
}
ip -n "$B" tuntap add ndtap0 mode tap
warns same "--vm-interface and --phy-interface are the same device, $B: .*" vm_network_latency_summary --vm-interface "$B" --phy-interface "$B"
warns swapped "--phy-interface ndtap0 is a tap device, as VMs have them, and --vm-interface $B is not \(veth\): are they swapped\?" \
    vm_network_performance_metrics --vm-interface "$B" --phy-interface "lo,ndtap0"
warns same-system "--internal-interface and --phy-interface are the same device, $B: .*" \
    system_network_latency_summary --internal-interface "$B" --phy-interface "$B"
warns same-pair "--send-dev and --recv-dev are the same device, $B" vm_pair_latency --send-dev "$B" --recv-dev "$B"
ip netns exec "$B" "$ND" --duration 100ms vm_network_latency_details --vm-interface ndtap0 --phy-interface "$B" >"$TMP/out" 2>"$TMP/err"
same right-way "$(grep -c 'swapped\|same device' "$TMP/err")" 0
if grep -qs '^vhost-' /proc/[0-9]*/task/*/comm; then
    same vhost "$(grep -c 'no vhost thread runs' "$TMP/err")" 0
else
    has vhost "$TMP/err" '^ndtrace: warning: --vm-interface ndtap0 is a tap device, and no vhost thread runs: no VM takes its packets through vhost$'
fi
# By its name, a thread of vhost.
cp "$(type -P sleep)" "$TMP/vhost-1"
"$TMP/vhost-1" 60 &
vhost=$!
wait_until 20 grep -qx vhost-1 /proc/$vhost/comm
ip netns exec "$B" "$ND" --duration 100ms vm_pair_latency --send-dev ndtap0 --recv-dev "$B" >"$TMP/out" 2>"$TMP/err"
kill $vhost
wait $vhost 2>/dev/null
same vhost-runs "$(grep -c 'vhost' "$TMP/err")" 0
ip netns exec "$B" "$ND" -f json --duration 100ms vm_pair_latency --send-dev "$B" --recv-dev "$B" >"$TMP/out" 2>"$TMP/err"
has record "$TMP/out" "^\{\"type\":\"warning\",\"text\":\"--send-dev and --recv-dev are the same device, $B\"\}"

# Pauses of no packet, and ARP that is none of what was asked for.
trace gap multi_vm_pair_multi_port_gap --pairs "$B,lo" --ports 9 --src-ip 9.9.9.9 --interval 1h || finish
M=$(send $N)
stop "$PID"
has gap-none "$TMP/gap.out" "^$B: $M packets sent, none from 9\.9\.9\.9 on these ports\$"
has gap-other "$TMP/gap.out" '^lo: 0 packets received$'
trace arp trace_abnormal_arp --device "$B" --sender-ip 10.9.9.9,10.8.0.0/16 --interval 1h || finish
ip -n "$A" neigh del 10.77.0.2 dev "$A"
ip netns exec "$A" ping -q -c 2 10.77.0.2 >/dev/null
stop "$PID"
has arp-none "$TMP/arp.out" "^\[.*\] $B: [1-9][0-9]* ARP packets, none from 10\.9\.9\.9, 10\.8\.0\.0/16\$"
ip -n "$A" neigh flush dev "$A"
trace normal trace_abnormal_arp --device "$B" --interval 1h || finish
ip netns exec "$A" ping -q -c 2 10.77.0.2 >/dev/null
stop "$PID"
has arp-normal "$TMP/normal.out" '^\[.*\] [1-9][0-9]* ARP packets, none of them abnormal$'
ip -n "$A" neigh replace 10.77.0.2 lladdr 02:00:00:00:00:02 dev "$A" nud permanent

# All protocols, by each tool that has the option; a pair by address.
for tool in "vm_pair_latency --send-dev $B --recv-dev lo" "kernel_drop_stack_stats_summary_all" eth_drop qdisc_latency_details; do
    ip netns exec "$B" "$ND" --duration 50ms $tool --protocol all >"$TMP/out" 2>"$TMP/err"
    same "all-${tool%% *}" "$?" 0
done
trace pair vm_pair_latency --send-dev "$B" --recv-dev lo --src-ip 10.77.0.1 --interval 1h --timeout 300ms || finish
M=$(send $N)
sleep 1
stop "$PID"
has pair-started "$TMP/pair.out" "^path pair: started $M, done 0, lost 0, (elsewhere|vanished) $M"

# Large packets: one of the stack, many on the wire.
trace large iface_netstat -n "$B" --verbose --interval 1h || finish
"$WITHIN" 20 ip netns exec "$B" nc -l 10.77.0.2 8080 >"$TMP/received" &
listener=$!
wait_until 20 listening "$B" 8080
head -c 1000000 /dev/zero | "$WITHIN" 20 ip netns exec "$A" nc -N 10.77.0.2 8080
wait $listener
stop "$PID"
OUT=$TMP/large.out
has large-head "$OUT" '^ QueueID .* Bytes/s    PPS        SKB/s'
wire=$(awk '/^RX/ { on = 1 } on && /were large/ { print $(NF - 4); exit }' "$OUT")
between large-wire "$wire" $((1000000 / 1460)) $((1000000 / 1400 + 200))
same large-more "$(awk '/^RX/ { on = 1 } on && $1 == "Total" { print ($(NF - 1) + 0 != $NF + 0); exit }' "$OUT")" 1

# Counts of drops by interval, and only what is asked for.
IN=$B
trace drops eth_drop --type ipv4 --dst-port 4711 --interval 1h --top 1 --no-stack-trace --disable-normal-filter || finish
for ((i = 0; i < N; i++)); do ip netns exec "$A" bash -c 'echo x >/dev/udp/10.77.0.2/4711; echo x >/dev/udp/10.77.0.2/4712' 2>/dev/null; done
sleep 0.5
stop "$PID"
has drops "$TMP/drops.out" "^\[.*\] $N frames dropped in [0-9.]+ s\$"
same drops-top "$(grep -c "^  $B: $N, NO_SOCKET\$" "$TMP/drops.out")" 1
trace quiet kernel_drop_stack_stats_summary_all --type arp --vlan-id 7 --no-stack-trace --interval 1h || finish
for ((i = 0; i < N; i++)); do ip netns exec "$A" bash -c 'echo x >/dev/udp/10.77.0.2/4711' 2>/dev/null; done
sleep 0.5
stop "$PID"
has quiet "$TMP/quiet.out" '^  [1-9][0-9]* packets dropped, none that was asked for$'
has quiet-banner "$TMP/quiet.out" '^Type filter: arp, VLAN 7$'
finish
