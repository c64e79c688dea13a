#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# kernels: 6.1 7
# The switch translates addresses: a packet is followed although its identity changes on the way, in both directions.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/ovs.sh"
N=10

# b is known to a as .9 and ::9.
ovs_flows <<'E'
table=0,priority=20,ip,nw_src=10.1.0.1,nw_dst=10.1.0.9,actions=ct(commit,nat(dst=10.1.0.2),table=1)
table=0,priority=20,ip,nw_src=10.1.0.2,nw_dst=10.1.0.1,actions=ct(nat,table=1)
table=0,priority=20,icmp6,ipv6_src=fd01::1,ipv6_dst=fd01::9,actions=ct(commit,nat(dst=fd01::2),table=1)
table=0,priority=20,icmp6,ipv6_src=fd01::2,ipv6_dst=fd01::1,icmp_type=129,actions=ct(nat,table=1)
table=0,priority=1,actions=NORMAL
table=1,priority=1,actions=NORMAL
E
mac=$(inside b cat /sys/class/net/eth0/address)
ip -n a neigh replace 10.1.0.9 lladdr "$mac" dev eth0 nud permanent
ip -n a neigh replace fd01::9 lladdr "$mac" dev eth0 nud permanent
both() { echo "$(pings a 10.1.0.9 $N) $(pings a fd01::9 $N)"; }
same warm "$(both)" "$N $N"
traced nat '
use stages
use flow
path up by packet_id = netif_rx if (pkt.dev == "va" && has(pkt.icmp.seq)) -> ovs_rx -> ct_in -> ct_out renamed -> ovs_tx -> tx_xmit if (pkt.dev == "vb")
path down by packet_id = netif_rx if (pkt.dev == "vb" && has(pkt.icmp.seq)) -> ovs_rx -> ct_in -> ct_out renamed -> ovs_tx -> tx_xmit if (pkt.dev == "va")
probe up:done { @up[path.flow] = count() }
probe down:done { @down[path.flow] = count() }
probe up:step { @steps[step.to] = count() }
' both
same nat-answered "$(cat "$TMP/nat.cmd")" "$N $N"
for n in ovs_rx ct_in ct_out ovs_tx tx_xmit; do has "nat-$n" "$OUT" "^@steps\[$n\]: $((2 * N))\$"; done
# Flows are those at the first stage.
has nat-up "$OUT" "^@up\[10.1.0.1 -> 10.1.0.9 ICMP\]: $N\$"
has nat-up6 "$OUT" "^@up\[fd01::1 -> fd01::9 ICMPV6\]: $N\$"
has nat-down "$OUT" "^@down\[10.1.0.2 -> 10.1.0.1 ICMP\]: $N\$"
has nat-down6 "$OUT" "^@down\[fd01::2 -> fd01::1 ICMPV6\]: $N\$"
same nat-lost "$(grep -c "^path [a-z]*: started $((2 * N)), done $((2 * N)), lost 0, under way 0" "$OUT")" 2
ovs_flows <<<'actions=NORMAL'
finish
