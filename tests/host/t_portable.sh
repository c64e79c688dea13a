#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An object for other kernels does on this one what the script does that was compiled for it alone:
# on all cases of tests/cases/run that look into structs of the kernel.
. "$(dirname "$0")/lib.sh"
n=0
for f in $(grep -lE 'curtask|container_of|sizeof|offsetof|args\.skb' tests/cases/run/*.case); do
    awk '/^--- / { on = $2 == "script" && !done; done += on; next } on' "$f" >"$TMP/case.nd"
    "$WITHIN" 20 "$ND" -q --duration 1s "$TMP/case.nd" >"$TMP/out1" 2>"$TMP/err1"
    want=$?
    name=$(basename "$f" .case)
    # What cannot run here as it is (it wants options, a process) is not for comparing.
    [ $want = 0 ] || continue
    if ! "$WITHIN" 20 "$ND" compile "$TMP/case.nd" -o "$TMP/case.ndo" 2>"$TMP/err"; then
        not_ok "$name" "$(cat "$TMP/err")"
        continue
    fi
    "$WITHIN" 20 "$ND" -q --duration 1s "$TMP/case.ndo" >"$TMP/out2" 2>"$TMP/err2"
    same "$name" "$?:$(cat "$TMP/out2" "$TMP/err2")" "$want:$(cat "$TMP/out1" "$TMP/err1")"
    n=$((n + 1))
done
between cases $n 15

# The relocations are where other tools find them.
"$ND" compile tests/vm/travel/packets.nd -o "$TMP/o.ndo"
"$("$(sh .ci/llvm.sh config)" --bindir)/llvm-objdump" -dr "$TMP/o.ndo" >"$TMP/dump"
has relocated-number "$TMP/dump" 'CO-RE <byte_sz> \[[0-9]+\] struct sk_buff::len'
has relocated-bits "$TMP/dump" 'CO-RE <lshift_u64> \[[0-9]+\] struct sk_buff::pkt_type'
has relocated-text "$TMP/dump" 'CO-RE <byte_off> \[[0-9]+\] struct net_device::name'
has relocated-size "$TMP/dump" 'CO-RE <type_size> \[[0-9]+\] struct sk_buff'

# --btf: types of another kernel, here of one that never was, are fitted to the one that runs.
BASE=tests/facts/base/btf
at() { # where a kernel has a field that all have elsewhere
    "$ND" -q "$@" -e 'begin { printf("%d\n", offsetof(struct net_device, ifindex)); exit() }'
}
here=$(at) there=$("$WITHIN" 20 build/ndtrace-compile object --btf $BASE --out-fd 3 3>"$TMP/there" \
    -e 'begin { printf("%d\n", offsetof(struct net_device, ifindex)); exit() }' && echo compiled)
same btf-compiles "$there" compiled
"$WITHIN" 20 "$ND" -q --btf $BASE --duration 1s -c 'ping -q -c 2 -i 0.1 127.0.0.1' \
    -e 'rawtracepoint:net_dev_queue /comm == "ping"/ { @[args.skb->len, args.skb->dev->name, args.skb->dev->ifindex] = count() }' >"$TMP/o" 2>"$TMP/e"
same btf-exit $? 0
has btf-fitted "$TMP/o" '^@\[98, lo, 1\]: 4$'
"$WITHIN" 20 "$ND" -q --btf $BASE -e 'begin { printf("%d\n", offsetof(struct net_device, ifindex)); exit() }' >"$TMP/o" 2>"$TMP/e"
same btf-refused-exit $? 1
has btf-refused "$TMP/e" "^-e:1:24: error: ifindex of struct net_device is at byte $here on this kernel, not [0-9]+: compile it on this kernel"
# An object for one kernel only says so.
"$WITHIN" 20 "$ND" "$TMP/there" >"$TMP/o" 2>"$TMP/e"
same numbers-exit $? 1
has numbers "$TMP/e" 'this object fits only the Linux'
finish
