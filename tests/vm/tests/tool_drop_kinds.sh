#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# kernels: 6.12
# check: 6.12
# limit: 300
# stdlib/drop: every kind of drop is counted once, named, with its device, whatever IP it has; the controller shows what was
# dropped while a counter grew, and nothing else.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=6 IN=b
# b forwards to a network of its own, `far`, with small packets only.
ip -n b link add far mtu 1280 type dummy && ip -n b link set far up && ip -n b addr add 10.9.0.1/24 dev far && ip -n b addr add fd09::1/64 dev far nodad
inside b sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=1
ip -n a route add 10.9.0.0/24 via 10.1.0.2 && ip -n a route add fd09::/64 via fd01::2
ip -n a route add 10.99.0.0/24 via 10.1.0.2 && ip -n a route add fd99::/64 via fd01::2
ip -n a addr add 10.9.0.77/32 dev lo
inside b nft -f - <<-'R'
	table inet filter {
	    chain in { type filter hook input priority 0; udp dport 7 drop; }
	}
	R
# NAMESPACE ADDRESS N OPTION...: pings of which none is answered.
vain() { inside "$1" ping -q -c "$3" -i 0.02 -W 1 "${@:4}" "$2" >/dev/null; }
# HEX: the checksum of an IPv4 header.
ip_sum() {
    local i s=0
    for ((i = 0; i < ${#1}; i += 4)); do s=$((s + 0x${1:i:4})); done
    s=$(((s & 0xffff) + (s >> 16)))
    printf %04x $((~((s & 0xffff) + (s >> 16)) & 0xffff))
}
# A datagram from a to port 8 of b whose checksum is wrong.
head4=4500001e00004000401100000a0100010a010002
bad4=0200000001020200000001010800${head4:0:20}$(ip_sum $head4)${head4:24}9c400008000aabcd7878
bad6=02000000010202000000010186dd60000000000a1140fd010000000000000000000000000001fd0100000000000000000000000000029c400008000aabcd7878
# A receiver that does not read: what its buffer cannot hold is dropped.
full() {
    local pid
    inside b nc -u -l "$1" 9009 >/dev/null &
    pid=$!
    wait_until 10 bound
    kill -STOP $pid
    inside a bash -c 'exec 3>"/dev/udp/$1/9009"; for ((i = 0; i < 12; i++)); do printf %01000d 0 >&3; done' - "$1"
    kill -KILL $pid
    wait $pid 2>/dev/null
}
bound() { [ -n "$(ip netns exec b ss -Hlun 'sport = :9009')" ]; }
# How many packets the backlogs of the CPUs refused.
backlog() {
    local n=0 d
    while read -r _ d _; do n=$((n + 16#$d)); done </proc/net/softnet_stat
    echo $n
}
# FILE NAME COMMAND...: by how much a counter of b grew meanwhile.
grown() {
    local was
    was=$(counters b "$1" "$2")
    "${@:3}"
    grew=$(($(counters b "$1" "$2") - was))
}
# N BYTES: datagrams to the port of the rule, which nothing answers.
quiet() { inside a bash -c 'exec 3>/dev/udp/10.1.0.2/7; for ((i = 0; i < $1; i++)); do printf "%0$2d" 0 >&3; done' - "$@"; }

was_rmem=$(sysctl -n net.core.rmem_default) was_backlog=$(sysctl -n net.core.netdev_max_backlog)
modprobe -a udp_diag inet_diag 2>/dev/null
action() {
    datagrams a 10.1.0.2 7 $N && datagrams a fd01::2 7 $N   # a rule
    datagrams a 10.1.0.2 9 $N && datagrams a fd01::2 9 $N   # no socket
    vain a 10.1.0.2 $N -I 10.9.0.77                         # from where it cannot come
    vain a 10.9.0.9 $N -t 1 && :                            # too many hops
    vain a fd09::9 $N -t 1
    vain a 10.99.0.9 $N                                     # no route
    vain a fd99::9 $N
    vain a 10.9.0.9 $N -s 1400 -M "do"                      # too big
    vain a fd09::9 $N -s 1400 -M do
    inside a "$STIMULUS" frame eth0 $N "$bad4"              # checksums
    inside a "$STIMULUS" frame eth0 $N "$bad6"
    sysctl -qw net.core.rmem_default=2304
    grown snmp RcvbufErrors full 10.1.0.2                   # a socket that does not read
    full4=$grew
    grown snmp6 Udp6RcvbufErrors full fd01::2
    full6=$grew
    sysctl -qw net.core.rmem_default="$was_rmem"
    host_queue tbf rate 16kbit burst 1600 limit 3000        # a queue
    quiet 12 500
    wait_until 30 drained eth0 a
    queue=$(tc -n a -s qdisc show dev eth0 | sed -nE 's/.*\(dropped ([0-9]+).*/\1/p' | head -n 1)
    sysctl -qw net.core.netdev_max_backlog=2                # the backlog of a CPU: all come at once
    host_queue netem delay 200ms
    cpu=$(backlog)
    quiet 40 10
    wait_until 30 drained eth0 a
    cpu=$(($(backlog) - cpu))
    sysctl -qw net.core.netdev_max_backlog="$was_backlog"
    host_queue
}
acting kinds kernel_drop_stack_stats_summary.py --interval 1h --top 100 --no-stack-trace
sed -n '/^Top/,$p' "$OUT" | grep '^  #' >"$TMP/rows"
# NAME REASONS DEVICES WANTED: the rows with one of these reasons and devices.
kind() { same "kind-$1" "$(sed -nE "s/^  #[0-9]+ Count: ([0-9]+) calls .* \\[device: ($3)\\] .*\\[reason: ($2)\\]\$/\1/p" "$TMP/rows" | awk '{ n += $1 } END { print n + 0 }')" "$4"; }
if kernel_at_least 5 17; then # before there are only functions
    kind rule NETFILTER_DROP eth0 $((2 * N + 12 - queue + 40 - cpu))
    kind socket NO_SOCKET eth0 $((2 * N))
    kind source 'IP_RPFILTER' eth0 $N
    kind hops 'IP_INHDR|NOT_SPECIFIED' eth0 $((2 * N))
    kind route 'IP_INNOROUTES|IP_INADDRERRORS|NOT_SPECIFIED' eth0 $((2 * N))
    kind big PKT_TOO_BIG 'eth0|far' 2 # each family; then the sender knows
    kind checksum UDP_CSUM eth0 $((2 * N))
    kind full SOCKET_RCVBUFF 'eth0|none' $((full4 + full6)) # the device since 6.11
    kind queue 'QDISC_DROP|QDISC_OVERLIMIT' eth0@a "$queue"
    kind backlog CPU_BACKLOG eth0 "$cpu"
fi
full=$((full4 + full6))
for n in full queue cpu; do between "some-$n" "${!n}" 1; done

# The same by function, and meanwhile.
action() { datagrams a 10.1.0.2 7 $N && datagrams a fd01::2 9 $((N + 1)); }
acting stacks kernel_drop_stack_stats.bt eth0 3600 --l4-protocol udp
same stacks-all "$(sed -nE '/^@drop_stacks/,/^\]/s/^\]: ([0-9]+)$/\1/p' "$OUT" | awk '{ n += $1 } END { print n }')" $((2 * N + 1))
same stacks-places "$(sed -nE '/^@drop_locations/,/^\]/s/^\]: ([0-9]+)$/\1/p' "$OUT" | xargs)" "$((N + 1)) $N"
has stacks-decimal "$OUT" '^    __netif_receive_skb_one_core\+[0-9]+$'
has stacks-device "$OUT" "^  eth0: $((2 * N + 1))\$"
has stacks-cycle "$OUT" "^[0-9:]{8} Cycle 1 - Total drops: $((2 * N + 1)) \(\+$((2 * N + 1)) in last [0-9.]+s\)\$"

# A protocol that nobody knows counts at the device; what a rule drops does not.
unknown() { inside a "$STIMULUS" frame eth0 $N "02000000010202000000010e88b5$(printf 'aabbccdd%.0s' {1..12})"; }
shown() { grep -q 'Drop increment detected' "$OUT"; }
action() { datagrams a 10.1.0.2 7 $N; sleep 1.5; unknown; wait_until 20 shown; datagrams a 10.1.0.2 7 $N; sleep 1.5; }
acting counter drop_monitor_controller.py --interface eth0 -i 1 --verbose
same counter-once "$(grep -c 'Drop increment detected' "$OUT")" 1
has counter-grew "$OUT" "^\[[0-9:]{8}\] Interface eth0 rx dropped: [0-9]+ -> [0-9]+ \(\+$N\) - Drop increment detected\$"
has counter-what "$OUT" "^  #1 $N drops \[(reason: [A-Z_]+|at: .*)\] \(non-IP 0x88b5\)\$"
same counter-only "$(grep -c '^  #' "$OUT")" 1
has counter-quiet "$OUT" '^\[[0-9:]{8}\] No increment: 1 kinds of drops left out$'
has counter-baseline "$OUT" '^\[[0-9:]{8}\] Interface eth0 rx dropped: [0-9]+ \(baseline\)$'
"$ND" drop_monitor_controller >"$TMP/out" 2>"$TMP/wrong"
same counter-wrong $? 2
has counter-wrong-says "$TMP/wrong" 'error: .*--device'
inside b nft delete table inet filter
ip -n b link del far
ip -n a addr del 10.9.0.77/32 dev lo
for r in 10.9.0.0/24 10.99.0.0/24 fd09::/64 fd99::/64; do ip -n a route del $r; done
inside b sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
finish
