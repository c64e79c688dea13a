#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A time keeps its clock: through variables, maps, tuples, functions, events and text. Whatever the clock, the hour
# that it prints is the one that it is.
. "$(dirname "$0")/lib.sh"

script() { # CLOCK
    cat <<EOF
event e { at: time, mono: time }
fn later(t: time) -> time { return t + 1us }
BEGIN {
  \$t = nsecs($1);
  let \$b: time = nsecs($1);
  \$u = \$t + 5us;
  @b = \$b; @t[1] = \$u; @m = nsecs; @f = later(nsecs($1)); @g = later(nsecs);
  @s[strftime("%F %H", nsecs($1)), strftime("%F %H", \$b)] = 1;
  @p = (\$t, pid == 0 ? \$t : \$u);
  printf("%s %s %t\n", strftime("%F %H:%M", \$t), strftime("%F %H:%M", nsecs), nsecs($1));
  send e { at: nsecs($1), mono: nsecs };
  @d = nsecs($1) - \$t < 1s && nsecs($1) >= \$t;
  exit();
}
on e {
  \$now = strftime("%F %H", nsecs);
  @u = at + 1us;
  printf("event %d %d %d %d\n", strftime("%F %H", at) == \$now, strftime("%F %H", mono) == \$now,
         substr(sprintf("%t", at), 0, 13) == \$now, substr(sprintf("%s", at), 0, 13) == \$now);
}
end {
  \$now = strftime("%F %H", nsecs);
  printf("maps %d %d %d %d %d %d\n", strftime("%F %H", @b) == \$now, strftime("%F %H", @t[1]) == \$now,
         strftime("%F %H", @m) == \$now, strftime("%F %H", @u) == \$now, strftime("%F %H", @f) == \$now,
         strftime("%F %H", @g) == \$now);
  for (k, v in @s) { printf("keys %d %d\n", str(k.0) == \$now, str(k.1) == \$now) }
  printf("tuple %d %d %d\n", strftime("%F %H", @p.0) == \$now, strftime("%F %H", @p.1 + 1us) == \$now, @d);
  clear(@m); clear(@s); clear(@p); clear(@u); clear(@d); clear(@f); clear(@g);
}
EOF
}

# Functions of user space take times of any clock, and min() and max() of times are times.
more() { # CLOCK
    cat <<EOF
event e { t: time }
fn year(x: time) -> string { return strftime("%Y", x) }
fn same(x: time) -> time { \$y = x + 1s; return \$y }
fn now() -> string { return strftime("%Y", nsecs) }
BEGIN { send e { t: nsecs($1) }; @max = max(nsecs($1)); @min = min(nsecs($1)); @k[1] = max(nsecs($1)); exit() }
on e { printf("functions %d %d %d\n", year(t) == now(), strftime("%Y", same(t)) == now(), year(t + 1s) == now()); }
end {
  \$x = max(@max);
  printf("aggregations %d %d %d %d\n", strftime("%Y", \$x) == now(), strftime("%Y", @max) == now(),
         strftime("%Y", min(@min)) == now(), \$x - max(@k[1]) < 1s);
  for (k, v in @k) { \$v1 = v; printf("rows %d %d %d\n", strftime("%Y", v) == now(), strftime("%Y", max(v)) == now(), strftime("%Y", \$v1) == now()); }
  clear(@max); clear(@min); clear(@k);
}
EOF
}

day=$(date +%F)
for clock in monotonic boot tai; do
    script $clock >"$TMP/$clock.nd"
    if ! "$ND" -q "$TMP/$clock.nd" >"$TMP/out" 2>"$TMP/err" && grep -q 'no such clock' "$TMP/err"; then
        ok "$clock-none"
        continue
    fi
    has "$clock-event" "$TMP/out" '^event 1 1 1 1$'
    has "$clock-maps" "$TMP/out" '^maps 1 1 1 1 1 1$'
    has "$clock-keys" "$TMP/out" '^keys 1 1$'
    has "$clock-tuple" "$TMP/out" '^tuple 1 1 1$'
    has "$clock-text" "$TMP/out" "^($day|$(date +%F)) ([0-9:]+) ($day|$(date +%F)) [0-9:]+ ($day|$(date +%F)) [0-9:.]+\$"
    has "$clock-printed" "$TMP/out" "^@b: ($day|$(date +%F)) "
    today="$(date -u -d -1hour +%F)|$(date -u +%F)"
    "$ND" -q -f json "$TMP/$clock.nd" >"$TMP/json" 2>&1
    has "$clock-json" "$TMP/json" "\"@b\",\"entries\":\[\{\"key\":null,\"value\":\"($today)T"
    "$ND" -q -f csv "$TMP/$clock.nd" >"$TMP/csv" 2>&1
    more $clock >"$TMP/more.nd"
    "$ND" -q "$TMP/more.nd" >"$TMP/out" 2>&1
    has "$clock-functions" "$TMP/out" '^functions 1 1 1$'
    has "$clock-aggregations" "$TMP/out" '^aggregations 1 1 1 1$'
    has "$clock-rows" "$TMP/out" '^rows 1 1 1$'
    has "$clock-csv" "$TMP/csv" "^map,@b,.*,($today)T[^,]*\$"
done
finish
