#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check: 5.10 7
# Functions of a module: veth_xmit is called once for each packet sent.
. "$(dirname "$0")/../lib.sh"
network m
send 20 >/dev/null
S='{ @n = count(); @len = max(args.skb->len); @dev[args.skb->dev->name] = count() }'
for kind in kprobe fentry kprobe:veth fentry:veth; do
    name=${kind/:/_}
    if [ ! -e /sys/kernel/btf/veth ]; then # before 5.11
        "$WITHIN" 60 "$ND" -e "$kind:veth_xmit $S" >"$TMP/o" 2>"$TMP/e"
        same "$name-without-btf" $? 2
        has "$name-without-btf-says" "$TMP/e" 'BTF'
        continue
    fi
    traced "$name" "$kind:veth_xmit /args.skb->dev->name == \"$A\"/ $S" send 400
    same "$name-count" "$(total "$OUT" @n)" 400
    same "$name-sent" "$(cat "$TMP/$name.cmd" 2>/dev/null)" 400
    same "$name-len" "$(total "$OUT" @len)" 242
    has "$name-dev" "$OUT" "^@dev\[$A\]: 400\$"
done
if [ -e /sys/kernel/btf/veth ]; then
    # The packet is the receiver's when the function returns: only the pointer and the value are ours.
    traced fexit 'fexit:veth_xmit { @r[retval] = count(); @d = sum(args.skb != 0) }' send 300
    same fexit-count "$(total "$OUT" @r)" 300
    same fexit-args "$(total "$OUT" @d)" 300
    # Two modules in one script, and a type that only a module has.
    traced two 'fentry:veth_xmit { @v = count() } fentry:overlay:ovl_lookup { @o = count() } kprobe:ovl_lookup { @k[str(args.dentry->d_name.name)] = count() }' \
        bash -c "$(declare -f send); TRAFFIC=$TRAFFIC A=$A B=$B; send 300; [ ! -e $PWD/nd_no_such_file ]"
    same two-veth "$(total "$OUT" @v)" 300
    has two-overlay "$OUT" '^@k\[nd_no_such_file\]: 1$'
    traced own_type "kprobe:veth:veth_poll { @n = count(); @rq = count(); @b[args.budget] = count() } fexit:veth_get_stats64 { @s = count() }" true
fi
# af_packet is part of vmlinux: what is named with it is found there.
for kind in kprobe func kretprobe; do
    traced "built_in_$kind" "$kind:af_packet:packet_sendmsg /comm == \"stimulus\"/ { @n = count() }" \
        ip netns exec "$A" "$STIMULUS" frame "$A" 25 02000000000202000000000188b50000
    same "built_in_$kind-count" "$(total "$OUT" @n)" 25
    has "built_in_$kind-says" "$TMP/built_in_$kind.err" ":af_packet:packet_sendmsg: .*, the module is built in$"
done
"$WITHIN" 60 "$ND" -e 'kprobe:af_packet:tcp_no_such_function { @ = count() }' >/dev/null 2>"$TMP/wrong"
same built_in-wrong $? 2
has built_in-wrong-says "$TMP/wrong" "module 'af_packet', which is built in, has no function"
traced plain 'kprobe:veth_xmit { @n = count() } kretprobe:veth_xmit { @r[(int32)retval] = count() }' send 300
same plain-count "$(total "$OUT" @n)" 300
same plain-ret "$(total "$OUT" @r)" 300
finish
