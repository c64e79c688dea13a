#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The sixth trace on a host is warned about the others, however earlier ones ended.
. "$(dirname "$0")/lib.sh"
network o
SCRIPT='tracepoint:net:net_dev_queue { @ = count() }'
others=()
for i in 1 2 3 4 5; do
    trace "one$i" -e "$SCRIPT" || finish
    others+=("$PID")
    same "alone$i" "$(grep -c 'other traces are already running' "$TMP/one$i.err")" 0
done
trace six -e "$SCRIPT" || finish
has told "$TMP/six.err" '^ndtrace: warning: 5 other traces are already running'
stop "$PID"
same told-exit "$CODE" 0
has told-events "$TMP/six.err" '^0 events in [0-9.]+ s: 0 a second$'
trace quiet -q -e "$SCRIPT" || finish
same quiet "$(grep -c 'other traces are already running' "$TMP/quiet.err")" 0
stop "$PID"
for pid in "${others[@]}"; do kill -KILL "$pid"; done
for pid in "${others[@]}"; do wait "$pid" 2>/dev/null; done
trace after -e "$SCRIPT" || finish
same after "$(grep -c 'other traces are already running' "$TMP/after.err")" 0
stop "$PID"
finish
