#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# kernels: 6.12
# limit: 300
# stdlib/stack/trace_ip_defrag: N datagrams of 4000 bytes are 3 N fragments and N that are put together;
# without the last fragment none is, and that is reported; copies are told apart. On a separate wire: kernels before
# 5.13 go on putting fragments together for tracking where that was on once.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=4 IN=f
{ netns e && netns f && ip -n e link add eth0 type veth peer name eth0 netns f && address e eth0 1 8 && address f eth0 2 8 &&
    neighbour e eth0 2 8 && neighbour f eth0 1 8; } || not_ok wire "no such devices"
inside f sysctl -qw net.ipv4.ipfrag_time=1 net.ipv6.ip6frag_time=1
inside e ping -q -c 1 -s 4000 10.8.0.2 >/dev/null # the way is known
large() { for ((i = 0; i < N; i++)); do inside e bash -c 'head -c 4000 /dev/zero >"/dev/udp/$1/9"' - "$1" 2>/dev/null; done; }
both() { large 10.8.0.2; large fd08::2; }
# NAME COMMAND ARGUMENTS...: traces while the command runs; the output is in $OUT.
during() {
    local command=$2
    action() { $command; }
    acting "$1" trace_ip_defrag "${@:3}"
}
# NAME NUMBER LINE
lines() { same "$1" "$(grep -cxE -- "$3" "$OUT")" "$2"; }
WHEN='[0-9:]{8}\.[0-9]{3} [0-9]+/[^ ]+ *'
last_line() { has "$1" "$OUT" "^\[.*\] $2\$"; }
# N4 N6: so many more are given up.
given_up() {
    wait_until 30 counted_to $((v4 + $1)) f snmp ReasmTimeout && wait_until 30 counted_to $((v6 + $2)) f snmp6 Ip6ReasmTimeout
}
before() { v4=$(counters f snmp ReasmTimeout) v6=$(counters f snmp6 Ip6ReasmTimeout); }
until_lost() { before && both && given_up $N $N; }

during none both --dst-port 12 --src-ip 9.9.9.9
has none "$OUT" "^this host: $((6 * N)) fragments, none from 9\.9\.9\.9 to port 12\$"
during whole both --protocol udp
same whole-said "$(grep -c '^this host' "$OUT")" 0
last_line whole-counts "Fragments: $((6 * N)), datagrams completed: $((2 * N)), failed: 0 \(timeout 0, overlap 0, dup 0, mem 0\)"
lines whole-first $N "\[ip_defrag\] ${WHEN} DEV=eth0   10\.8\.0\.1:[0-9]+ -> 10\.8\.0\.2:9 Proto=17 User=0\(IP_DEFRAG_LOCAL_DELIVER\) ID=[0-9]+ Offset=0 MF"
lines whole-second $N "\[ip_defrag\] .* Offset=1480 MF"
lines whole-third $N "\[ip_defrag\] .* Proto=17 \(L4 hdr\?\) .* Offset=2960"
lines whole-done $N "\[REASSEMBLED\] ${WHEN} DEV=eth0   10\.8\.0\.1 -> 10\.8\.0\.2 Proto=17 User=0.* ID=[0-9]+"
lines whole-first6 $N "\[ipv6_frag_rcv\] .* \[fd08::1\]:[0-9]+ -> \[fd08::2\]:9 Proto=17 .* Offset=0 MF"
lines whole-done6 $N "\[REASSEMBLED\] .* fd08::1 -> fd08::2 Proto=17 .*"
same whole-ids "$(sed -nE 's/^\[(ip_defrag|REASSEMBLED)\] .* 10.* ID=([0-9]+).*/\2/p' "$OUT" | sort | uniq -c | awk '$1 == 4' | wc -l)" $N
same whole-ids6 "$(sed -nE 's/^\[(ipv6_frag_rcv|REASSEMBLED)\] .*fd08::1.* ID=([0-9]+).*/\2/p' "$OUT" | sort | uniq -c | awk '$1 == 4' | wc -l)" $N
same whole-frees "$(grep -c '^\[kfree_skb\]' "$OUT")" 0

# The last fragment of each does not come: at 2960 bytes, and at 2896.
inside f nft -f - <<'R'
table netdev early {
    chain in {
        type filter hook ingress device eth0 priority 0;
        ip frag-off & 0x1fff == 370 drop
        meta protocol ip6 ip6 nexthdr 44 @nh,336,16 0xb50 drop
    }
}
R
during lost until_lost
last_line lost-counts "Fragments: $((4 * N)), datagrams completed: 0, failed: $((2 * N)) \(timeout $((2 * N)), overlap 0, dup 0, mem 0\)"
lines lost-what $N '\[TIMEOUT\] .* 10\.8\.0\.1 -> 10\.8\.0\.2 Proto=17 User=0.* ID=[0-9]+ Received=2960 bytes, first yes, last no'
lines lost-what6 $N '\[TIMEOUT\] .* fd08::1 -> fd08::2 .* ID=[0-9]+ Received=2896 bytes, first yes, last no'
lines lost-where $N '\[kfree_skb\] .* DEV=eth0   10\.8\.0\.1 -> 10\.8\.0\.2 Proto=17 \(L4 hdr\?\) ID=[0-9]+ Offset=2960 StackID=[0-9]+ \(Fragment Related\).*'
has lost-stack "$OUT" '^   - nf_hook_slow\+0x'
inside f nft delete table netdev early

# Dropped on their way out, where no one put them together: the device is that of the drop, not of the last fragments.
ip -n e link set eth0 name out0
drop_out() { inside e tc qdisc replace dev out0 root netem loss 100%; large 10.8.0.2; inside e tc qdisc del dev out0 root; }
large 10.8.0.2
during out drop_out --dst-port 9 --src-ip 10.8.0.1
lines out-where $((3 * N)) '\[kfree_skb\] .* DEV=out0@e +10\.8\.0\.1(:[0-9]+)? -> 10\.8\.0\.2(:9)? Proto=17 .*'
same out-others "$(grep '^\[kfree_skb\]' "$OUT" | grep -vc 'DEV=out0')" 0
during port drop_out --dst-port 10 --src-ip 10.8.0.1
same port-filter "$(grep -c '^\[' "$OUT")" 1 # the counts at the end
ip -n e link set out0 name eth0

# Each comes twice: the copies of the first two are told, that of the third waits for the others in vain.
twice() { before && large 10.8.0.2 && given_up $N 0; }
inside e tc qdisc replace dev eth0 root netem duplicate 100%
during dup twice --summary --no-stack-trace
last_line dup-counts "Fragments: $((6 * N)), datagrams completed: $N, failed: $N \(timeout $N, overlap 0, dup $((2 * N)), mem 0\)"
lines dup-first $N "\[DUP_INSERT\] ${WHEN} DEV=eth0   10\.8\.0\.1:[0-9]+ -> 10\.8\.0\.2:9 Proto=17 Queue=\(10\.8\.0\.1->10\.8\.0\.2 ID=[0-9]+ Proto=17\) Offset=0 End=1480"
lines dup-second $N '\[DUP_INSERT\] .* \(L4 hdr\?\) Queue=.* Offset=1480 End=2960'
lines dup-third $N '\[TIMEOUT\] .* Received=1048 bytes, first no, last yes'
lines dup-summary 0 '\[(ip_defrag|REASSEMBLED)\] .*'
inside e tc qdisc del dev eth0 root

track f # it puts them together before the host would
during tracked both --dst-ip 10.8.0.2,fd08::/16 -f json
same tracked-json "$(grep -c '"what":"ip_defrag".*"user":2,' "$OUT")" $((3 * N))
same tracked-json6 "$(grep -c '"what":"nf_ct_frag6"' "$OUT")" $((3 * N))
same tracked-done "$(grep -c '"what":"REASSEMBLED"' "$OUT")" $((2 * N))
ip netns del e
ip netns del f
"$ND" trace_ip_defrag --protocol nonsense >"$TMP/wrong" 2>&1
same bad-protocol $? 2
finish
