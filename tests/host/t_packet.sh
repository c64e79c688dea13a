#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Packets: frames built byte by byte (packets.c) are sent over a veth pair; at every stage that this
# kernel serves without probes on functions, each field of the compiler's table must have the value
# that was sent, be absent where it was not, and compare accordingly. What is malformed is counted
# and gives no flow.
. "$(dirname "$0")/lib.sh"
PACKETS=build/tests/host/packets
N=3

# Both ends in one namespace: marks survive.
A=ndp$$ T=ndt$$ R=ndr$$ # events come from all namespaces: the names are this test's
IN=$A NS+=("$A")
{ ip netns add "$A" &&
    ip netns exec "$A" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 &&
    ip -n "$A" link add "$T" mtu 9000 type veth peer name "$R" mtu 9000 &&
    ip -n "$A" link set "$T" address 02:00:00:00:00:01 up &&
    ip -n "$A" link set "$R" address 02:00:00:00:00:02 up; } ||
    { not_ok network "cannot make the network namespace"; exit 1; }
# Tags that the skb keeps apart: by a VLAN device, or where there are none by a program at the egress.
TAG=
ip -n "$A" link add link "$T" name tag0 type vlan id 77 2>/dev/null && ip -n "$A" link set tag0 up && TAG=tag0
inside() { nsenter --net=/run/netns/"$A" "$@"; }

# The table: name and type of every field, also of the inner packet.
rows=$(sed -nE 's/^    \{"([a-z0-9]*)", "([a-z.]+)", (NULL|&nd_type_([a-z0-9]+)|&[a-z0-9_]+), .*/\1,\2,\4/p' compiler/packet.c |
    awk -F, '{ print ($1 == "" ? "" : $1 ".") $2 ":" ($3 == "" ? "flow" : $3) }')
fields=() skipped=" hash "
for r in $rows; do
    [[ $skipped == *" ${r%%:*} "* || $r == gso.* || $r == ct.* ]] || fields+=("$r")
done
for r in $rows; do
    case ${r%%:*} in
    len | dev | ifindex | mark | hash | queue | gso.* | ct.*) ;;
    *) fields+=("inner.$r") ;;
    esac
done
((${#fields[@]} > 90)) && ok table || not_ok table "the table cannot be read: ${#fields[@]} fields"

# One line for each field: value, has(), which of the comparisons hold.
line() { # FIELD TYPE
    local f=pkt.$1 c
    case $2 in
    ip) c="($f == $f ? 1 : 0) + ($f != ip(\"203.0.113.99\") ? 2 : 0) + ($f in (prefix(\"0.0.0.0/0\"), prefix(\"::/0\")) ? 4 : 0)" ;;
    mac) c="($f == $f ? 1 : 0) + ($f != mac(\"02:ff:ff:ff:ff:ff\") ? 2 : 0)" ;;
    ifname) c="($f == $f ? 1 : 0) + ($f != ifname(\"lo\") ? 2 : 0)" ;;
    flow) c=0 ;;
    *) c="($f == $f ? 1 : 0) + ($f != 54321 ? 2 : 0) + ($f < 4294967296 ? 4 : 0) + ($f in (0, 1) ? 8 : 0)" ;;
    esac
    case $2 in
    ip | mac | ifname | flow) fmt="$1=%s/%d/%d" ;;
    *) fmt="$1=%d/%d/%d" ;;
    esac
    arg="$f, has($f), $c"
}
script() { # STAGE NAME FIELDS-PER-PROBE
    local i=0 f fmts= args=
    echo 'use stages'
    echo 'option dev: ifname "device"'
    for f in "${fields[@]}"; do
        line "${f%%:*}" "${f##*:}"
        fmts="$fmts$2 %d $fmt\\n" args="$args, pkt.mark, $arg"
        if ((++i % $3 == 0 || i == ${#fields[@]})); then
            echo "probe $1 /pkt.dev == opt.dev && pkt.mark != 0/ { printf(\"$fmts\"$args) }"
            fmts= args=
        fi
    done
}

# NAME SCRIPT SHORT DEVICE
check_stage() {
    local wrong
    trace "$1" -q "$2" --dev "$4" || return
    inside $PACKETS send "$T" $N $TAG || not_ok "$1-send" "packets cannot be sent"
    sleep 0.2
    stop "$PID"
    same "$1-exit" "$CODE" 0
    inside $PACKETS want "$3" "$4" "${fields[@]}" | sort >"$TMP/want"
    grep "^$3 " "$TMP/$1.out" | sort | uniq -c | awk -v n=$N '{ c = $1; sub(/^ *[0-9]+ /, ""); print c == n ? $0 : $0 " " c " times" }' |
        sort >"$TMP/got"
    wrong=$(diff "$TMP/want" "$TMP/got")
    if [ -z "$wrong" ]; then ok "$1: $(wc -l <"$TMP/want") values"; else not_ok "$1" "$(grep -c '^>' <<<"$wrong") of $(wc -l <"$TMP/want") differ: $(head -n "${SHOW:-12}" <<<"$wrong" | tr '\n' ';')"; fi
    case $(grep -ciE 'lost events|map full|failed reads' "$TMP/$1.out" "$TMP/$1.err" | awk -F: '{ n += $NF } END { print n }') in
    0) ok "$1-nothing-lost" ;;
    *) not_ok "$1-nothing-lost" "$(grep -hiE 'lost events|map full|failed reads' "$TMP/$1.out" "$TMP/$1.err" | head -2)" ;;
    esac
}

for s in "qdisc_enq q $T" "tx_xmit x $T" "netif_rx rx $R"; do
    read -r stage short dev <<<"$s"
    script "$stage" "$short" 7 >"$TMP/$stage.nd"
    check_stage "$stage" "$TMP/$stage.nd" "$short" "$dev"
done

# An object for all kernels; then all fields in few programs, which read every header for each.
"$ND" compile "$TMP/qdisc_enq.nd" -o "$TMP/all.ndo" 2>"$TMP/err" || not_ok compile "$(head -3 "$TMP/err")"
check_stage portable "$TMP/all.ndo" q "$T"

# What Linux 4.19 lacks: no program may be longer than it takes, or it is an error here.
old=$(sed -n 's/^V4_19=//p' tests/without.sh)
script qdisc_enq q 3 >"$TMP/old.nd"
export NDTRACE_WITHOUT=$old
check_stage old "$TMP/old.nd" q "$T"
unset NDTRACE_WITHOUT

# Malformed packets: each is counted, and none has a flow.
read -r kinds bad < <($PACKETS count)
trace bad -e "use stages
option dev: ifname \"device\"
probe qdisc_enq /pkt.dev == opt.dev && pkt.mark != 0/ { @flow[pkt.flow, pkt.inner.flow] = count() }" --dev "$T" &&
    inside $PACKETS sendbad "$T" $N $TAG
sleep 0.2
stop "$PID"
same bad-counted "$(cat "$TMP/bad.out" "$TMP/bad.err" | sed -nE 's/^Packets not parsed: ([0-9]+).*/\1/p' | head -1)" $((bad * N))
# One flow is known: of a tunnel whose packet inside is cut off, or in fragments of the skb.
same bad-flows "$(grep '^@flow' "$TMP/bad.out" | grep -v '^@flow\[:: -> :: 0, :: -> :: 0\]: ')" \
    "@flow[10.77.0.1:40000 -> 10.77.0.2:4789 UDP, :: -> :: 0]: $((2 * N))"
# Segments to come, and what nobody tracks: 5000 bytes of which 1000 go into each; a packet that is
# whole has none. SKB_GSO_TCPV4 | SKB_GSO_DODGY: user space said so.
trace gso -e "use stages
option dev: ifname \"device\"
probe qdisc_enq /pkt.dev == opt.dev/ {
    @all = count();
    @gso[has(pkt.gso), pkt.gso.size, pkt.gso.segs, pkt.gso.type] = count();
    if (pkt.gso.size != 7) { @other = count() }
    if (!(pkt.udp.dport == 1)) { @not_equal = count() }
    if (pkt.tcp.dport == 443 || pkt.udp.dport > 0) { @either = count() }
    if (has(pkt.tcp) ? pkt.tcp.seq == 2309737967 : false) { @branch = count() }
    if (pkt.tcp.dport + pkt.udp.dport >= 0) { @both = count() }
    if (has(pkt.ct) || pkt.ct.mark == 0 || pkt.ct.state == 0) { @tracked = count() }
}" --dev "$T" && inside $PACKETS gso "$T" $N && inside $PACKETS send "$T" 1 $TAG
sleep 0.2
stop "$PID"
same gso "$(grep '^@gso' "$TMP/gso.out" | sort)" "@gso[false, 0, 0, 0]: $kinds
@gso[true, 1000, 0, 3]: $N"
same gso-compared "$(total "$TMP/gso.out" @other)" $N
inside $PACKETS want q "$T" "${fields[@]}" >"$TMP/want"
tcps=$(($(grep -cE ' tcp.dport=443/1' "$TMP/want") + N))
same not-equal "$(total "$TMP/gso.out" @not_equal)" $((kinds + N))
same either "$(total "$TMP/gso.out" @either)" $((tcps + $(grep -cE ' udp.dport=[1-9][0-9]*/1' "$TMP/want")))
same branch "$(total "$TMP/gso.out" @branch)" $tcps
same both "$(total "$TMP/gso.out" @both)" 0
same tracked-none "$(total "$TMP/gso.out" @tracked)" 0

# The filters of flow.nd let through what was sent so. By the frames' own notes.
filtered() { # NAME PATTERN-OF-EXPECTED-FLOWS OPTION...
    local name=$1 pattern=$2
    shift 2
    trace "$name" -e 'use stages
use flow
option dev: ifname "device"
probe qdisc_enq /pkt.dev == opt.dev && flow_match(pkt)/ { @ = count() }' --dev "$T" "$@" || return
    READS=$(bpf_ids "$PID" | awk '$1 == "prog" { print $2 }' | xargs -n 1 bpftool prog dump xlated id | grep -c 'call.*probe_read')
    inside $PACKETS send "$T" 1 $TAG
    sleep 0.2
    stop "$PID"
    same "$name" "$(total "$TMP/$name.out" @)" "$(grep -cE "$pattern" "$TMP/want")"
}
filtered filter-none ' len='
same nothing-is-read "$READS" 0
filtered filter-port ' dport=443/' --dst-port 443
if ((READS > 0)); then ok headers-are-read; else not_ok headers-are-read "no read is found in the program: is it looked for rightly?"; fi
filtered filter-ports ' dport=(443|4789)/' --dst-port 443,4789
filtered filter-udp ' ip.proto=17/1' --protocol udp
filtered filter-icmp ' ip.proto=(1|58)/1' --protocol icmp
filtered filter-ip4 ' ip.src=10\.77\.0\.1/' --src-ip 10.77.0.0/24
filtered filter-ip6 ' ip.src=fd77::1/' --src-ip fd77::1
filtered filter-backward ' ip.src=fd77::1/' --dst-ip fd77::/16 --src-ip fd77::2 --both-ways
filtered filter-nobody 'nothing' --src-ip fd77::2
finish
