#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Devices of one name in two network namespaces: an option means that of the tracer's own namespace, --netns another or
# all; none are mixed in what is printed.
. "$(dirname "$0")/lib.sh"
N=7
X=nd_x$$ Y=nd_y$$
NS+=("$X" "$Y")
{ ip netns add "$X" && ip netns add "$Y" && ip -n "$X" link add ndeth type veth peer name ndeth netns "$Y" &&
    for ns in "$X" "$Y"; do ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1; done
    ip -n "$X" addr add 10.78.0.1/24 dev ndeth && ip -n "$Y" addr add 10.78.0.2/24 dev ndeth &&
        ip -n "$X" link set ndeth address 02:00:00:00:00:01 up && ip -n "$Y" link set ndeth address 02:00:00:00:00:02 up &&
        ip -n "$X" neigh replace 10.78.0.2 lladdr 02:00:00:00:00:02 dev ndeth nud permanent &&
        ip -n "$Y" neigh replace 10.78.0.1 lladdr 02:00:00:00:00:01 dev ndeth nud permanent; } || { not_ok devices "cannot make them"; exit 1; }
# N packets leave X, N answers leave Y; each is received by the other.
pings() { same "$1-pings" "$(ip netns exec "$X" ping -q -c $N -i 0.01 -W 2 10.78.0.2 | sed -nE 's/.* ([0-9]+) received.*/\1/p')" $N; }
x=$(stat -L -c %i "/run/netns/$X")
cat >"$TMP/all.nd" <<'EOF'
use stages
option dev: ifname = "ndeth" "device"
option devs: ifname[] "devices"
fn wanted(p: pkt) -> bool { return p.dev == opt.dev && has(p.icmp) }
rawtracepoint:net_dev_queue /args.skb->dev->name == opt.dev && args.skb->len == 98/ { @raw = count() }
rawtracepoint:net_dev_queue /args.skb->len == 98/ { @all[args.skb->dev->name] = count(); @text[str(args.skb->dev->name)] = count() }
probe qdisc_enq /wanted(pkt)/ { @pkt[pkt.dev, pkt.netns, netns == pkt.netns] = count() }
probe netif_rx /pkt.dev in opt.devs && has(pkt.icmp)/ { @in = count() }
path way by packet_id = qdisc_enq if (pkt.dev == opt.dev && has(pkt.icmp)) -> netif_rx
probe way:done { @way[path.dev, path.last_dev] = count() }
begin { @chosen[str(opt.dev)] = 1 }
end { for (dev, n in @all) { printf("<%s> %d\n", dev, n); @again[dev] = n } }
EOF
# NAME IN ARGUMENTS...: the tracer in that namespace, or where the test is.
look() {
    IN=$2
    trace "$1" "$TMP/all.nd" --devs ndeth "${@:3}" || return
    pings "$1"
    stop "$PID"
    same "$1-exit" "$CODE" 0
    OUT=$TMP/$1.out
}
lives_in() { [ "$(stat -L -c %i "/proc/$1/ns/net")" = "$2" ]; }
says() { same "$1" "$(grep -cxF "$2" "$OUT")" 1; }

for how in inside name process inode old portable; do
    flags=() in=
    case $how in
    inside | old) in=$X ;;
    name) flags=(--netns "$X") ;;
    inode) flags=(--netns "$x") ;;
    process)
        nsenter --net="/run/netns/$X" sleep 600 &
        PIDS+=($!)
        disown $!
        flags=(--netns $!)
        wait_until 10 lives_in $! "$x"
        ;;
    portable)
        "$ND" compile "$TMP/all.nd" -o "$TMP/all.ndo" || not_ok compile "exit $?"
        mv "$TMP/all.nd" "$TMP/all.nd.not" && mv "$TMP/all.ndo" "$TMP/all.nd"
        flags=(--netns "$X")
        ;;
    esac
    without=
    [ $how = old ] && without=globals,tp_btf,jmp32
    NDTRACE_WITHOUT=$without look $how "$in" "${flags[@]}"
    same $how-raw "$(total "$OUT" @raw)" $N
    says $how-pkt "@pkt[ndeth, $X, true]: $N"
    same $how-pkt-one "$(grep -c '^@pkt' "$OUT")" 1
    same $how-in "$(total "$OUT" @in)" $N
    says $how-way "@way[ndeth, ndeth@$Y]: $N"
    same $how-way-one "$(grep -c '^@way' "$OUT")" 1
    says $how-own "@all[ndeth]: $N"
    says $how-other "@all[ndeth@$Y]: $N"
    says $how-text "@text[ndeth]: $((2 * N))"
    says $how-user "<ndeth@$Y> $N"
    says $how-again "@again[ndeth@$Y]: $N"
    [ $how != portable ] || mv "$TMP/all.nd.not" "$TMP/all.nd"
done

look all '' --netns all
same all-raw "$(total "$OUT" @raw)" $((2 * N))
says all-x "@pkt[ndeth@$X, $X, true]: $N"
says all-y "@pkt[ndeth@$Y, $Y, false]: $N"
says all-way "@way[ndeth@$X, ndeth@$Y]: $N"
says all-back "@way[ndeth@$Y, ndeth@$X]: $N"
same all-in "$(total "$OUT" @in)" $((2 * N))

# Without the option, tools and scripts see all namespaces, and name them.
IN=$X
trace tool "$TMP/all.nd" --dev lo -f json || finish
pings tool
stop "$PID"
same tool-json "$(grep -o '"ndeth@[^"]*"' "$TMP/tool.out" | sort -u)" "\"ndeth@$Y\""

# What does not exist.
wrong() { # NAME PATTERN ARGUMENTS...
    "$ND" "$TMP/all.nd" "${@:3}" >"$TMP/out" 2>&1
    same "$1" $? 2
    has "$1-says" "$TMP/out" "$2"
}
wrong no-such "error: --netns: there is no network namespace \"nd_none\"; ip netns has: .*$X" --netns nd_none
wrong no-process 'error: --netns: there is no network namespace "4194303"' --netns 4194303
wrong no-inode 'error: --netns: there is no network namespace "4294967295"' --netns 4294967295
wrong no-namespace 'error: --netns: cannot enter .*: it is not a network namespace' --netns /proc/self/ns/mnt
wrong not-here 'error: --dev: there is no device "ndeth"; the devices are: .*lo' --dev ndeth
wrong not-here-list 'error: --devs: there is no device "ndeth"' --devs ndeth
# Keys of user space are devices of the chosen namespace.
IN=$X
trace keys -e 'begin { @wanted["ndeth"] = 1 }
rawtracepoint:net_dev_queue /has_key(@wanted, args.skb->dev->name) && args.skb->len == 98/ { @n = count() } end { clear(@wanted) }' || finish
pings keys
stop "$PID"
same keys "$(total "$TMP/keys.out" @n)" $N
# A renamed device is followed.
trace renamed -e 'option dev: ifname "device"
rawtracepoint:net_dev_queue /args.skb->dev->name == opt.dev && args.skb->len == 98/ { @n[args.skb->dev->name] = count() } every 100ms { }' --dev ndeth || finish
pings before
ip -n "$X" link set ndeth down && ip -n "$X" link set ndeth name ndnew && ip -n "$X" link set ndnew up &&
    ip -n "$X" neigh replace 10.78.0.2 lladdr 02:00:00:00:00:02 dev ndnew nud permanent
pings after
wait_until 10 there "$TMP/renamed.err" 'is now called ndnew'
stop "$PID"
same renamed "$(sort "$TMP/renamed.out" | tr '\n' ' ')" "@n[ndeth]: $N @n[ndnew]: $N "
finish
