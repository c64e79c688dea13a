#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: many at a time
# Much of everything: keys, programs, lines.
. "$(dirname "$0")/lib.sh"

"$WITHIN" 60 "$ND" -q -e '
let @m = hash(100000);
interval:ms:1 {
    $from = @from;
    for (i in 0..2000) { @m[$from + i] = $from + i + 1 }
    @from += 2000;
    if ($from == 98000) { exit() }
}
end { printf("%d %d\n", len(@m), sum(@m)) }' >"$TMP/keys" 2>&1
same keys-exit $? 0
same keys "$(head -1 "$TMP/keys")" "100000 $((100000 * 100001 / 2))"
same keys-printed "$(grep -c '^@m\[' "$TMP/keys")" 100000

# Reported while it is that large.
"$WITHIN" 60 "$ND" -q --duration 1500ms -e '
let @n = hash(10000);
interval:ms:50 { for (i in 0..1000) { @n[i] = count() } @rounds = count(); }
every 300ms { report(@n) }
end { printf("rounds %d\n", sum(@rounds)) }' >"$TMP/report" 2>&1
same report-exit $? 0
rounds=$(sed -n 's/^rounds //p' "$TMP/report")
same report "$(total "$TMP/report" @n)" $((1000 * rounds))

"$WITHIN" 60 "$ND" -q -e 'BEGIN { for (i in 0..4000) { printf("line %d\n", i) } exit() }' >"$TMP/lines" 2>"$TMP/err"
lost=$(cat "$TMP/lines" "$TMP/err" | grep -oE '[Ll]ost events: [0-9]+' | grep -oE '[0-9]+')
same lines "$(($(grep -c '^line ' "$TMP/lines") + ${lost:-0}))" 4000

# All trace events of two categories: each its own count, all detached in time.
counted_ms
start=$NOW
"$WITHIN" 60 "$ND" -q --duration 300ms -e 'tracepoint:sched:*, tracepoint:irq:* { @[probe] = count() }' >"$TMP/wild" 2>&1
same wild-exit $? 0
counted_ms
at_most wild-time $((NOW - start)) 4999
has wild "$TMP/wild" '^@\[tracepoint:sched:sched_switch\]: [1-9]'

# Bad input of size: a message, not a crash.
# NAME CODE FILE
bad() {
    "$WITHIN" 30 "$ND" "$3" --duration 10ms >"$TMP/bad" 2>&1
    same "$1" "$?" "$2"
    same "$1-no-crash" "$(grep -c 'crash' "$TMP/bad")" 0
}
{ printf 'BEGIN { @ = '; head -c 10000 /dev/zero | tr '\0' '('; printf '1'; head -c 10000 /dev/zero | tr '\0' ')'; echo ' }'; } >"$TMP/nest.nd"
bad nested 2 "$TMP/nest.nd"
{ printf 'BEGIN { @ = 1'; for ((i = 0; i < 20000; i++)); do printf ' + 1'; done; echo ' }'; } >"$TMP/long.nd"
bad long-expression 2 "$TMP/long.nd"
{ printf '// '; head -c 1000000 /dev/zero | tr '\0' 'x'; printf '\nBEGIN { exit() }\n'; } >"$TMP/line.nd"
bad long-line 0 "$TMP/line.nd"
{ printf 'BEGIN { printf("'; head -c 1000000 /dev/zero | tr '\0' 'y'; printf '\\n"); exit() }\n'; } >"$TMP/string.nd"
bad long-string 0 "$TMP/string.nd"
printf 'BEGIN { exit() }\r\n// CRLF\r\n' >"$TMP/crlf.nd"
bad crlf 0 "$TMP/crlf.nd"
head -c 20000 /dev/zero >"$TMP/zero.nd"
bad zeros 2 "$TMP/zero.nd"
printf 'fn f(n: int) -> int { return f(n - 1) }\nBEGIN { @ = f(3) }\n' >"$TMP/rec.nd"
bad recursion 2 "$TMP/rec.nd"
printf 'BEGIN { @a = 1; exit() }\nEND { @a = "text"; }\n' >"$TMP/types.nd"
bad two-types 2 "$TMP/types.nd"
has two-types-both "$TMP/bad" 'types.nd:1'
finish
