#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check: 5.10 6.12
# limit: 200
# What was attached is gone afterwards, also after kill -9: programs, links, maps, kprobes.
. "$(dirname "$0")/../lib.sh"
S='kprobe:vfs_* { @a = count() } kretprobe:vfs_f* { @b = count() } fentry:vfs_fallocate { @c = count() } fexit:vfs_fallocate { @d = count() } profile:hz:9 { @e = count() }'
bpftool prog show >/dev/null
before=$(held)
for i in 1 2 3 4 5; do
    "$WITHIN" 60 "$ND" -q --duration 200ms -e "$S" >"$TMP/o" 2>&1 || not_ok run "$(head -c 300 "$TMP/o")"
done
same ends "$(held)" "$before"
trace kill -e "$S" && {
    if [ "$(held)" != "$before" ]; then ok held; else not_ok held "nothing is attached: $before"; fi
    kill -KILL "$PID"
    wait "$PID" 2>/dev/null
}
same killed "$(held)" "$before"
finish
