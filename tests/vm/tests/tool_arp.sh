#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# kernels: 6.12
# limit: 300
# stdlib/other/trace_abnormal_arp: of ARP packets in order and of every kind that is not, those that are
# not are shown, each for what is wrong with it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=3 IN=b
A=020000000101 B=020000000102 X=0200000001ee
# DESTINATION SOURCE OPERATION SHA SPA THA TPA, N times from a to b. Addresses: the last byte of 10.1.0.x.
arp() {
    inside a "$STIMULUS" frame eth0 $N "$1$2 0806 0001080006 04 $(printf %04x "$3") $4 ${5} $6 ${7}"
}
ip4() { printf '0a0100%02x' "$1"; }
NONE=00000000 ALL=ffffffffffff ZERO=000000000000
in_order() {
    arp $ALL $A 1 $A "$(ip4 1)" $ZERO "$(ip4 2)"
    arp $B $A 2 $A "$(ip4 1)" $B "$(ip4 2)"
    arp $ALL $A 1 $A $NONE $ZERO "$(ip4 9)" # is the address free?
    arp $ALL $A 1 $A "$(ip4 1)" $ZERO "$(ip4 1)" # here I am
}
not_in_order() {
    arp $ALL $A 1 $X "$(ip4 20)" $ZERO "$(ip4 2)"
    arp $B $A 2 $A "$(ip4 1)" $X "$(ip4 2)"
    arp $B $A 2 $A "$(ip4 1)" $B "$(ip4 1)"
    arp $B $A 5 $A "$(ip4 1)" $B "$(ip4 2)"
    arp $B $A 2 $A $NONE $B "$(ip4 2)"
    arp $ALL $X 1 $X "$(ip4 1)" $ZERO "$(ip4 2)" # only the first takes the address
    inside a "$STIMULUS" frame eth0 $N "$ALL$A 0806 0001080008 04 0001 $A 0000 $(ip4 1) $ZERO 0000 $(ip4 2)"
}
# NAME COMMAND ARGUMENTS...: traces while the command runs; the output is in $OUT.
during() {
    local command=$2
    action() { $command; }
    acting "$1" trace_abnormal_arp --device eth0 "${@:3}"
}
# NAME NUMBER LINE
lines() { same "$1" "$(grep -cxE -- "$3" "$OUT")" "$2"; }
both() { in_order && not_in_order && in_order; }

during wrong both
lines wrong-all $((6 * N + 2)) 'Packet type: [0-9], dev name: eth0, skb protocol: 806'
lines wrong-source $N '  Abnormal: the sender MAC is not the source of the frame'
lines wrong-target $N '  Abnormal: the reply goes to another MAC than its target'
lines wrong-gratuitous $N '  Abnormal: an unsolicited reply \(gratuitous\)'
lines wrong-op $N '  Abnormal: neither a request nor a reply'
lines wrong-no-sender $N '  Abnormal: a reply without a sender IP'
lines wrong-claimed 1 '  Abnormal: the sender IP belonged to 02:00:00:00:01:01' # and given back:
lines wrong-back 1 '  Abnormal: the sender IP belonged to 02:00:00:00:01:ee'
lines wrong-length $N '  Abnormal: addresses of 8 and 4 bytes, .*'
lines wrong-count 1 "@\[stimulus, eth0\]: $((6 * N + 2))"
lines wrong-sha $((N + 1)) '  Sender MAC \(sha\): 02:00:00:00:01:ee'
lines wrong-spa $N '  Sender Protocol Address \(spa\): 10\.1\.0\.20'
has wrong-stack "$OUT" '^    process_backlog\+0x'
has wrong-func "$OUT" '^ARP packet operation: netif_receive_skb$'
during order in_order
lines order-none 0 'Packet type: .*'
# b answers: not what was sent.
during everything in_order --all --no-stack-trace --sender-ip 10.1.0.1,0.0.0.0
lines everything $((4 * N)) 'Packet type: [0-9], dev name: eth0, skb protocol: 806'
lines everything-ok 0 '  Abnormal: .*'
during sender both --sender-ip 10.1.0.20 --vm-mac 02:00:00:00:01:01 -f json
same sender-json "$(grep -c '"spa":"10.1.0.20"' "$OUT")" $N
same sender-only "$(grep -c '"type":"event"' "$OUT")" $N
same sender-why "$(grep -c '"why":257,' "$OUT")" $N # not the source, and not the VM
"$ND" trace_abnormal_arp --vm-mac nonsense >"$TMP/wrong" 2>&1
same bad-mac $? 2
"$ND" trace_abnormal_arp --device nosuch >"$TMP/wrong" 2>&1
same bad-device $? 2
finish
