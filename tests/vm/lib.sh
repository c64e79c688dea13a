# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of tests/vm/tests: what tests/host/lib.sh has, and a program that does known things.
# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/../host/lib.sh"
STIMULUS=$PWD/build/tests/vm/stimulus
KERNEL=$(uname -r)

# MAJOR MINOR: the kernel is that or newer.
kernel_at_least() {
    local a b
    IFS=.-+ read -r a b _ <<<"$KERNEL"
    ((a > $1 || (a == $1 && b >= $2)))
}

# NAME SCRIPT COMMAND...: traces while the command runs; the output is in $OUT, the exit code of
# ndtrace must be 0.
traced() {
    local name=$1 script=$2
    shift 2
    OUT=$TMP/$name.out
    trace "$name" -e "$script" || { : >"$OUT"; return 1; }
    "$@" >"$TMP/$name.cmd" 2>&1 || not_ok "$name-stimulus" "$(cat "$TMP/$name.cmd")"
    stop "$PID"
    same "$name-exit" "$CODE" 0
    [ ! -s "$TMP/$name.err" ] || ! grep -E 'warning|lost|missed|error' "$TMP/$name.err"
}
