#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Arguments of functions of programs: at a return those of the very call, with calls inside each other
# in several threads at once; those on the stack; objects, with a file that others also trace.
. "$(dirname "$0")/lib.sh"
TARGET=$PWD/build/tests/host/target
N=150 T=4 # threads
ALL=$((N * T))
SUM=$((1000 * N * (T * (T - 1) / 2) + T * N * (N - 1) / 2)) # of the numbers of all calls

# NAME SCRIPT: traces the target; the output is in $OUT.
calls() {
    OUT=$TMP/$1.out
    "$WITHIN" 60 "$ND" -c "$TARGET $N calls $T" -e "$2" >"$OUT" 2>"$TMP/$1.err"
    same "$1-exit" $? 0
}
calls deep "
uprobe:$TARGET:deep { @in[arg1] = count() }
uretprobe:$TARGET:deep { @out[arg1, retval == 10 * arg0 + arg1] = count(); @by[arg0 / 1000] = count(); @sum[arg1] = sum(retval) }"
for d in 0 1 2 3 4 5; do
    has "deep-entries-$d" "$OUT" "^@in\[$d\]: $ALL\$"
    has "deep-returns-$d" "$OUT" "^@out\[$d, true\]: $ALL\$"
    # 10 n + d
    has "deep-sum-$d" "$OUT" "^@sum\[$d\]: $((10 * SUM + d * ALL))\$"
done
same deep-no-other "$(grep -c '^@out' "$OUT")" 6
for ((t = 0; t < T; t++)); do has "deep-thread-$t" "$OUT" "^@by\[$t\]: $((6 * N))\$"; done

# Several threads change one entry: no change is lost, and each increment gives a number of its own (Linux 5.12).
if "$ND" -v -e 'BEGIN { @a |= 1; exit() }' 2>&1 | grep -q 'atomics yes'; then
    calls atomic "
let @seen = hash(100000);
uprobe:$TARGET:deep { @flip ^= 1; @n++; @bits |= 1 << (arg1 + 1); \$i = @id++; @seen[\$i] = 1 }
end { printf(\"%d %d %d %d\n\", @n, @flip == (@n & 1), @bits, len(@seen) == @n); clear(@seen) }"
    has atomic-all "$OUT" "^$((6 * ALL)) 1 126 1\$"
fi

# Argument 6 and above are on the stack, in the program's memory.
calls nine "
uprobe:$TARGET:nine { @g = sum(arg6); @h[(int32)arg7] = count(); @i[str(uptr(arg8))] = count(); @f[arg0, arg5] = count() }
uretprobe:$TARGET:nine { @rg = sum(arg6); @rh[(int32)arg7, arg0, str(uptr(arg8))] = count(); @r = sum(retval - arg6) }"
same nine-7th "$(total "$OUT" @g)" $SUM
has nine-8th "$OUT" "^@h\[-7\]: $ALL\$"
has nine-9th "$OUT" "^@i\[stack\]: $ALL\$"
has nine-registers "$OUT" "^@f\[1, 6\]: $ALL\$"
same nine-return-7th "$(total "$OUT" @rg)" $SUM
has nine-return-others "$OUT" "^@rh\[-7, 1, stack\]: $ALL\$"
same nine-return-value "$(total "$OUT" @r)" $(((21 - 7 + 115) * ALL)) # 's' is 115

# More than the stack has room for, in memory by CPU: threads that preempt each other keep apart.
calls large "
uprobe:$TARGET:nine { @l[arg6 / 1000, str(uptr(arg8), 240), str(uptr(arg8), 100)] = count() }"
for ((t = 0; t < T; t++)); do has "large-thread-$t" "$OUT" "^@l\[$t, stack, stack\]: $N\$"; done
same large-no-other "$(grep -c '^@l' "$OUT")" $T

# Two probes on one function keep notes of their own.
calls two "
uretprobe:$TARGET:deep /arg1 == 5/ { @a = count() }
uretprobe:$TARGET:deep /arg1 < 2/ { @b = sum(arg0) }
uretprobe:$TARGET:deep { @c = count() }"
same two-first "$(total "$OUT" @a)" $ALL
same two-second "$(total "$OUT" @b)" $((2 * SUM))
same two-without "$(total "$OUT" @c)" $((6 * ALL))

# The same from an object, and by an alternative of a stage whose probe asks for what it sets.
"$ND" compile -o "$TMP/deep.o" -e "
stage none(n: u64) { try uprobe:/no/such/file:deep { n = arg0 } }
stage left(n: u64, depth: u64) { try uretprobe:$TARGET:no_such { n = 1; depth = 2 } try uretprobe:$TARGET:deep { n = arg0; depth = arg1 } }
probe none? { @none = sum(n) }
probe left /depth == 3/ { @n = sum(n); @right = sum(retval == 10 * n + depth) }" 2>"$TMP/e"
same object-compiled $? 0
has object-left-out "$TMP/e" "W0902.*'none': left out"
# Somebody else traces the same function: its breakpoint is not a change of the file.
trace other -e "uprobe:$TARGET:deep { @n = count() }"
"$WITHIN" 60 "$ND" -c "$TARGET $N calls $T" "$TMP/deep.o" >"$TMP/o" 2>"$TMP/e"
same object-exit $? 0
[ ! -s "$TMP/e" ] || cat "$TMP/e"
stop "$PID"
same object-other "$(total "$TMP/other.out" @n)" $((6 * ALL))
same object-sum "$(total "$TMP/o" @n)" $SUM
same object-right "$(total "$TMP/o" @right)" $ALL
finish
