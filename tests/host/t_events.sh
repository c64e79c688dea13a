#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Events to user space: every packet one line with the right content, in order; or counted as lost.
. "$(dirname "$0")/lib.sh"
network e
send 100 >/dev/null

script='
option dev: ifname "device"
event packet { at: time, dev: ifname, src: ip, dst: ip, sport: port, dport: port, len: u32 }
rawtracepoint:net_dev_queue /args.skb->dev->name == opt.dev && args.skb->len == 242/ {
    $ip = (struct iphdr *)(args.skb->head + args.skb->network_header);
    $udp = (struct udphdr *)(args.skb->head + args.skb->transport_header);
    send packet {
        at: nsecs, dev: args.skb->dev->name, src: ntop($ip->saddr), dst: ntop($ip->daddr),
        sport: bswap($udp->source), dport: bswap($udp->dest), len: args.skb->len
    };
    @n = count();
}
on packet { printf("%s %s:%d -> %s:%d %d\n", dev, src, sport, dst, dport, len); }'

trace events -e "$script" --dev "$A" || finish
N=$(send 20000)
stop "$PID"
same events-exit "$CODE" 0
lost=$(cat "$TMP/events.out" "$TMP/events.err" | grep -oE '[Ll]ost events: [0-9]+' | tail -1 | grep -oE '[0-9]+')
same events-all "$(($(grep -c "^$A 10.77.0.1:40000 -> 10.77.0.2:5201 242\$" "$TMP/events.out") + ${lost:-0}))" "$N"
same events-none-lost "${lost:-0}" 0
same events-counted "$(total "$TMP/events.out" @n)" "$N"

# More than the buffer holds while it is not read: the lost ones are counted to the last.
trace flood -e '
option dev: ifname "device"
rawtracepoint:net_dev_queue /args.skb->dev->name == opt.dev && args.skb->len == 242/ {
    unroll(20) { printf("%r\n", buf(args.skb->data, 200)); }
    @n = count();
}' --dev "$A" -o "$TMP/flood.txt" || finish
kill -STOP "$PID"
N=$(send 2000)
kill -CONT "$PID"
stop "$PID"
same flood-exit "$CODE" 0
lost=$(cat "$TMP/flood.txt" "$TMP/flood.err" | grep -oE '[Ll]ost events: [0-9]+' | tail -1 | grep -oE '[0-9]+')
same flood-sum "$(($(grep -c '^\\x' "$TMP/flood.txt") + ${lost:-0}))" "$((N * 20))"
between flood-lost "${lost:-0}" 1 # else the test is too small
# A stack that was declared and never taken, where no other is either.
"$ND" -q -f json -e 'event e { k: kstack, u: ustack } rawtracepoint:sys_enter { let $k: kstack; let $u: ustack; send e { k: $k, u: $u }; exit() } on e { print(e) }' >"$TMP/out" 2>&1
has blank-stack "$TMP/out" '"fields":\{"k":\{"error":-2\},"u":\{"error":-2\}\}'
finish
