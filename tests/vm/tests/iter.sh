#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check: 5.10 7
# Walks over the kernel's tasks: each one is seen once, at the start of a run and in each interval.
. "$(dirname "$0")/../lib.sh"
cp "$(command -v sleep)" "$TMP/nditer"
for _ in 1 2 3; do
    "$TMP/nditer" 60 &
    tasks+=($!)
done
until [ "$(cat /proc/[0-9]*/comm 2>/dev/null | grep -cx nditer)" = 3 ]; do sleep 0.02; done
"$ND" -q -e 'iter:task / args.task->comm == "nditer" / { @n = count(); @pids[args.task->pid] = count() }' >"$TMP/out" 2>"$TMP/err"
same once-exit $? 0
same once "$(total "$TMP/out" @n)" 3
for p in "${tasks[@]}"; do has "once-pid-$p" "$TMP/out" "^@pids\[$p\]: 1$"; done
"$ND" -q -e 'iter:task:ms:200 / args.task->comm == "nditer" / { @n++; if (@n == 9) { exit() } }' >"$TMP/out" 2>>"$TMP/err"
same interval-exit $? 0
same interval "$(total "$TMP/out" @n)" 9
same said "$(cat "$TMP/err")" ''
kill "${tasks[@]}"
finish
