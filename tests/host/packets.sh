# SPDX-License-Identifier: GPL-2.0-or-later
# For t_packet*.sh, which source it. Packets: frames built byte by byte (packets.c) are sent over a veth pair; at every stage that this
# kernel serves without probes on functions, each field of the compiler's table must have the value
# that was sent, be absent where it was not, and compare accordingly. What is malformed is counted
# and gives no flow.
# shellcheck shell=bash disable=SC2034
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
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
rows=$(sed -nE -e 's/^ND_PKT_FIELD\(([a-z0-9]*), [A-Z0-9_]+, ([a-z]+), ([a-z0-9]+),.*/\1,\2,\3/p' \
    -e 's/^ND_PKT_VALUE\("([a-z0-9]*)", "([a-z.]+)", (NULL|&nd_type_([a-z0-9]+)),.*/\1,\2,\4/p' compiler/lang/packet.def |
    awk -F, '{ print ($1 == "" ? "" : $1 ".") $2 ":" ($3 == "" ? "flow" : $3) }')
fields=() skipped=" hash "
for r in $rows; do
    [[ $skipped == *" ${r%%:*} "* || $r == gso.* || $r == ct.* ]] || fields+=("$r")
done
for r in $rows; do
    case ${r%%:*} in
    len | dev | ifindex | netns | mark | hash | queue | gso.* | ct.*) ;;
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
