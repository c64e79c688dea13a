#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: what scripts find, not how
# Each script of scripts/ says what it answers, is formatted, compiles, loads, attaches, ends.
. "$(dirname "$0")/lib.sh"

# What scripts ask of the run.
declare -A needs=([vm_latency_summary.nd]="--vm-interface lo")

for f in scripts/*.nd; do
    name=${f##*/}
    title=$(sed -n '3s,^// ,,p' "$f")
    "$WITHIN" 20 "$ND" "$f" --help >"$TMP/help" 2>&1
    same "$name-help" "$?:$(head -1 "$TMP/help")" "0:$title"
    "$WITHIN" 20 "$ND" fmt "$f" >"$TMP/fmt" 2>&1
    same "$name-formatted" "$(diff "$f" "$TMP/fmt" | head -3)" ''
    # shellcheck disable=SC2086
    "$WITHIN" 20 "$ND" -q --duration 700ms "$f" ${needs[$name]:-} >"$TMP/out" 2>"$TMP/err" </dev/null
    # Stages that a kernel need not have are warned about.
    same "$name-runs" "$?:$(grep -v 'left out' "$TMP/err" | head -3 | tr '\n' '|')" "0:"
done
# The library is formatted by the same formatter.
for f in stdlib/*/*.nd; do
    same "${f#stdlib/}-formatted" "$("$ND" fmt "$f" 2>&1 | diff "$f" - | head -3)" ''
done
finish
