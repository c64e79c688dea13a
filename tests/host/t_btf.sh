#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Types of the kernel from a file where it has none itself, and events whose types or names BTF lacks: the numbers are
# those of the kernel's own BTF.
. "$(dirname "$0")/lib.sh"
network t
S='option a: string "sender"
rawtracepoint:net_dev_queue /args.skb->dev->name == opt.a && args.skb->len == 242/ { @n = count(); @bytes = sum(args.skb->len) }
tracepoint:net:net_dev_queue /args.len == 242 && args.name == opt.a/ { @format = count() }'
mkdir "$TMP/btf"
cp /sys/kernel/btf/vmlinux "$TMP/btf/vmlinux"
objcopy=$("$(sh .ci/llvm.sh config)" --bindir)/llvm-objcopy
echo 'int x;' | gcc -c -x c -o "$TMP/plain.o" -
"$objcopy" --add-section .BTF="$TMP/btf/vmlinux" "$TMP/plain.o" "$TMP/vmlinux"

# NAME WORDS ARGUMENTS...: 500 packets, traced with these words of NDTRACE_WITHOUT.
counted() {
    local name=$1 n words=$2
    shift 2
    NDTRACE_WITHOUT=$words trace "$name" "$@" --a "$A" || return
    n=$(send 500)
    stop "$PID"
    same "$name-exit" "$CODE" 0
    same "$name" "$(total "$TMP/$name.out" @n) $(total "$TMP/$name.out" @bytes) $(total "$TMP/$name.out" @format)" "$n $((n * 242)) $n"
}
counted own '' -e "$S"
counted file btf --btf "$TMP/btf/vmlinux" -e "$S"
counted folder btf --btf "$TMP/btf" -e "$S"
counted elf btf --btf "$TMP/vmlinux" -e "$S"
NDTRACE_BTF=$TMP/btf counted environment btf -e "$S"
NDTRACE_BTF=$TMP/nothing counted own-first '' -e "$S"
counted no-types btf_trace,btf_names -e "$S"
counted no-names btf_names -e "$S"

# An object for any kernel is fitted to this one by the file.
"$ND" compile -o "$TMP/o.ndo" -e "$S"
NDTRACE_BTF=$TMP/btf counted object btf "$TMP/o.ndo"
NDTRACE_WITHOUT=btf "$WITHIN" 20 "$ND" "$TMP/o.ndo" --a "$A" >"$TMP/o" 2>"$TMP/e"
same object-none-exit $? 1
has object-none "$TMP/e" 'needs the kernel.s BTF'

# Without any: the event's record, and a clear word about the rest.
counted_record() {
    NDTRACE_WITHOUT=btf trace record -e 'option a: string
        tracepoint:net:net_dev_queue /args.len == 242 && args.name == opt.a/ { @format = count() }' --a "$A" || return
    N=$(send 500)
    stop "$PID"
    same record "$(total "$TMP/record.out" @format)" "$N"
}
counted_record
# NAME PATTERN ARGUMENTS...: refused with exit code 2.
refused() {
    NDTRACE_WITHOUT=btf "$WITHIN" 20 "$ND" -e 'rawtracepoint:net_dev_queue { @ = sum(args.skb->len) }' "${@:3}" >"$TMP/o" 2>"$TMP/e"
    same "$1-exit" $? 2
    has "$1" "$TMP/e" "$2"
}
refused none 'has no BTF .*name a file with --btf or NDTRACE_BTF'
refused plain 'plain.o: it has no BTF; pahole makes it' --btf "$TMP/plain.o"
refused missing 'nothing: no such file' --btf "$TMP/nothing"
mkfifo "$TMP/fifo"
refused fifo 'fifo: the BTF file cannot be read' --btf "$TMP/fifo"
head -c 100000 "$TMP/btf/vmlinux" >"$TMP/short"
refused short 'short: the BTF is cut short' --btf "$TMP/short"
head -c 300 "$TMP/vmlinux" >"$TMP/broken"
refused broken 'broken: the BTF file cannot be read' --btf "$TMP/broken"

# What exists is asked of the trace events, not of BTF.
NDTRACE_WITHOUT=btf_trace "$WITHIN" 20 "$ND" check -e 'rawtracepoint:sched_swich { @ = count() }' >"$TMP/o" 2>"$TMP/e"
has unknown-event "$TMP/e" "has no raw tracepoint 'sched_swich'"
has unknown-near "$TMP/e" "did you mean 'rawtracepoint:sched_switch'"
NDTRACE_WITHOUT=btf,btf_trace "$WITHIN" 20 "$ND" check -e 'rawtracepoint:sched_switch { @ = count() }' >"$TMP/o" 2>"$TMP/e"
same known-event $? 0
finish
