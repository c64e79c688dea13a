#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Tables as text: how wide lines are, and colours, on a terminal and elsewhere.
. "$(dirname "$0")/lib.sh"

cat >"$TMP/t.nd" <<'S'
table t { name: string, path: string, n: u32 "%6d" warn > 5 error > 50, last: string }
begin {
    table(t, "a", "/a/rather/long/path/to/some/file", 1, "the end of this line");
    table(t, "b", "/short", 6, "x");
    table(t, "c", "", 60, "");
    exit();
}
S
unset COLUMNS NO_COLOR
run() { timeout 20 "$ND" -q "$@" "$TMP/t.nd"; }
ESC=$'\033'

# In a pipe: everything, and no colours.
run >"$TMP/pipe"
same pipe-width "$(awk "{ if (length > n) n = length } END { print n }" "$TMP/pipe")" 65
same pipe-color "$(grep -c "$ESC" "$TMP/pipe")" 0
COLUMNS=x run >"$TMP/none"
same no-number "$(cat "$TMP/none")" "$(cat "$TMP/pipe")"

# COLUMNS: texts from the last one on, none below 8 characters; numbers stay.
COLUMNS=60 run >"$TMP/60"
same columns-60 "$(sed -n 2p "$TMP/60")" 'a    /a/rather/long/path/to/some/file      1 the end of thi…'
COLUMNS=40 run >"$TMP/40"
same columns-40 "$(sed -n 2p "$TMP/40")" 'a    /a/rather/long/pat…      1 the end…'
COLUMNS=20 run >"$TMP/20"
same columns-20 "$(sed -n 2p "$TMP/20")" 'a    /a/rath…      1 the end…'
COLUMNS=40 run -f csv >"$TMP/csv"
has columns-csv "$TMP/csv" '^row,t,a,/a/rather/long/path/to/some/file,1,the end of this line$'
COLUMNS=40 run --log-file "$TMP/log" >"$TMP/out"
has columns-log "$TMP/log" 'some/file      1 the end of this line$'

# Colours.
run --color always >"$TMP/always"
same warn "$(sed -n 3p "$TMP/always" | grep -cF "     $ESC[33m6$ESC[0m x")" 1
same error "$(sed -n 4p "$TMP/always" | grep -cF "$ESC[31m60$ESC[0m")" 1
same others "$(grep -c "$ESC" "$TMP/always")" 2
NO_COLOR=1 run --color always >"$TMP/said"
same said "$(cmp "$TMP/always" "$TMP/said" && echo same)" same
run --color sometimes >"$TMP/x" 2>&1
same wrong-exit $? 2
has wrong "$TMP/x" '^ndtrace: error: --color: "sometimes" is none of auto, always and never$'

# A terminal: its width, and colours unless NO_COLOR says otherwise.
on_terminal() { script -qec "stty cols 40; timeout 20 $ND -q $* $TMP/t.nd" /dev/null | tr -d '\r'; }
on_terminal >"$TMP/tty"
same tty-color "$(grep -c "$ESC" "$TMP/tty")" 2
same tty-width "$(sed -n 2p "$TMP/tty")" 'a    /a/rather/long/pat…      1 the end…'
NO_COLOR=1 on_terminal >"$TMP/no"
same no-color "$(grep -c "$ESC" "$TMP/no")" 0
on_terminal --color never >"$TMP/never"
same never "$(grep -c "$ESC" "$TMP/never")" 0
finish
