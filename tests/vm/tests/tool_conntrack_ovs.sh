#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# kernels: 6.12
# limit: 300
# stdlib/stack/trace_conntrack: what Open vSwitch asks of connection tracking: N pings are 2 N packets that
# are tracked in the zone of its flows, with the label that a flow gives the connection.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/ovs.sh"
N=5
ovs_flows <<'F'
table=0,priority=20,icmp,ct_state=-trk,actions=ct(zone=7,table=1)
table=0,priority=1,actions=NORMAL
table=1,priority=20,icmp,ct_state=+new,actions=ct(commit,zone=7,exec(set_field:0x1234567890000000000000000005->ct_label)),NORMAL
table=1,priority=1,actions=NORMAL
F
same warm "$(pings a 10.1.0.2 3)" 3
OUT=$TMP/out
# FUNC: the records of this function, each on one line.
of() { awk -v f="$1" '/FUNC: /{ n = ($0 ~ ("FUNC: " f " ")) } n { printf "%s | ", $0 } n && /^SKB_CT_INFO/ { print "" }' "$OUT"; }
# NAME FUNC NUMBER PATTERN
lines() { same "$1" "$(of "$2" | grep -cE -- "$4")" "$3"; }
trace conntrack trace_conntrack --src-ip 10.1.0.1 --protocol icmp --stack=false || finish
same answered "$(pings a 10.1.0.2 $N)" $N
stop "$PID"
same exit "$CODE" 0
cp "$TMP/conntrack.out" "$OUT"
# Once for each packet, and once more to keep what the first one opened.
lines run ovs_ct_execute $((2 * N + 1)) 'PKTINFO: 10\.1\.0\.[12] -> 10\.1\.0\.[12] \(ICMP\)'
lines run-commit ovs_ct_execute 1 'OvsCommit:1 OvsZoneID:7 '
lines run-zone ovs_ct_execute $((2 * N + 1)) 'OvsConInfoNFCT:0x[0-9a-f]+ OvsCommit:[01] OvsZoneID:7 OvsZoneDir:3\(Both\)'
LABEL='SKBZoneID:7 .* CT_LABEL:0x00001234567890000000000000000005'
lines label-confirm __nf_conntrack_confirm 1 "$LABEL"
if of __nf_ct_refresh_acct | grep -q .; then lines label-later __nf_ct_refresh_acct $((2 * N - 1)) "$LABEL"; fi
# Some kernels also track in the namespaces of the hosts.
n=1
[ "$(of __nf_conntrack_confirm | wc -l)" != 3 ] || n=3
lines confirm __nf_conntrack_confirm $n '10\.1\.0\.1 -> 10\.1\.0\.2 \(ICMP\).*OvsConInfoNFCT:N/A\(Init\).*CTINFO:2\(IP_CT_NEW\)'
ovs_flows <<<'actions=NORMAL'
finish
