#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# check: 6.12
# limit: 240
# stdlib/pair: several pairs with the same ports, which are kept apart; pauses above and below a threshold. Pauses are long,
# as an emulated machine makes some of its own.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/ovs.sh"
N=10
inside b nft 'add table inet quiet; add chain inet quiet in { type filter hook input priority 0; }; add rule inet quiet in udp dport 9-19 drop'
inside a nft 'add table inet quiet; add chain inet quiet in { type filter hook input priority 0; }; add rule inet quiet in udp dport 9-19 drop'
modprobe sch_netem
same warm "$(pings a 10.1.0.2 3)" 3
tc qdisc replace dev vb root netem delay 20ms

# ADDRESS PORT N: datagrams that differ; those of IPv6 have nothing else to tell them apart.
distinct() { inside a bash -c 'exec 3>"/dev/udp/$1/$2"; for ((i = 0; i < $3; i++)); do echo $i >&3; done' - "$@"; }
action() { datagrams a 10.1.0.2 9 $N && datagrams b 10.1.0.1 9 4 && distinct fd01::2 10 3 && wait_until 30 drained vb; }
acting sets multi_vm_pair_latency --send-dev va,vb --recv-dev va,vb --ports 9 10 --interval 1h --verbose
has sets-there "$OUT" "^va -> vb: $((N + 3)) packets\$"
has sets-back "$OUT" '^vb -> va: 4 packets$'
same sets-slow "$(grep -cE '^[0-9.]+ +Latency computed: ([2-9]|[0-9]{2,})[0-9]{4}\.[0-9]{3} us, port=(9|10), dev_name=vb \(from va, 02:00:00:00:01:01 -> 02:00:00:00:01:02\)' "$OUT")" $((N + 3))
same sets-fast "$(grep -c 'dev_name=va (from vb' "$OUT")" 4
has sets-banner "$OUT" "^Added send-dev: va \\(ifindex=$(cat /sys/class/net/va/ifindex)\\)\$"

printf 'va vb 100 9\nvb va 101 9\nva vb 102 10\n' >"$TMP/pairs"
acting ids multi_vm_pair_latency_pairid --config "$TMP/pairs" --interval 1h --verbose
same ids-rows "$(awk '$1 >= 100 && $1 <= 102 && NF == 11 { print $1, $2, $3, $4, $11 }' "$OUT" | sort | xargs)" "100 va vb $N 0 101 vb va 4 0 102 va vb 3 0"
same ids-slow "$(awk '$1 == 100 && $5 < 19000' "$OUT")" ''
same ids-lines "$(grep -cE ' PAIR_LAT pair_id=101 lat=[0-9]+\.[0-9]{3} us ' "$OUT")" 4
has ids-mapping "$OUT" '^Mapping recv dev=va \(ifindex=[0-9]+\) -> pair_id=100$'
# The same ports, but not a pair: counted apart.
acting other multi_vm_pair_latency_pairid --pairs 'va,va=7;vb,vb=8' --interval 1h
has other-apart "$OUT" "^$((N + 3)) packets from va to vb, which are not a pair with such a port\$"
same other-none "$(grep -cE '^[78] ' "$OUT")" 0
tc qdisc replace dev vb root netem loss 100%
action() { datagrams a 10.1.0.2 9 $N && sleep 1.5; } # longer than the timeout
acting lost multi_vm_pair_latency_pairid --config "$TMP/pairs" --timeout 1s --interval 1h
same lost "$(awk '$1 == 100 { print $4, $11 }' "$OUT")" "0 $N"
tc qdisc del dev vb root
printf 'va\n' >"$TMP/bad"
"$ND" multi_vm_pair_latency_pairid --config "$TMP/bad" >/dev/null 2>"$TMP/wrong"
same wrong-pair $? 2
has wrong-pair-says "$TMP/wrong" 'bad:1:1: error: a pair has two devices'

# ADDRESS PORT: datagrams of one flow after 0, 2.5, 0.3 and 0 s.
paused() {
    inside a bash -c 'exec 3>"/dev/udp/$1/$2"; for s in 0 2.5 0.3 0; do sleep $s; echo x >&3; done' - "$1" "$2"
}
action() { paused 10.1.0.2 9; paused fd01::2 11; }
acting pause vm_pair_gap --send-dev va --recv-dev vb --threshold 1500ms --interval 1h
for side in SEND RECV; do
    same pause-$side "$(grep -cE "^[0-9]+\.[0-9]{9} +$side gap>1500000us: [2-4][0-9]{6} us, port=(9|11), dev=v[ab]  " "$OUT")" 2
    same pause-table-$side "$(awk -v s=$side '$1 == s && NF >= 7 { print $(NF - 2), $(NF - 1) }' "$OUT" | xargs)" "4 1 4 1"
done
same pause-all "$(grep -c ' gap>' "$OUT")" 4
acting ports multi_port_gap --send-dev va --recv-dev vb --ports 9,10 --threshold 1500000 --interval 1h
same ports-table "$(awk '$1 ~ /^(SEND|RECV)$/ && NF == 6 { print $1, $2, $3, $4, $5 }' "$OUT" | sort | xargs)" "RECV 9 1 4 1 SEND 9 1 4 1"
"$ND" multi_port_gap --send-dev va --recv-dev vb >/dev/null 2>"$TMP/wrong"
same wrong-ports $? 2
has wrong-ports-says "$TMP/wrong" 'error: name the ports with --ports'
inside b nft delete table inet quiet
inside a nft delete table inet quiet
finish
