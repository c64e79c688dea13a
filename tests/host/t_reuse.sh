#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: what a map holds
# Reads that the compiler joins: map entries named twice and fields reached through one pointer are read once,
# and again after the map or the pointer was changed, also in loops and branches.
. "$(dirname "$0")/lib.sh"

"$ND" -q -e 'BEGIN {
    @m[tid] = 5;            $a = @m[tid];
    @m[tid] = @m[tid] + 1;  $b = @m[tid];
    @m[tid]++;              $c = @m[tid];
    @m[tid] += 10;          $d = @m[tid];
    for ($i : 0..3) { printf("i %d\n", @m[tid]); @m[tid] *= 2; }
    if (@m[tid] > 100) { delete(@m[tid]); }
    $e = @m[tid];
    if (@n[tid] == 0) { @n[tid] = 7; }
    printf("set %d %d %d %d %d %d\n", $a, $b, $c, $d, $e, @n[tid]);
    $x = @n[tid]++;
    $y = ++@n[tid];
    printf("step %d %d %d\n", $x, $y, @n[tid]);
    @k[tid, 1] = 1; @k[tid, 2] = 2;
    printf("keys %d %d %d\n", @k[tid, 1], @k[tid, 2], @k[tid, 1]);
    exit();
}' >"$TMP/maps" 2>"$TMP/maps.err"
same map-exit $? 0
same map-loop "$(grep '^i ' "$TMP/maps" | tr '\n' ' ')" "i 17 i 34 i 68 "
same map-set "$(grep '^set ' "$TMP/maps")" "set 5 6 7 17 0 7"
same map-step "$(grep '^step ' "$TMP/maps")" "step 7 9 9"
same map-keys "$(grep '^keys ' "$TMP/maps")" "keys 1 2 1"

# Up the chain of parents: the pointer moves in a loop, its fields follow.
"$ND" -q -e 'BEGIN {
    $t = (struct task_struct *)curtask;
    for ($i : 0..3) {
        if ($i == 1) { printf("second %d\n", $t->tgid); }
        printf("p %d %d\n", $t->tgid, $t->pid);
        $t = $t->real_parent;
    }
    exit();
}' >"$TMP/chain" 2>"$TMP/chain.err" &
tracer=$!
wait $tracer
same chain-exit $? 0
grand=$(awk '{ print $4 }' "/proc/$$/stat")
want="$tracer $$ $grand "
same chain "$(awk '$1 == "p" { printf "%s ", $2 }' "$TMP/chain")" "$want"
same chain-branch "$(grep '^second ' "$TMP/chain")" "second $$"
finish
