#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# kernels: 6.12
# check: 6.12
# limit: 400
# Queues that refuse, hold and pass packets on, filters and actions of tc: stdlib/drop/qdisc_drop_trace and three of stdlib/other.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=12 IN=a
modprobe -a sch_prio sch_ingress cls_flower cls_matchall cls_u32 act_gact 2>/dev/null
inside b nft 'add table inet quiet; add chain inet quiet in { type filter hook input priority 0; }; add rule inet quiet in udp dport 9 drop'
burst() { inside a bash -c 'exec 3>"/dev/udp/$1/9"; for ((i = 0; i < $2; i++)); do printf %0500d 0 >&3; done' - "$1" "$2"; }
# FIELD: of the queue, by tc itself.
by_tc() { tc -n a -s qdisc show dev eth0 | sed -nE "s/.*$1 ([0-9]+).*/\1/p" | head -n 1; }

# A bucket with room for a few: what it drops is refused, named and counted.
host_queue tbf rate 8kbit burst 1600 limit 3000
dropped=0
action() { burst 10.1.0.2 20 && burst fd01::2 20 && dropped=$(by_tc '\(dropped'); }
acting full qdisc_drop_trace.py --interface eth0 --drops-only --verbose --interval 1h
between full-some "$dropped" 10
same full-blocks "$(grep -c '^  RETURN: 1 (NET_XMIT_DROP)$' "$OUT")" "$dropped"
has full-six "$OUT" '^  IP: \[fd01::1\]:[0-9]+ -> \[fd01::2\]:9 \(UDP\) PROTO: 0x86dd$'
has full-last "$OUT" "^  QDISC tbf [0-9a-f]+: FLAGS: 0x[0-9a-f]{8} QLEN: [1-9] BACKLOG: [1-9][0-9]* DROPS: $dropped REQUEUES: 0 OVERLIMITS: [0-9]+\$"
has full-codes "$OUT" "^  1: $dropped \(NET_XMIT_DROP\) on eth0\$"
has full-entries "$OUT" '^  __dev_queue_xmit entries: 40 on eth0$'
if kernel_at_least 5 17; then has full-reason "$OUT" "^  $dropped on eth0 \[reason: QDISC_"; fi
host_queue
host_queue tbf rate 8kbit burst 1600 limit 3000
acting depth trace_dev_queue_xmit --device eth0 --dst-port 9 --interval 1h
read -r packets refused longest <<<"$(awk '$1 == "eth0" && $3 == "tbf" { print $4, $5, $9 }' "$OUT")"
same depth-packets "$packets" 40
same depth-dropped "$refused" "$dropped"
between depth-longest "$longest" 4 6
host_queue

# Queues that only pass: each of N and N packets is counted once.
both() { pings a 10.1.0.2 $N && pings a fd01::2 $N; }
action() {
    both
    for kind in 'fq_codel' 'prio' 'htb default 1' 'tbf rate 1gbit burst 100k limit 1m'; do
        # shellcheck disable=SC2086
        host_queue $kind
        [ "${kind%% *}" != htb ] || tc -n a class add dev eth0 parent "$(tc -n a qdisc show dev eth0 | awk '{ print $3; exit }')" classid :1 htb rate 1gbit quantum 60000
        both
        host_queue
    done
}
acting kinds trace_tc_qdisc.bt --device eth0 --protocol icmp --interval 1h
same kinds-answered "$(sort "$TMP/kinds.cmd" | uniq -c | xargs)" "10 $N"
has kinds-noqueue "$OUT" "^  eth0: qdisc noqueue, handle 0:0: $((2 * N))\$"
for kind in fq_codel prio htb tbf; do
    has "kinds-$kind" "$OUT" "^  eth0: qdisc $kind, handle [0-9a-f]+:0: $((2 * N))\$"
    # fq_codel is bypassed when it is empty.
    [ $kind = fq_codel ] || has "kinds-$kind-queued" "$OUT" "^  eth0: qdisc enqueue: ${kind}_enqueue \($kind\), handle [0-9a-f]+:0, NET_XMIT_SUCCESS: $((2 * N))\$"
done

# Filters on the queue, and on the way in and out.
host_queue handle 1: prio
tc -n a filter add dev eth0 parent 1: protocol ip pref 7 flower ip_proto icmp classid 1:2
tc -n a qdisc add dev eth0 clsact
tc -n a filter add dev eth0 egress protocol ipv6 pref 3 flower ip_proto udp dst_port 9 action drop
tc -n a filter add dev eth0 ingress protocol ipv6 pref 4 matchall action ok
action() { both; burst fd01::2 5; }
acting filters trace_tc_qdisc --device eth0 --interval 1h
has filters-class "$OUT" "^  eth0: filter flower pref 7, classid 1:2, OK: $N\$"
has filters-drop "$OUT" '^  eth0: filter flower pref 3, classid 0:0, SHOT: 5$'
has filters-action "$OUT" '^  eth0: action gact, SHOT: 5$'
same filters-reads "$(grep -c 'Failed reads' "$OUT")" 0
has filters-in "$OUT" "^  eth0: filter matchall pref 4, classid 0:0, OK: $N\$"
tc -n a qdisc del dev eth0 clsact
host_queue

# What leaves a queue, and large segments: sizes and types as the socket made them.
host_queue netem delay 5ms
action() { burst 10.1.0.2 $N; wait_until 30 drained eth0 a; }
acting leave trace-qdisc-dequeue.bt --device eth0 --dst-port 9 --interval 1h
same leave-packets "$(awk '$1 == "eth0" { print $3, $5 }' "$OUT")" "$N $((N * 542))"
same leave-quiet "$(grep -c 'unexpected gso type' "$OUT")" 0
inside b timeout 60 nc -l 10.1.0.2 8080 >"$TMP/got" &
wait_until 20 listening b 8080
action() { head -c 200000 /dev/zero | inside a timeout 30 nc -N 10.1.0.2 8080; }
acting segments trace_qdisc_dequeue --all --dst-port 8080 --no-stack-trace --interval 1h
same segments-arrived "$(wc -c <"$TMP/got")" 200000
has segments-gso "$OUT" '^netdev: eth0 \(ifindex=[0-9]+\) len=[0-9]+ data_len=[0-9]+ .* gso_size=1448 gso_segs=([2-9]|[1-4][0-9]) gso_type=0x01 '
has segments-socket "$OUT" '^inet socket info: saddr: 10\.1\.0\.1, daddr: 10\.1\.0\.2, sport: [0-9]+, dport: 8080$'
has segments-queue "$OUT" '^netem, handle [0-9a-f]+:0, classid 0:0$'
# All bytes left the queue: those of the data, and of the headers.
between segments-bytes "$(awk '$1 == "eth0" { print $5 }' "$OUT")" 200000 215000
host_queue
inside b nft delete table inet quiet
finish
