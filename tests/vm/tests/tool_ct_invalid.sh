#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# check: 6.12
# limit: 180
# stdlib/other/trace_ovs_ct_invalid: segments far ahead of their connection are invalid, and the check that they fail is named; so are
# flags that make no sense, and errors about no connection.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=5
track b
inside b timeout 150 nc -lk 7001 >/dev/null &
listener=$!
until_ok 20 inside b bash -c 'ss -Hltn sport = 7001 | grep -q .'
# As the kernel counts them, over all CPUs.
invalid() { inside b conntrack -S | sed -nE 's/.* invalid=([0-9]+) .*/\1/p' | awk '{ n += $1 } END { print n }'; }
before=$(invalid)
IN=b
action() { inside a $STIMULUS ahead 10.1.0.2 $N; }
acting ahead trace_ovs_ct_invalid --interval 1h --stack
same ahead-counted "$(($(invalid) - before))" $N
same ahead-segments "$(grep -cE '^nf_conntrack_tcp_packet dev_name: eth0, sip: 10\.1\.0\.1:[0-9]+, dip: 10\.1\.0\.2:7001, nfct: 0x[0-9a-f]+, comm: ' "$OUT")" $N
same ahead-check "$(grep -c '^INVALID: SEQ is over the upper bound (past the window of the receiver)$' "$OUT")" $N
same ahead-state "$(grep -cE 'sender td_end: [0-9]+, td_maxend: [0-9]+, td_maxwin: [1-9][0-9]*, td_maxack: [0-9]+, ip ct state: (ESTABLISHED|SYN_RECV), dir: 0$' "$OUT")" $N
same ahead-once "$(grep -c '^INVALID' "$OUT")" $N
has ahead-table "$OUT" "^nf_conntrack_in +eth0 +TCP +$N\$"
has ahead-stack "$OUT" '^    [a-z_0-9.]+\+0x'
# All packets: those of the handshake are valid.
acting all trace_ovs_ct_invalid --only-invalid=false --dst-port 7001 --interval 1h
same all-invalid "$(grep -c '^INVALID' "$OUT")" $N
between all-valid "$(grep -c '^valid' "$OUT")" 2
# Frames with SYN and FIN, of IPv4 and IPv6, and an ICMP error about a flow that nobody knows.
four=020000000102.020000000101.0800.45000028000140004006.26cb.0a010001.0a010002.1234.0009.00000001.00000000.5003.0400.dead.0000
six=020000000102.020000000101.86dd.6000000000140640.fd010000000000000000000000000001.fd010000000000000000000000000002.1234.0009.00000001.00000000.5003.0400.dead.0000
error=020000000102.020000000101.0800.45000038000140004001.26c0.0a010001.0a010002.0301.fcfe.00000000.4500001c000100004011.0000.0a010002.0a010001.0035.0036.0008.0000
action() { inside a $STIMULUS frame eth0 3 $four && inside a $STIMULUS frame eth0 2 $six && inside a $STIMULUS frame eth0 4 $error; }
acting flags trace-ovs-ct-invalid.bt --interval 1h
same flags-four "$(grep -cE 'sip: 10\.1\.0\.1:4660, dip: 10\.1\.0\.2:9, ' "$OUT")" 3
same flags-six "$(grep -cE 'sip: fd01::1:4660, dip: fd01::2:9, ' "$OUT")" 2
same flags-check "$(grep -c '^INVALID: flags 0x03 are not a valid combination$' "$OUT")" 5
same error-apart "$(grep -cE '\] nf_conntrack_in dev_name: eth0, sip: 10\.1\.0\.1:0, dip: 10\.1\.0\.2:0, ICMP, nfct: 0x0$' "$OUT")" 4
has flags-table "$OUT" '^nf_conntrack_in +eth0 +TCP +5$'
acting other trace_ovs_ct_invalid --protocol udp --interval 1h
has other-none "$OUT" '^none of [1-9][0-9]* packets$'
IN=
kill $listener 2>/dev/null
untrack b
finish
