#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Functions of a module: veth_xmit is called once for each packet sent.
. "$(dirname "$0")/../lib.sh"
network m
send 20 >/dev/null
S='{ @n = count(); @len = max(args.skb->len); @dev[args.skb->dev->name] = count() }'
for kind in kprobe fentry kprobe:veth fentry:veth func; do
    name=${kind/:/_}
    if [[ $kind != kprobe* && ! -e /sys/kernel/btf/veth ]]; then
        [ "$kind" = func ] || continue
    fi
    traced "$name" "$kind:veth_xmit /args.skb->dev->name == \"$A\"/ $S" send 400
    N=$(cat "$TMP/$name.cmd" 2>/dev/null)
    same "$name-count" "$(total "$OUT" @n)" "$N"
    has "$name-dev" "$OUT" "^@dev\[$A\]: 400\$"
done
traced plain 'kprobe:veth_xmit { @n = count() } kretprobe:veth_xmit { @r[(int32)retval] = count() }' send 300
same plain-count "$(total "$OUT" @n)" 300
same plain-ret "$(total "$OUT" @r)" 300
finish
