#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# kernels: 6.12
# limit: 300
# stdlib/drop/eth_drop: frames of every kind that are dropped, one block each with what was sent.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=5 IN=b
BLOCK='\[[0-9:]{8}\] PID: [0-9]+ TGID: [0-9]+ COMM: .* CPU: [0-9]'
MACS=02000000010202000000010e # from a made-up sender
# A tag of VLAN 100 with priority 3 and an ARP request; an unknown protocol.
ARP=00010800060400010200000001fe0a0101050000000000000a010106
inside b nft -f - <<'R'
table inet filter {
    chain in { type filter hook input priority 0; udp dport 7 drop; }
}
table netdev early {
    chain in { type filter hook ingress device eth0 priority 0; meta protocol arp drop; }
}
R
frame() { inside a "$STIMULUS" frame eth0 "$1" "$2"; }
# NAME ARGUMENTS...: traces while all of it is sent; the output is in $OUT.
action() {
    datagrams a 10.1.0.2 7 $N && datagrams a fd01::2 7 $N
    frame $N "${MACS}810060640806${ARP}"
    frame $N "${MACS}88b5$(printf 'aabbccdd%.0s' {1..12})"
}
during() { acting "$1" eth_drop --device eth0 "${@:2}"; }
# NAME NUMBER LINE
lines() { same "$1" "$(grep -cxE -- "$3" "$OUT")" "$2"; }

during all --verbose
lines all-tag $N 'VLAN ID: 100, Priority: 3, Inner Protocol: 0x0806'
lines all-arp $N '\[VLAN 100\] ARP PACKET'
lines all-op $N '  Operation:     Request'
lines all-hardware $N '  Hardware Type: 0x0001'
lines all-sha $N '  Sender MAC:    02:00:00:00:01:fe'
lines all-spa $N '  Sender IP:     10\.1\.1\.5'
lines all-tpa $N '  Target IP:     10\.1\.1\.6'
lines all-source $((2 * N)) '  Source MAC: 02:00:00:00:01:0e'
lines all-dest $((4 * N)) '  Dest MAC:   02:00:00:00:01:02'
lines all-other $N 'OTHER PROTOCOL'
lines all-bytes $N '  Payload:    aabbccddaabbccdd aabbccddaabbccdd aabbccddaabbccdd aabbccddaabbccdd'
lines all-four $N '  Source IP:   10\.1\.0\.1'
lines all-six $N '  Dest IP:     fd01::2'
lines all-payload $N '  Payload Len: 10'
lines all-length $N '  Length:      30'
lines all-ports $((2 * N)) '  UDP Ports: [0-9]+ -> 7'
lines all-where $((3 * N)) '  nf_hook_slow\+0x[0-9a-f]+'
same all-context "$(grep -cE '^  Context: (softirq|process)$' "$OUT")" $((4 * N))
has all-context-softirq "$OUT" '^  Context: softirq$'
if kernel_at_least 5 17; then
    lines all-reason $((3 * N)) 'Drop reason: NETFILTER_DROP'
    lines all-total 1 "  eth0: $((3 * N)) dropped, NETFILTER_DROP"
    lines all-unhandled 1 "  eth0: $N dropped, (UNHANDLED_PROTO|PTYPE_ABSENT)"
fi
during arp --type arp --no-stack-trace
lines arp-only $N "$BLOCK"
lines arp-arp $N '\[VLAN 100\] ARP PACKET'
lines arp-stack 0 'Stack trace:'
during other --type other -f json
same other-json "$(grep -c '"type":34997' "$OUT")" $N
same other-only "$(grep -c '"type":"event"' "$OUT")" $N
during tuple --dst-ip 10.1.0.2 --dst-port 7 --src-ip 10.1.0.0/24
lines tuple $N "$BLOCK"
lines tuple-source $N '  Source IP:   10\.1\.0\.1'
for wrong in '--type nonsense' '--vlan-id 4095' '--device nosuch' '--src-port 0'; do
    # shellcheck disable=SC2086
    "$ND" eth_drop $wrong >"$TMP/out" 2>"$TMP/wrong"
    same "wrong$wrong" $? 2
    has "wrong$wrong-says" "$TMP/wrong" "error: .*${wrong%% *}: "
    same "wrong$wrong-quiet" "$(cat "$TMP/out")" ''
done
inside b nft delete table inet filter
inside b nft delete table netdev early
finish
