#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: locked
# Lockdown: for integrity all works, as scripts only read; for confidentiality probes that need to read
# memory by helpers, and breakpoints, are refused with that reason, and the rest works.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/locked.sh"
S='kprobe:vfs_fallocate /comm == "stimulus"/ { @k = count(); @name[str(args.file->f_path.dentry->d_name.name)] = count() }
   fentry:vfs_fallocate /comm == "stimulus"/ { @len = sum(args.len) } kretprobe:vfs_fallocate { @r[(int32)retval] = count() }
   tracepoint:syscalls:sys_enter_fallocate /comm == "stimulus"/ { @t = sum(args.len) }'
traced integrity "$S" "$STIMULUS" fallocate 50
same integrity-kprobe "$(total "$OUT" @k)" 100
same integrity-reads "$(total "$OUT" @name)" 100
same integrity-fentry "$(total "$OUT" @len)" 100000
same integrity-kretprobe "$(total "$OUT" @r)" 100
same integrity-event "$(total "$OUT" @t)" 100000

echo confidentiality >$LOCKDOWN
has confidentiality $LOCKDOWN '\[confidentiality\]'
# NAME PATTERN SCRIPT
refused() {
    "$WITHIN" 30 "$ND" --duration 100ms -e "$3" >"$TMP/o" 2>"$TMP/e"
    same "$1-exit" $? 1
    has "$1" "$TMP/e" "$2"
    has "$1-place" "$TMP/e" '^-e:[0-9]+:[0-9]+: error'
}
refused kprobe 'cannot attach kprobe:vfs_fallocate: .*locked down' 'kprobe:vfs_fallocate { @ = count() }'
refused kretprobe 'cannot attach kretprobe:vfs_fallocate: .*locked down' 'kretprobe:vfs_fallocate { @ = count() }'
# One link for many functions, which Linux has since 5.18 where it has fprobes, is not locked.
if kernel_at_least 6 12; then
    traced pattern 'kprobe:vfs_fa* { @n = count() }' "$STIMULUS" fallocate 50
    same pattern-count "$(total "$OUT" @n)" 100
else
    refused pattern 'cannot attach .*locked down' 'kprobe:vfs_fa* { @ = count() }'
fi
refused read 'cause: this kernel is locked down \(confidentiality\)' 'kprobe:vfs_fallocate { @[str(args.file->f_path.dentry->d_name.name)] = count() }'
refused read-user 'cause: this kernel is locked down \(confidentiality\)' 'rawtracepoint:sys_enter { @[str((char *)((struct pt_regs *)args.regs)->ip)] = count() }'
# Trampolines and typed pointers need no helper.
traced typed 'func:vfs_fallocate /comm == "stimulus"/ { @n = count(); @len = sum(args.len); @mode[args.file->f_path.dentry->d_name.len] = count() }
    funcret:vfs_fallocate /comm == "stimulus"/ { @r[retval] = count() } rawtracepoint:sys_enter /comm == "stimulus" && args.id == 285/ { @sys = count() }' "$STIMULUS" fallocate 50
same typed-count "$(total "$OUT" @n)" 100
same typed-args "$(total "$OUT" @len)" 100000
has typed-pointers "$OUT" '^@mode\[14\]: 100$'
same typed-returns "$(total "$OUT" @r)" 100
same typed-calls "$(total "$OUT" @sys)" 100
finish
