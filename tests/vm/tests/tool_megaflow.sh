#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# kernels: 6.12
# limit: 240
# stdlib/ovs/ovs_userspace_megaflow: flows that are deleted come back, each with the key, mask and actions that
# the daemon's rules make.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/ovs.sh"
TOOL=ovs_userspace_megaflow
inside b nft 'add table inet quiet; add chain inet quiet in { type filter hook input priority 0; }; add rule inet quiet in udp dport 9-19 drop'
port() { ovs-appctl dpctl/show | sed -nE "s/^ *port ([0-9]+): $1( .*)?\$/\1/p"; }
va=$(port va) vb=$(port vb)
missed() { ovs-appctl dpctl/show | sed -nE 's/.*hit:[0-9]+ missed:([0-9]+) .*/\1/p' | head -n 1; }
# FIELD: its values in all flows that were installed, in their order.
field() { sed -nE "s/^    - $1: //p" "$OUT" | xargs; }
installs() { grep -c 'FLOW_INSTALL:$' "$OUT"; }
# N: number of flows are installed, by the daemon, which does it after the packet.
flows() { [ "$(ovs-appctl dpctl/dump-flows | grep -c .)" -ge "$1" ]; }
# PATTERN...: each is in what the tool has said.
said() { for p; do wait_until 30 there "$OUT" "$p"; done; }
# NAME FLAGS...: traces while `action` runs; the output is in $OUT.
during() { acting "$1" $TOOL "${@:2}"; }

same warm "$(pings a 10.1.0.2 3) $(pings a fd01::2 3)" "3 3"
action() { m=$(missed) && ovs_flush && pings a 10.1.0.2 3 && pings a fd01::2 3 && m=$(($(missed) - m)); }
during two --interval 1h
# On a busy machine a second packet may go up before the flow of the first is there: it is installed twice.
once() { awk '/FLOW_INSTALL:$/ { flow = ""; on = 1 } on { if ($0 !~ /FLOW_INSTALL/) flow = flow "\n" $0 } /^  Actions:/ && on { on = 0; if (!seen[flow]++) print flow }' "$OUT"; }
flows=$(once)
field_once() { sed -nE "s/^ +(- )?$1: //p" <<<"$flows" | xargs; }
same two-upcalls "$(grep -c 'UPCALL_EVENT:$' "$OUT")" "$m"
same two-misses "$(grep -c '^  Upcall type: MISS$' "$OUT")" "$m"
between two-installs "$(installs)" 4 "$m"
same two-in "$(field_once in_port)" "$va $vb $va $vb"
same two-src "$(field_once eth_src)" "02:00:00:00:01:01 02:00:00:00:01:02 02:00:00:00:01:01 02:00:00:00:01:02"
same two-types "$(field_once eth_type)" "0x0800 0x0800 0x86dd 0x86dd"
same two-no-address "$(field ip_src)" ''
same two-actions "$(field_once Actions)" "output:$vb output:$va output:$vb output:$va"
has two-packet "$OUT" '^    - IP: fd01::1 -> fd01::2$'
has two-rate "$OUT" "\] lookups: 12, hit .*, miss $(awk -v m="$m" 'BEGIN { printf "%.1f", 100 * m / 12 }')%, installs: $(installs)\$"
has two-lookups "$OUT" "^Lookups: 12, hit .*, miss $(awk -v m="$m" 'BEGIN { printf "%.1f", 100 * m / 12 }')%\$"
has two-end "$OUT" "^Total flows: $(installs), matching: $(installs) \(100\.0%\)\$"

# Addresses and ports are in the flow where the daemon's rules look at them.
ovs_flows <<'F'
priority=20,udp,nw_dst=10.1.0.0/24,tp_dst=9,actions=NORMAL
priority=20,udp6,ipv6_dst=fd01::2,tp_dst=9,actions=NORMAL
priority=1,actions=drop
F
action() { datagrams a 10.1.0.2 9 1; datagrams a fd01::2 9 1; datagrams a 10.1.0.2 10 1; wait_until 30 flows 3; }
during udp --protocol udp --l4-dst-port 9
same udp-installs "$(installs)" 2
same udp-dst "$(field ip_dst)" '10.1.0.2/24 fd01::2/128'
same udp-proto "$(field ip_proto)" '17 17'
same udp-port "$(field udp_dst)" '9 9'
has udp-end "$OUT" '^Total flows: 3, matching: 2 \(66\.7%\)$'
ovs_flows <<<'actions=drop'
action() { datagrams a 10.1.0.2 10 1; said '^  Actions: drop$'; }
during drop --src-ip 10.1.0.9 --debug
same drop-reason "$(grep -c ' FLOW_INSTALL (filtered out: src_ip):$' "$OUT")" 1
has drop-excluded "$OUT" '^  1 flows excluded by --src-ip$'
has drop-actions "$OUT" '^  Actions: drop$'

ovs_tracked
action() { pings a 10.1.0.2 3; said '^  Actions: ct\(zone=0,commit\)'; }
during track --dst-ip 10.1.0.2
has track-first "$OUT" '^  Actions: ct\(zone=0\), recirc\([0-9]+\)$'
has track-commit "$OUT" "^  Actions: ct\(zone=0,commit\), output:$vb\$"
has track-state "$OUT" '^    - ct_state: 0x00000021/0x'
# Labels, MPLS, NSH: what is matched is in the key, what is put on in the actions.
ovs_flows <<'F'
table=0,priority=20,ip,udp,tp_dst=9,actions=push_mpls:0x8847,set_field:100->mpls_label,output:vb
table=0,priority=20,mpls,mpls_label=200,actions=pop_mpls:0x0800,output:vb
table=0,priority=20,dl_type=0x894f,nsh_spi=0x1234,nsh_c1=0x11111111,actions=output:vb
table=0,priority=20,ip,udp,tp_dst=10,actions=encap(nsh(md_type=1)),encap(ethernet),output:vb
table=0,priority=20,icmp,ct_state=-trk,actions=ct(zone=7,table=1)
table=0,priority=1,actions=drop
table=1,priority=20,ip,ct_state=+new,actions=ct(commit,zone=7,exec(set_field:0x5->ct_label)),NORMAL
table=1,priority=20,ip,ct_state=+est,ct_zone=7,ct_label=0x5/0xf,actions=NORMAL
F
BOTH=020000000102020000000101 IP4=4500001d000040004011000 # up to the checksum, which is not looked at
NSH=0fc60103001234ff11111111222222223333333344444444
action() {
    datagrams a 10.1.0.2 9 1; datagrams a 10.1.0.2 10 1; pings a 10.1.0.2 3
    inside a "$STIMULUS" frame eth0 1 "$BOTH 8847 000c8140 ${IP4}0 0a010001 0a010002 0001 0002 0009 0000 00"
    inside a "$STIMULUS" frame eth0 1 "$BOTH 894f $NSH $BOTH 88b5 0000"
    said 'Actions: push_mpls' 'mpls_label: 200' 'Actions: pop_mpls' 'nsh_c1: ' push_nsh 'ct_zone: 7' 'ct_label: '
}
during kinds
has kinds-push "$OUT" "^  Actions: push_mpls\\(label=100\\), output:$vb\$"
same kinds-label "$(field mpls_label)" 200
has kinds-pop "$OUT" "^  Actions: pop_mpls, output:$vb\$"
same kinds-nsh "$(field nsh_spi) $(field nsh_c1)" '4660 0x11111111'
has kinds-encap "$OUT" "^  Actions: (pop_eth, )?push_nsh, push_eth, output:$vb\$"
has kinds-ct-label "$OUT" '^    - ct_label: 0x00000000000000000000000000000005/0x0000000000000000000000000000000f$'
has kinds-ct-zone "$OUT" '^    - ct_zone: 7$'

# A host at the end of a tunnel.
ovs_flows <<<'actions=NORMAL'
modprobe vxlan
endpoint d vd 2 9 && ip addr add 10.9.0.1/24 dev vd &&
    ip -n d link add vx type vxlan id 42 remote 10.9.0.1 dstport 4789 && address d vx 4 1 && neighbour d vx 1 1 && neighbour a eth0 4 1 &&
    timeout 60 ovs-vsctl add-port br0 vx0 -- set Interface vx0 type=vxlan options:remote_ip=10.9.0.2 options:key=42
until_ok 20 inside d ping -c 1 -W 1 10.1.0.1 || not_ok tunnel-up "got no answer, wanted one within 20 s"
action() { ovs_flush; pings d 10.1.0.1 2; said 'Actions: set\(tunnel\)' 'tun_dst: '; }
during tunnel --eth-type 0x0800
same tunnel-answered "$(cat "$TMP/tunnel.cmd")" 2
same tunnel-key "$(field tun_id | tr ' ' '\n' | sort -u) $(field tun_src | tr ' ' '\n' | sort -u) $(field tun_dst | tr ' ' '\n' | sort -u)" '42 10.9.0.2/32 10.9.0.1/32'
has tunnel-into "$OUT" '^  Actions: set\(tunnel\), output:[0-9]+$'
ovs-vsctl del-port br0 vx0
ip link del vd
"$ND" $TOOL --eth-src nonsense >"$TMP/wrong" 2>&1
same wrong-mac $? 2
inside b nft delete table inet quiet
finish
