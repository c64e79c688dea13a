#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each script of scripts/ says what it answers, is formatted, compiles, loads, attaches, ends.
. "$(dirname "$0")/lib.sh"

for f in scripts/*.nd; do
    name=${f##*/}
    title=$(sed -n '3s,^// ,,p' "$f")
    timeout 20 "$ND" "$f" --help >"$TMP/help" 2>&1
    same "$name-help" "$?:$(head -1 "$TMP/help")" "0:$title"
    timeout 20 "$ND" fmt "$f" >"$TMP/fmt" 2>&1
    same "$name-formatted" "$(diff "$f" "$TMP/fmt" | head -3)" ''
    timeout 20 "$ND" -q --duration 700ms "$f" >"$TMP/out" 2>"$TMP/err" </dev/null
    same "$name-runs" "$?:$(head -3 "$TMP/err" | tr '\n' '|')" "0:"
done
finish
