#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# kernels: 6.12
# limit: 300
# stdlib/stack/trace_conntrack: the connection of N pings in zone 5, and one of TCP that is refused, as
# conntrack lists them.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=5 IN=b
inside b nft -f - <<'R'
table inet tracked {
    chain early { type filter hook prerouting priority -300; ct zone set 5; }
    chain out { type filter hook output priority -300; ct zone set 5; }
    chain in { type filter hook input priority 0; ct state established,related accept; }
}
R
# NAME COMMAND ARGUMENTS...: traces while the command runs; the output is in $OUT.
during() {
    local command=$2
    action() { $command; }
    acting "$1" trace_conntrack "${@:3}"
}
# FUNC: the records of this function, each on one line.
of() { awk -v f="$1" '/FUNC: /{ n = ($0 ~ ("FUNC: " f " ")) } n { printf "%s | ", $0 } n && /^SKB_CT_INFO/ { getline x; printf "%s\n", x }' "$OUT"; }
# NAME FUNC NUMBER PATTERN
lines() { same "$1" "$(of "$2" | grep -cE -- "$4")" "$3"; }
all() {
    pings a 10.1.0.2 $N >/dev/null
    inside a bash -c ': >/dev/tcp/10.1.0.2/9' 2>/dev/null
    pings a fd01::2 $N >/dev/null
}
DAY='DATETIME: [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\.[0-9]{3}'
during four all --src-ip 10.1.0.1 --stack=false
lines four-in nf_conntrack_in $((2 * N)) 'PKTINFO: 10\.1\.0\.[12] -> 10\.1\.0\.[12] \(ICMP\) IP_ID:0x'
lines four-dev nf_conntrack_in $N "^$DAY COMM: .{16} FUNC: nf_conntrack_in           DEV: eth0\\[[0-9]+\\] \\| PKTINFO: 10\.1\.0\.1 -> "
# Rules have put a template there: it says the zone.
lines four-template nf_conntrack_in $((2 * N)) 'ICMP.* CT_STATUS:0x[0-9a-f]*8[0-9a-f]{2}\(TEMPLATE\) CTINFO:.* SKBZoneID:5 '
# The first packet is new, answers are replies, later ones belong to it.
lines four-confirm __nf_conntrack_confirm 1 'ICMP.*CTINFO:2\(IP_CT_NEW\) .* SKBZoneID:5 SKBZoneDir:3\(Both\)'
if of __nf_ct_refresh_acct | grep -q .; then
    lines four-new __nf_ct_refresh_acct 1 'ICMP.*CTINFO:2\(IP_CT_NEW\)'
    lines four-reply __nf_ct_refresh_acct $N '10\.1\.0\.2 -> 10\.1\.0\.1 \(ICMP.*\(NOT_TEMPLATE\) CTINFO:3\(IP_CT_ESTABLISHED_REPLY\) .* SKBZoneID:5'
    lines four-established __nf_ct_refresh_acct $((N - 1)) '10\.1\.0\.1 -> 10\.1\.0\.2 \(ICMP.*CTINFO:0\(IP_CT_ESTABLISHED\)'
fi
lines four-syn nf_conntrack_tcp_packet 2 '10\.1\.0\.1:[0-9]+ -> 10\.1\.0\.2:9 \(TCP\) .* ACK:0 FLAGS:\[SYN\] .*SKBZoneID:5'
lines four-rst nf_conntrack_tcp_packet 2 '10\.1\.0\.2:9 -> 10\.1\.0\.1:[0-9]+ \(TCP\) .* SEQ:0 .* FLAGS:\[RST\|ACK\]'
lines four-accepted nf_conntrack_tcp_packet 2 'RET: 1 \(NF_ACCEPT\)$'
lines four-no-six nf_conntrack_in 0 ICMPV6
has four-end "$OUT" '^Detaching probes and exiting\.\.\.$'
# What the kernel lists.
same four-listed "$(inside b conntrack -L -p icmp 2>/dev/null | grep -c 'src=10.1.0.1 dst=10.1.0.2.* zone=5')" 1
gone() { inside b conntrack -F 2>/dev/null; }
six() { all; gone; }
cat >"$TMP/filters.json" <<'J'
[ {"src_ip": "10.9.9.9", "protocol": "tcp"},
  {"src_ip": "fd01::1", "dst_ip": "fd01::2", "protocol": "icmp", "src_port": 0} ]
J
gone
during six six --filters-file "$TMP/filters.json" --rel-time
lines six-in nf_conntrack_in $((2 * N)) 'PKTINFO: fd01::[12] -> fd01::[12] \(ICMPV6\) '
same six-only "$(grep -c '^PKTINFO: 10' "$OUT")" 0
has six-time "$OUT" '^\[ {3,4}[0-9]+\.[0-9]{3}\] COMM: .* FUNC: nf_conntrack_in '
has six-stack "$OUT" '^  nf_hook_slow\+0x'
lines six-zone __nf_conntrack_confirm 1 'fd01::1 -> fd01::2 \(ICMPV6\).*CTINFO:2\(IP_CT_NEW\) .* SKBZoneID:5'
same six-deleted "$(grep -A 1 'FUNC: nf_ct_delete ' "$OUT" | grep -cx 'PKTINFO: fd01::1 -> fd01::2 (ICMPV6)')" 1
same six-early "$(grep -A 3 'FUNC: nf_ct_delete ' "$OUT" | grep -cx 'TIMEOUT: deleted before its time')" 1

# A packet that belongs to no connection is invalid, for TCP and for the hook; a connection whose time is over has timed out.
inside b sysctl -qw net.netfilter.nf_conntrack_icmp_timeout=1 net.netfilter.nf_conntrack_tcp_loose=0
stray() {
    inside b nc -l 10.1.0.2 8080 >/dev/null &
    local listener=$! client
    wait_until 20 listening b 8080
    inside a bash -c 'exec 3<>/dev/tcp/10.1.0.2/8080; sleep 2; echo x >&3; sleep 1' &
    client=$!
    sleep 1
    inside b conntrack -F 2>/dev/null # now its packets belong to none
    pings a 10.1.0.2 1 >/dev/null
    wait $client
    kill $listener 2>/dev/null
    inside b conntrack -L >/dev/null 2>&1
}
during stray stray --src-ip 10.1.0.1 --stack=false --verbose
has stray-invalid "$OUT" '^CT_STATE: INVALID$'
has stray-ret "$OUT" '^RET: -1 \(-NF_ACCEPT: invalid\)$'
has stray-verdict "$OUT" '^RET: 1 \(NF_ACCEPT\)$'
has stray-invalid-count "$OUT" '^  nf_conntrack_in: [1-9][0-9]* INVALID$'
has stray-timeout "$OUT" '^TIMEOUT: expired$'
has stray-counts "$OUT" '^  nf_ct_delete: [1-9][0-9]* timed out$'
# Nothing matched: what passed, and what excluded it.
few() { pings a 10.1.0.2 $N >/dev/null; }
during none few --src-ip 9.9.9.9 --protocol udp --stack=false
has none "$OUT" '^\[.*\] connection tracking: [1-9][0-9]* packets, none from 9\.9\.9\.9 of UDP$'
during some few --src-ip 10.1.0.1 --stack=false
same some "$(grep -c 'connection tracking:' "$OUT")" 0
printf '[{"src_ip": "10.0.0.1"},\n {"sport": 1}]' >"$TMP/filters.json"
"$ND" trace_conntrack --filters-file "$TMP/filters.json" >"$TMP/wrong" 2>&1
same wrong-file $? 2
has wrong-file-says "$TMP/wrong" "filters.json:2:3: error: 'sport' is not one of src_ip, dst_ip, protocol, src_port, dst_port"
inside b nft delete table inet tracked
finish
