#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check: 5.10 7
# kprobes and kretprobes fire once for each call, with the arguments and the return value of it.
. "$(dirname "$0")/../lib.sh"
traced enter 'kprobe:vfs_fallocate /comm == "stimulus"/ { @n = count(); @off = sum(arg2); @len[arg3] = count(); @f[func] = count() }' \
    $STIMULUS fallocate 500
same enter-count "$(total "$OUT" @n)" 1000
same enter-args "$(total "$OUT" @off)" $((499 * 500))
has enter-arg3 "$OUT" '^@len\[1000\]: 1000$'
has enter-func "$OUT" '^@f\[vfs_fallocate\]: 1000$'

traced names 'kprobe:vfs_fallocate /comm == "stimulus"/ { @off = sum(args.offset); @len[args.len, args.mode] = count(); @name[str(args.file->f_path.dentry->d_name.name)] = count() }' \
    $STIMULUS fallocate 500
same names-offset "$(total "$OUT" @off)" $((499 * 500))
has names-len-mode "$OUT" '^@len\[1000, 0\]: 500$'
has names-mode "$OUT" '^@len\[1000, 4096\]: 500$'
has names-pointers "$OUT" '^@name\[memfd:stimulus\]: 1000$'

traced ret 'kretprobe:vfs_fallocate /comm == "stimulus"/ { @r[(int32)retval] = count(); @n = count() }' $STIMULUS fallocate 500
same ret-count "$(total "$OUT" @n)" 1000
has ret-good "$OUT" '^@r\[0\]: 500$'
has ret-failed "$OUT" '^@r\[-95\]: 500$'

traced latency 'kprobe:vfs_fallocate { @t[tid] = nsecs } kretprobe:vfs_fallocate /has_key(@t, tid)/ { @lat = hist(nsecs - @t[tid]); @n = count(); delete(@t, tid) }' \
    $STIMULUS fallocate 300
same latency-count "$(total "$OUT" @n)" 600

traced off 'kprobe:vfs_fallocate+0 { @n = count() }' $STIMULUS fallocate 200
same offset-0 "$(total "$OUT" @n)" 400

# Past the first instruction of the function, which is the call of ftrace (5 bytes, after an
# endbr64 of 4 where the kernel has those); and by address.
addr=$(awk '$3 == "vfs_fallocate" { print $1; exit }' /proc/kallsyms)
traced address "kprobe:0x$addr { @n = count() }" $STIMULUS fallocate 200
same address "$(total "$OUT" @n)" 400
# As a breakpoint, and as the jump that the kernel may make of it after a moment: both count the same.
behind() { # NAME
    local fired=0 o
    for o in 5 9; do
        if "$WITHIN" 60 "$ND" -c "$STIMULUS fallocate 200" -e "kprobe:vfs_fallocate+$o { @n = count() }" >"$TMP/o" 2>"$TMP/e"; then
            fired=$(total "$TMP/o" @n)
            [ "$fired" = 0 ] || break
        fi
    done
    same "$1" "$fired" 400
}
if [ -w /proc/sys/debug/kprobes-optimization ]; then
    echo 0 >/proc/sys/debug/kprobes-optimization
    behind offset-behind-breakpoint
    echo 1 >/proc/sys/debug/kprobes-optimization
fi
behind offset-behind

# Copies that the compiler made have a dot in their name; kernels before 5.0 make an event of it. A function of a
# wildcard that the kernel refuses is left out, also where each one has its own program.
copies=$(awk '$2 ~ /^[tT]$/ && $3 ~ /^[a-z].*\.(isra|part|constprop)\.[0-9]+$/ && NF == 3 && !seen[$3]++ { print $3 }' /proc/kallsyms)
n=0
for f in $copies; do
    "$WITHIN" 60 "$ND" --duration 1ms -e "kprobe:$f { @n = count() }" >"$TMP/o" 2>"$TMP/e" && n=$((n + 1))
    [ $n -lt 3 ] || break
done
same copies-by-name "$n" 3
"$WITHIN" 120 "$ND" --duration 1ms -e 'kprobe:vfs_*a*, kprobe:ip_*n* { @[func, arg0 != 0] = count() }' >"$TMP/o" 2>"$TMP/e"
same wildcard-exit $? 0

"$WITHIN" 60 "$ND" -e 'kprobe:no_such_function_here { @ = count() }' >"$TMP/o" 2>"$TMP/e"
same missing-function-exit $? 2
has missing-function "$TMP/e" 'no_such_function_here'
"$WITHIN" 60 "$ND" -e 'kprobe:vfs_fallocate { @ = sum(args.nothing) }' >"$TMP/o" 2>"$TMP/e"
same missing-parameter-exit $? 2
has missing-parameter "$TMP/e" 'nothing'
finish
