#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: what becomes of packets, not how it is told
# What became of packets that do not arrive: dropped (where and why), seen at another device or delivered, or never
# seen again. A router with three neighbours; the path that is traced leads from the first to the third.
. "$(dirname "$0")/lib.sh"
network f
C=ndfc$$ D=ndfd$$
NS+=("$C" "$D")
# B is the router; NAME NUMBER: its device bNUMBER leads to the namespace.
neighbour() {
    ip netns add "$1" && ip -n "$B" link add "b$2" address "02:00:00:00:01:0$2" type veth peer name port address "02:00:00:00:02:0$2" netns "$1" &&
        ip netns exec "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 &&
        ip -n "$B" addr add "10.78.$2.1/24" dev "b$2" && ip -n "$1" addr add "10.78.$2.2/24" dev port &&
        ip -n "$B" link set "b$2" up && ip -n "$1" link set port up && ip -n "$1" route add default via "10.78.$2.1" &&
        ip -n "$B" neigh replace "10.78.$2.2" lladdr "02:00:00:00:02:0$2" dev "b$2" nud permanent &&
        ip -n "$1" neigh replace "10.78.$2.1" lladdr "02:00:00:00:01:0$2" dev port nud permanent || not_ok network "no neighbour $1"
}
ip netns exec "$B" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
neighbour "$C" 2
neighbour "$D" 3
ip -n "$A" route add default via 10.77.0.2
ip -n "$B" route add unreachable 10.78.4.0/24
IN=$B
N=7
pings() { ip netns exec "$A" ping -c "${2:-$N}" -i 0.01 -W 1 -q "$1" >/dev/null; }
# Requests from A that should leave by b3.
WAY='option dev: ifname option up: ifname
path way by packet_id timeout 300ms = netif_rx "IN" if (pkt.dev == opt.dev && pkt.icmp.type == 8) -> tx_xmit "OUT" if (pkt.dev == opt.up)'
ASK='probe way:lost { @lost[step.from, path.reason, path.place != 0] = count() }
probe way:elsewhere { @elsewhere[step.from, path.how, path.other] = count() }
probe way:vanished { @vanished[step.from] = count() }
probe way:done { @done = count() }'

trace all -e "$WAY $ASK" --dev "$B" --up b3 || finish
pings 10.78.3.2            # where they should go
pings 10.78.2.2 $((N + 1)) # to the other neighbour
pings 10.78.4.1 $((N + 2)) # nowhere
sleep 1
stop "$PID"
OUT=$TMP/all.out
has all-done "$OUT" "^@done: $N\$"
has all-elsewhere "$OUT" "^@elsewhere\[IN, sent, b2\]: $((N + 1))\$"
has all-lost "$OUT" "^@lost\[IN, .*, true\]: $((N + 2))\$"
has all-path "$OUT" "^path way: started $((3 * N + 3)), done $N, lost $((N + 2)) \(after IN $((N + 2))\), elsewhere $((N + 1)) \(b2 $((N + 1))\), under way 0\$"

# A device that drops: what the queue of b3 does not take is lost, with the kernel's reason; what waits for longer than
# the timeout has vanished, until it comes.
tc -n "$B" qdisc replace dev b3 root tbf rate 2kbit burst 200 limit 300
trace queue -e "$WAY probe way:lost { @lost[step.from, path.reason, path.place] = count() } probe way:vanished { @vanished[step.from] = count() }" \
    --dev "$B" --up b3 || finish
pings 10.78.3.2 20
sleep 1
stop "$PID"
tc -n "$B" qdisc del dev b3 root
OUT=$TMP/queue.out
lost=$(total "$OUT" @lost) vanished=$(total "$OUT" @vanished)
between queue-lost "$lost" 10 19
between queue-vanished "$vanished" 1 5
same queue-place "$(sed -nE 's/^@lost\[IN, ([A-Z_]*), ([a-z_]+)\+.*/\1/p' "$OUT" | sort -u)" SKB_DROP_REASON_QDISC_DROP
has queue-path "$OUT" "^path way: started 20, done [0-9]+, lost $lost \(after IN $lost\), vanished $vanished \(after IN $vanished\), under way 0(, unmatched [0-9]+)?\$" # those that came later

# Delivered to the router itself.
trace here -f json -e "$WAY probe way:elsewhere { @elsewhere[step.from, path.how, path.other] = count() }" --dev "$B" --up b3 || finish
pings 10.77.0.2
sleep 1
stop "$PID"
has here "$TMP/here.out" '"key":\["IN","delivered",""\],"value":'"$N\b"
has here-path "$TMP/here.out" "\"name\":\"way\",\"started\":$N,\"done\":0,.*\"lost\":0,.*\"elsewhere\":$N,\"elsewhere_at\":\{\"this host\":$N\},\"vanished\":0,\"vanished_after\":\{\}"

# A script that does not ask has the programs of its stages only, and all are lost.
trace plain -e "$WAY probe way:lost { @lost[step.from] = count() }" --dev "$B" --up b3 || finish
pings 10.78.2.2
sleep 1
stop "$PID"
has plain-lost "$TMP/plain.out" "^@lost\[IN\]: $N\$"
has plain-path "$TMP/plain.out" "^path way: started $N, done 0, lost $N \(after IN $N\), under way 0\$"
has plain-programs "$TMP/plain.err" '^Attached 2 probes'

# Asking for one of its words is asking; copies of a packet that another program reads do not count as its drop, nor
# does what the path filters out cost a look.
ip netns exec "$B" timeout 20 tcpdump -qnn -i b2 -w /dev/null 2>/dev/null &
dump=$!
trace word -e "$WAY probe way:lost { @place[path.place != 0] = count() } probe way:vanished { @vanished = count() }" --dev "$B" --up b3 || finish
pings 10.78.2.2
sleep 1
stop "$PID"
kill $dump 2>/dev/null; wait $dump 2>/dev/null
same word "$(total "$TMP/word.out" @place):$(total "$TMP/word.out" @vanished)" 0:0
has word-path "$TMP/word.out" "^path way: started $N, done 0, lost 0, elsewhere $N \(b2 $N\), under way 0\$"

# By another key; one that cannot be made elsewhere sees nothing there, and says nothing.
trace key -e "option dev: ifname option up: ifname
path way by (pkt.ip.id, pkt.icmp.seq) timeout 300ms = netif_rx if (pkt.dev == opt.dev && pkt.icmp.type == 8) -> tx_xmit if (pkt.dev == opt.up)
path own by dev->ifindex timeout 300ms = tx_xmit if (pkt.dev == \"b2\" && pkt.icmp.type == 8) -> tx_queue if (pkt.dev == opt.up)
$ASK probe own:vanished { @own = count() }" --dev "$B" --up b3 || finish
pings 10.78.2.2
sleep 1
stop "$PID"
has key "$TMP/key.out" "^@elsewhere\[netif_rx, sent, b2\]: $N\$"
has key-idle "$TMP/key.out" '^path own: started [0-9]+, .*vanished [0-9]+'
finish
