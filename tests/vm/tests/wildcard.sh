#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.1 6.12
# Wildcards: as many probes as functions of that name can be traced, and each fires.
. "$(dirname "$0")/../lib.sh"
filter=/sys/kernel/tracing/available_filter_functions
# Functions of one prefix that can be hooked; "vfs_fallocate" is among them and its number is known.
named() { awk '{ print $1 }' $filter | grep -xE "$1" | sort -u | wc -l; }
want=$(named 'vfs_f.*')
[ "$want" -ge 5 ] || not_ok functions "only $want functions named vfs_f*"
traced enter 'kprobe:vfs_f* { @[func] = count() }' $STIMULUS fallocate 150
has enter-count "$OUT" '^@\[vfs_fallocate\]: 300$'
has enter-attached "$TMP/enter.err" "Attached $want probe"

traced ret 'kretprobe:vfs_f* { @[func] = count() }' $STIMULUS fallocate 150
has ret-count "$OUT" '^@\[vfs_fallocate\]: 300$'
has ret-attached "$TMP/ret.err" "Attached $want probe"

traced one 'kprobe:vfs_fa* /comm == "stimulus"/ { @ = count() }' $STIMULUS fallocate 150
same one-program "$(total "$OUT" @)" 300

traced enter_fentry 'fentry:vfs_f* { @[func] = count() }' $STIMULUS fallocate 150
has fentry-count "$OUT" '^@\[vfs_fallocate\]: 300$'

# Twenty and more.
want=$(named 'ksys_.*')
[ "$want" -ge 20 ] || not_ok functions "only $want functions named ksys_*"
traced twenty 'kprobe:ksys_* { @ = count() }' true
has twenty-attached "$TMP/twenty.err" "Attached $want probe"
traced twenty_fentry 'fentry:ksys_* { @ = count() }' true
has twenty-fentry "$TMP/twenty_fentry.err" "Attached [12][0-9] probe"

# Many: the time is told, and nothing is left.
want=$(named 'tcp_.*')
traced many 'kprobe:tcp_* { @ = count() }' true
has many-attached "$TMP/many.err" "Attached $want probe"
echo "$want functions named tcp_*: $(grep -E 'attach |Attached' "$TMP/many.err" | tr '\n' ' ')"

# Thousands, where the kernel takes them with one link; fast, even emulated.
if kernel_at_least 6 12; then
    want=$(named 'd.*')
    [ "$want" -ge 2000 ] || not_ok functions "only $want functions named d*"
    share_begin
    traced wide 'kprobe:d* { @ = count() }' $STIMULUS fallocate 10
    echo "$want functions named d*: $(grep -E 'attach |Attached' "$TMP/wide.err" | tr '\n' ' ')"
    ms=$(sed -n 's/.*attach \([0-9]*\)\..*/\1/p' "$TMP/wide.err")
    share_end
    between wide-attached "$ms" 0 $((2000 * 100 / SHARE))
    export NDTRACE_WITHOUT=kprobe_multi
    traced without 'kprobe:vfs_fa* { @ = count() }' $STIMULUS fallocate 150
    same without-multi "$(total "$OUT" @)" 300
    unset NDTRACE_WITHOUT
    traced multi_ret 'kretprobe:vfs_fa* { @r[(int32)retval] = count() }' $STIMULUS fallocate 150
    has multi-retval "$OUT" '^@r\[-95\]: 150$'
fi
finish
