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
# Anyone can take the names that are counted: those of a stranger are not.
cat >"$TMP/stranger.c" <<'EOF2'
#include <stdio.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(void)
{
    int i, fd, ok = setgid(65534) || setuid(65534) ? 0 : 1;
    for (i = 0; i < 12 && ok; i++) {
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        int n = snprintf(a.sun_path + 1, 90, "ndtrace-tracing-%d", i);
        fd = socket(AF_UNIX, i % 2 ? SOCK_STREAM : SOCK_DGRAM, 0);
        ok = !bind(fd, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n));
        if (i % 4 == 1) listen(fd, 0);
    }
    puts(ok ? "held" : "cannot");
    fflush(stdout);
    pause();
    return 0;
}
EOF2
cc -o "$TMP/stranger" "$TMP/stranger.c" || exit 1
ip netns exec "$A" "$TMP/stranger" >"$TMP/held" &
stranger=$!
PIDS+=("$stranger")
wait_until 20 grep -q held "$TMP/held"
has stranger-holds "$TMP/held" held
trace stranger -e "$SCRIPT" || finish
same stranger "$(grep -c 'other traces are already running' "$TMP/stranger.err")" 0
stop "$PID"
same stranger-exit "$CODE" 0
kill "$stranger"
finish
