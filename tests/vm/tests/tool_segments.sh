#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# check: 6.12
# limit: 400
# stdlib/other: a large buffer of datagrams, and one that is too large, through Geneve, VXLAN and a VLAN, with offload and without:
# sizes, segments and fragments are those that were sent.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
modprobe -a geneve vxlan 8021q
for p in "a 1 2" "b 2 1"; do
    read -r ns own other <<<"$p"
    ip -n "$ns" link add gnv type geneve id 42 remote "10.1.0.$other" && ip -n "$ns" link add vxl type vxlan id 43 remote "10.1.0.$other" dstport 4789 dev eth0 &&
        ip -n "$ns" link add link eth0 name eth0.7 type vlan id 7 || not_ok devices "cannot be made"
    n=7
    for dev in eth0.7 gnv vxl; do
        n=$((n + 1))
        ip -n "$ns" link set "$dev" address "02:00:00:00:0$n:0$own" up
        ip -n "$ns" addr add "10.$n.0.$own/24" dev "$dev" && ip -n "$ns" addr add "fd0$n::$own/64" dev "$dev" nodad
        for to in "10.$n.0.$other" "fd0$n::$other"; do ip -n "$ns" neigh replace "$to" lladdr "02:00:00:00:0$n:0$other" dev "$dev" nud permanent; done
    done
done
inside b nft 'add table inet quiet; add chain inet quiet in { type filter hook input priority 0; }; add rule inet quiet in udp dport 5001 drop'
IN=a
# ADDRESS...: 9,000 bytes to each, as datagrams of 1,200.
large() { for to; do inside a $STIMULUS segments "$to" 1 9000; done; }
# FUNCTION: the places' records of this one, each on a line.
of() { awk -v f="$1 probe" 'index($0, f) == 1 { on = 1; line = ""; next } /^end / { if (on) print line; on = 0 } on { line = line $0 " | " }' "$OUT"; }
# NAME FUNCTION N PATTERN
lines() { same "$1" "$(of "$2" | grep -cE -- "$4")" "$3"; }
# PLACE DEVICE: how often, at the end.
hits() { awk -v f="$1" -v d="$2" '$1 == f && $2 == d && NF == 3 { print $3 }' "$OUT"; }

action() { large 10.9.0.2 fd09::2 10.10.0.2; }
acting offload trace_offloading_segment --no-stack-trace
lines offload-four iptunnel_xmit 1 'len=9058 data_len=9000 .* encap=1 .*gso_size=1200 gso_segs=8 gso_type=0x20400 .*tunnel encaped data: 10\.9\.0\.1:[0-9]+ => 10\.9\.0\.2:5001 \(UDP\) vni=42'
lines offload-six iptunnel_xmit 1 'len=9078 .*gso_segs=8 gso_type=0x20400 .*tunnel encaped data: fd09::1:[0-9]+ => fd09::2:5001 \(UDP\) vni=42'
same offload-only-geneve "$(grep -c '^iptunnel_xmit probe' "$OUT")" 2
acting vxlan trace_offloading_segment --tunnel-port 4789 --no-stack-trace
lines vxlan-inner iptunnel_xmit 1 'gso_segs=8 .*tunnel encaped data: 10\.10\.0\.1:[0-9]+ => 10\.10\.0\.2:5001 \(UDP\) vni=43'

# Devices may cut no more: the kernel does.
ip -n a link set eth0 gso_max_segs 2
action() { large 10.9.0.2; }
acting cut trace_offloading_segment --no-stack-trace
lines cut-here skb_udp_tunnel_segment 1 'netdev: eth0 .*gso_size=1200 gso_segs=8 .*vni=42'

action() { large 10.9.0.2 fd09::2; }
acting way vpc_vm_udp_datapath --protocol udp --no-stack-trace
same way-tunnel "$(hits iptunnel_handle_offloads gnv)" 2
same way-driver "$(hits net_dev_start_xmit eth0)" 16
lines way-sizes net_dev_start_xmit 7 'len=1292 data_len=1200 .*tunnel encaped data: 10\.9\.0\.1:.* vni=42'
lines way-last net_dev_start_xmit 1 'len=692 data_len=600 .*tunnel encaped data: 10\.9\.0\.1:.* vni=42'
same way-times "$(grep -cE '^\[[0-9-]+ [0-9:.]+\] 0x[0-9a-f]+ udp_tunnel_xmit_skb \(\+[1-9][0-9]*\.[0-9]{3} us\)$' "$OUT")" 2

action() { large 10.8.0.2 fd08::2; inside a bash -c 'printf %04000d 0 >/dev/udp/10.8.0.2/5001; printf %04000d 0 >/dev/udp/fd08::2/5001'; }
acting vlan trace_vlanvm_udp_workload --vlan-id 7 --no-stack-trace
same vlan-segments "$(of net_dev_start_xmit | grep -cE 'netdev: eth0 .*(len=1242 data_len=1200|len=1262 data_len=1200) .*VLAN: id=7 prio=0 \(accelerated\)')" 14
same vlan-cut "$(hits __udp_gso_segment eth0)" 2
same vlan-large "$(of __skb_gso_segment | grep -cE 'gso_size=1200 gso_segs=8 gso_type=0x20000 .*VLAN: id=7')" 2
acting fragments trace_vlanvm_udp_workload --device eth0.7 --stage ip_do_fragment,ip6_fragment --no-stack-trace
has fragments-count "$OUT" '^Packets cut into fragments: 2$'
same fragments-only "$(grep ' probe \[' "$OUT" | awk '{ print $1 }' | sort -u | xargs)" 'ip6_fragment ip_do_fragment'
action() { large 10.8.0.2; }
acting other trace_vlanvm_udp_workload --vlan-id 8 --no-stack-trace
same other-none "$(grep -c ' probe \[' "$OUT")" 0
ip -n a link set eth0 gso_max_segs 65535
for ns in a b; do for dev in gnv vxl eth0.7; do ip -n $ns link del $dev; done; done
inside b nft delete table inet quiet
finish
