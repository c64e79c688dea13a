#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Wildcards: as many probes as functions of that name can be traced, and each fires.
. "$(dirname "$0")/../lib.sh"
filter=/sys/kernel/tracing/available_filter_functions
want=$(awk '{ print $1 }' $filter | grep -xE 'ksys_[a-z0-9_]*' | sort -u | wc -l)
[ "$want" -ge 10 ] || not_ok functions "only $want functions named ksys_*"
traced enter 'kprobe:ksys_* { @[func] = count() }' $STIMULUS fallocate 150
has enter-count "$OUT" '^@\[ksys_fallocate\]: 300$'
has enter-attached "$TMP/enter.err" "Attached $want probe"

traced ret 'kretprobe:ksys_* { @[func] = count() }' $STIMULUS fallocate 150
has ret-count "$OUT" '^@\[ksys_fallocate\]: 300$'
has ret-attached "$TMP/ret.err" "Attached $want probe"

traced enter_fentry 'fentry:ksys_* { @[func] = count() }' $STIMULUS fallocate 150
has fentry-count "$OUT" '^@\[ksys_fallocate\]: 300$'

# Many: the time is told, and nothing is left.
want=$(awk '{ print $1 }' $filter | grep -xE 'tcp_[a-z0-9_]*' | sort -u | wc -l)
traced many 'kprobe:tcp_* { @ = count() }' true
echo "$want functions named tcp_*: $(grep -E 'attach |Attached' "$TMP/many.err" | tr '\n' ' ')"
finish
