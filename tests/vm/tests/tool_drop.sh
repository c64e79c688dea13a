#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# kernels: 6.12
# limit: 300
# stdlib/drop: M packets that nftables drops and N without a receiver are M and N drops, with the
# function, the reason and the flow of each.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
M=20 N=30 IN=b
inside b nft -f - <<'R'
table inet filter {
    chain in { type filter hook input priority 0; udp dport 7 drop; }
}
R
why() { if kernel_at_least 5 17; then echo " \[reason: $1\]"; fi; }
both() { datagrams a "$1" 7 $M && datagrams a "$1" 9 $N; }
# NAME ARGUMENTS...: traces while the datagrams pass; the output is in $OUT.
during() {
    local address=$2
    action() { both "$address"; }
    acting "$1" "${@:3}"
}
# FILE: the first frames of the stacks of the last report, in order of counts.
second() { sed '1,/^Top /d' "$1" | grep -A 1 -E '^    (sk_skb_reason_drop|kfree_skb|kfree_skb_reason)\+' | sed -nE 's/^    ([a-z0-9_]+)\+.*/\1/p'; }

for net in '4 10.1.0.2 10\.1\.0\.1:[0-9]+ 10\.1\.0\.2:' '6 fd01::2 \[fd01::1\]:[0-9]+ \[fd01::2\]:'; do
    read -r v address src dst <<<"$net"
    during "all$v" "$address" kernel_drop_stack_stats_summary_all --l4-protocol udp --name eth0 --interval 1h
    has "all$v-cycle" "$OUT" "^\[.*\] Cycle 1 - Interval drops: $((M + N)), in all $((M + N)) \[showing top 5, grouped by: all\]\$"
    has "all$v-unique" "$OUT" '^  Found 2 unique stack\+flow combinations, showing top 5:$'
    has "all$v-first" "$OUT" "^  #1 Count: $N calls \[device: eth0\] \[stack_id: [12]\]$(why NO_SOCKET)\$"
    has "all$v-second" "$OUT" "^  #2 Count: $M calls \[device: eth0\] \[stack_id: [12]\]$(why NETFILTER_DROP)\$"
    has "all$v-share" "$OUT" "^  #2 Count: $M calls \(40\.0%\) \[device: eth0\]"
    same "all$v-flows" "$(grep -oE "^     Flow: $src -> $dst[79] \(UDP\)\$" "$OUT" | grep -oE '[79] \(UDP' | tr -d ' (UDP\n')" 9797
    has "all$v-function" <(second "$OUT") '^(nf_hook_slow|nft_do_chain)$'
    has "all$v-function-udp" <(second "$OUT") "^(__udp${v}_lib|udp(v6)?)_rcv\$"
    has "all$v-kernel" "$OUT" '^    (nf_hook_slow\+0x[0-9a-f]+ \[kernel\]|nft_do_chain\+0x[0-9a-f]+ \[nf_tables\])$'
done
during stack 10.1.0.2 kernel_drop_stack_stats_summary_all --dst-port 7,9 --group-by stack --interval 1h
# One path may have been interrupted.
same stack "$(sed '1,/^Top /d' "$OUT" | awk '/^  #/ { n += $3 } END { print n }')" $((M + N))
same stack-no-flow "$(grep -c 'Flow:' "$OUT")" 0
during tuple 10.1.0.2 kernel_drop_stack_stats_summary_all --dst-port 7 --group-by fivetuple --interval 1h
has tuple "$OUT" "^  #1 Count: $M calls \(100\.0%\) \[device: eth0\]\$"
same tuple-no-stack "$(grep -c 'Stack trace' "$OUT")" 0
during json 10.1.0.2 -f json kernel_drop_stack_stats_summary_all --dst-port 7 --interval 1h
has json "$OUT" "\"value\":$M[,}]"
during script 10.1.0.2 scripts/kernel_drop_stacks.nd --dst-port 7
has script "$OUT" "^$M x (SKB_DROP_REASON_NETFILTER_DROP|0) on eth0, 100\.0%\$"
"$WITHIN" 60 "$ND" kernel_drop_stack_stats_summary_all -d 200ms >"$TMP/short" 2>&1
same duration $? 0
"$ND" kernel_drop_stack_stats_summary_all --device nosuch >"$TMP/wrong" 2>&1
same wrong-device $? 2
has wrong-device-says "$TMP/wrong" nosuch
inside b nft delete table inet filter
finish
