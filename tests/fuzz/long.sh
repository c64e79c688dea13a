#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Writes scripts too long to be kept: each was, or could be, the end of a recursive pass or of a
# buffer of fixed size. Usage: long.sh DIRECTORY
set -eu
dir=$1
mkdir -p "$dir"

repeat() { # times, text
    awk -v n="$1" -v t="$2" 'BEGIN { while (n-- > 0) printf "%s", t }'
}

{ printf 'BEGIN { @ = '; repeat 10000 '('; printf 1; repeat 10000 ')'; printf '; }\n'; } >"$dir/parentheses"
{ printf 'BEGIN { @ = '; repeat 10000 '('; } >"$dir/parentheses_open"
{ printf 'BEGIN { @ = '; repeat 250000 '1 + '; printf '1; }\n'; } >"$dir/operators"
{ printf 'BEGIN { @ = '; repeat 100000 '-'; printf '1; }\n'; } >"$dir/signs"
{ printf 'BEGIN { @ = '; repeat 20000 '1 ? 2 : '; printf '3; }\n'; } >"$dir/conditions"
{ printf 'BEGIN { @ = $x'; repeat 30000 '.y'; printf '; }\n'; } >"$dir/fields"
{ printf 'BEGIN { @ = $x'; repeat 30000 '[1]'; printf '; }\n'; } >"$dir/indexes"
{ printf 'BEGIN { '; repeat 100000 '@ = 1; '; printf '}\n'; } >"$dir/statements"
{ printf 'BEGIN { '; repeat 5000 '{'; repeat 5000 '}'; printf ' }\n'; } >"$dir/blocks"
{ printf 'BEGIN { if (1) {} '; repeat 20000 'else if (1) {} '; printf '}\n'; } >"$dir/else_if"
{ printf 'BEGIN { printf("'; repeat 50000 '%d '; printf '", 1); }\n'; } >"$dir/format"
{ printf 'BEGIN { @'; repeat 60000 'a'; printf '[1] = 1; $'; repeat 60000 'b'; printf ' = 2; }\n'; } >"$dir/names"
{ printf 'BEGIN { @ = 1'; repeat 60000 '0'; printf '; }\n'; } >"$dir/digits"
{ printf '// '; repeat 1048576 'x'; printf '\nBEGIN { @ = 1 }\n'; } >"$dir/line"
{ printf 'BEGIN { @ = ('; repeat 20000 '1, '; printf '1); }\n'; } >"$dir/tuple"
repeat 3000 'kprobe:f { @[comm] = count() }
' >"$dir/probes"
awk 'BEGIN { print "fn f0(n: int) -> int { return n }"
    for (i = 1; i < 40; i++) printf "fn f%d(n: int) -> int { return f%d(n) + f%d(n) }\n", i, i - 1, i - 1
    print "BEGIN { @ = f39(1) }" }' >"$dir/functions"
