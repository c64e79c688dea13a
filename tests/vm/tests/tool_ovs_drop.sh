#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# kernels: 6.12
# limit: 300
# stdlib/ovs/ovs_kernel_module_drop_monitor: packets that flows drop, that no flow forwards, and those of others.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/ovs.sh"
M=6 N=4
same warm "$(pings a 10.1.0.2 1)" 1
inside b nft 'add table inet quiet; add chain inet quiet in { type filter hook input priority 0; }; add rule inet quiet in udp dport 9 drop'
# Tracked first, so that the actions that drop run with a recirculation and a state.
ovs_flows <<-'F'
	table=0,priority=30,udp,tp_dst=7,ct_state=-trk,actions=ct(table=1)
	table=0,priority=30,udp6,tp_dst=7,actions=drop
	table=0,priority=1,actions=NORMAL
	table=1,priority=20,udp,actions=drop
	F
# The first of each goes up, and is not dropped in the kernel; the others find the flows.
flows_there() { [ "$(ovs-appctl dpctl/dump-flows | grep -c 'actions:drop')" = 2 ]; }
datagrams a 10.1.0.2 7 1 && datagrams a fd01::2 7 1 && until_ok 10 flows_there
action() { datagrams a 10.1.0.2 7 $M && datagrams a fd01::2 7 $N && datagrams a 10.1.0.2 9 5; sleep 0.5; }
acting drops ovs_kernel_module_drop_monitor --protocol udp --interval 1h -v
blocks() { awk -v RS= -v want="$1" '/OpenVSwitch Drop Event/ && $0 ~ want { n++ } END { print n + 0 }' "$OUT"; }
same drops-four "$(blocks 'Destination IP: 10\\.1\\.0\\.2 ')" $M
same drops-six "$(blocks 'Destination IP: fd01::2 ')" $N
same drops-nothing-else "$(grep -c '^=== OpenVSwitch Drop Event ===$' "$OUT")" $((M + N)) # b dropped the others
# Since 6.6 flows without actions are drops of their own; before, as of a packet that nothing sends.
if kernel_at_least 6 6; then has drops-reason "$OUT" '^Drop reason: (last action|drop action) \('; else has drops-reason "$OUT" '^Drop reason: no action sends it \('; fi
has drops-recirc "$OUT" '^  recirc_id: 0x[1-9a-f][0-9a-f]*  ct_state: 0x[0-9a-f]+ \(.*TRACKED\)$'
has drops-port "$OUT" '^Device: va$'
has drops-stack "$OUT" '^  [a-z_]+\+0x[0-9a-f]+ \[openvswitch\]$'
has drops-count "$OUT" '^ +[1-9][0-9]*  (last action|drop action|no action sends it), on va$'
acting filter ovs-kernel-module-drop-monitor.py --src-ip 10.1.0.9 --interval 1h --no-stack-trace
same filter-none "$(grep -c 'Drop Event' "$OUT")" 0
has filter-says "$OUT" '^  none; [0-9]+ packets were dropped elsewhere$'
acting json ovs_kernel_module_drop_monitor -f json --protocol udp --interval 1h
same json "$(grep -c '"name":"ovs_drop"' "$OUT")" "$(grep '"name":"ovs_drop"' "$OUT" | grep -c '"recirc":')"
inside b nft delete table inet quiet
ovs_flows <<<'actions=NORMAL'
finish
