#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: the same code as without an object
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
        # What no object can hold is told.
        grep -q 'error\[E0609\]: .* cannot be copied into an object for other kernels' "$TMP/err" || not_ok "$name" "$(cat "$TMP/err")"
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

# For a raw tracepoint an object has a program with types, and one for verifiers that refuse that: here
# what mixes two pointers, which newer ones follow. Both count the same.
counts_as() { # NAME KIND SCRIPT
    local kind n
    "$ND" compile -o "$TMP/$1.ndo" -e "$3" || { not_ok "$1" 'it does not compile'; return; }
    trace "$1" "$TMP/$1.ndo" || return
    kind=$(bpf_ids "$PID" | awk '$1 == "prog" { print $2 }' | xargs -n1 bpftool prog show id |
        sed -n 's/^[0-9]*: \([a-z_]*\)  name nd_p0.*/\1/p')
    same "$1-kind" "$kind" "$2"
    n=$(send 500)
    stop "$PID"
    same "$1-exit" "$CODE" 0
    between "$1-count" "$(awk '{ n += $NF } END { print n }' "$TMP/$1.out")" "$n"
}
network w
refuses=tracing
! grep -q ARG_TAG_UNTRUSTED /sys/kernel/btf/vmlinux || refuses=raw_tracepoint
counts_as typed tracing 'rawtracepoint:net_dev_queue { @[args.skb->dev->name] = count() }'
counts_as refused $refuses 'rawtracepoint:net_dev_queue { @[args.skb->dev->ifindex, ((u64)args.skb->head ^ (u64)args.skb->data) > 7] = count() }'

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
