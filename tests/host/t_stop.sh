#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Stopping is one rule: however a run is asked to end, its probes are gone within a second and the process
# within three, whatever the reader of the output, the command of -c or user code do.
. "$(dirname "$0")/lib.sh"
lines='rawtracepoint:sys_enter { printf("%0900d %s\n", args.id, comm) }' # more than any pipe holds
few='interval:ms:50 { @n++; printf("%d\n", @n) }'

no_links() { [ -z "$(bpf_ids "$1" | grep '^link')" ]; }
# NAME FIFO [DURATION]: the run that writes to it ends in time, after SIGINT or by itself; bytes that nobody took
# are told.
ends_stuck() {
    local pid begin
    "$ND" -v --duration "${3:-100s}" -o "$2" -e "$lines" 2>"$TMP/$1.err" &
    pid=$!
    PIDS+=("$pid")
    wait_until 100 started "$pid" "$TMP/$1.err"
    sleep 0.4 # the pipe is full
    counted_ms
    begin=$NOW
    [ -n "${3:-}" ] || kill -INT "$pid"
    wait_until 10 no_links "$pid"
    counted_ms
    at_most "$1-detaches" $((NOW - begin)) 1500
    wait_until 20 left "$pid"
    counted_ms
    at_most "$1-time" $((NOW - begin)) 3500
    wait "$pid"
    same "$1-exit" $? 1
    has "$1-told" "$TMP/$1.err" 'warning: [0-9]+ bytes of output were not written'
}
mkfifo "$TMP/full"
exec 8<>"$TMP/full" # nobody reads
ends_stuck pipe "$TMP/full"
ends_stuck pipe-duration "$TMP/full" 600ms
exec 8>&-

# A reader that is stopped, and goes on later, misses nothing.
mkfifo "$TMP/slow"
cat "$TMP/slow" >"$TMP/slow.out" &
reader=$!
PIDS+=("$reader")
"$ND" -v --duration 1s -o "$TMP/slow" -e "$few" 2>"$TMP/slow.err" &
pid=$!
PIDS+=("$pid")
wait_until 100 started "$pid" "$TMP/slow.err"
kill -STOP "$reader"
sleep 0.5
kill -CONT "$reader"
wait "$pid"
same slow-exit $? 0
wait "$reader"
has slow-all "$TMP/slow.out" '^@n: [0-9]+$'
same slow-lines "$(grep -cE '^[0-9]+$' "$TMP/slow.out")" "$(sed -n 's/^@n: //p' "$TMP/slow.out")"

# A FIFO that nobody opens: it waits for a reader, and ends when asked.
mkfifo "$TMP/unread"
"$ND" -o "$TMP/unread" -e "$few" 2>"$TMP/unread.err" &
pid=$!
PIDS+=("$pid")
wait_until 10 takes_signals "$pid"
sleep 0.3
stop "$pid" INT
same unread-exit "$CODE" 0
"$ND" --duration 300ms -o "$TMP/unread" -e "$few" 2>"$TMP/late.err" &
pid=$!
PIDS+=("$pid")
sleep 0.2
cat "$TMP/unread" >"$TMP/late.out"
wait "$pid"
same late-reader-exit $? 0
has late-reader "$TMP/late.out" '^@n: [1-9]'

# A terminal that is stopped takes nothing at all.
counted_ms
begin=$NOW
"$WITHIN" 20 build/tests/host/stopped "$ND" --duration 300ms -e "$few"
same terminal-exit $? 1
counted_ms
at_most terminal-time $((NOW - begin)) 4000

# A full disk.
mkdir "$TMP/disk" && mount -t tmpfs -o size=64k none "$TMP/disk" && {
    "$WITHIN" 20 "$ND" -o "$TMP/disk/out" -e "$lines" 2>"$TMP/disk.err"
    same disk-exit $? 1
    has disk-told "$TMP/disk.err" 'cannot write .*: No space left on device'
    umount "$TMP/disk"
}

# A command that ignores SIGTERM; one that ends while user code runs.
printf '%s\n' '#!/bin/bash' "trap '' TERM" 'while :; do sleep 1; done' >"$TMP/deaf"
chmod 755 "$TMP/deaf"
counted_ms
begin=$NOW
"$WITHIN" 20 "$ND" -q --duration 300ms -c "$TMP/deaf" -e "$few" >"$TMP/deaf.out"
same deaf-exit $? 0
counted_ms
at_most deaf-time $((NOW - begin)) 3000
"$WITHIN" 20 "$ND" -q -c 'sleep 0.3' -e 'every 50ms { $t = nsecs; while (nsecs - $t < 1s) { } } end { printf("over\n") }' >"$TMP/busy.out"
same busy-exit $? 0

# User code that never ends, before anything is attached.
"$ND" -e 'begin { while (1) { } }' >"$TMP/loop.out" 2>"$TMP/loop.err" &
pid=$!
PIDS+=("$pid")
wait_until 10 takes_signals "$pid"
sleep 0.5
stop "$pid" INT
same loop "$CODE" 0

# Handlers that are slower than the events: what they did not get to is told. In the second script, clearing
# waits for the kernel, and is itself a system call that makes an event.
slow='event e { k: i64 } rawtracepoint:sys_enter { send e { k: args.id } } on e { $t = nsecs; while (nsecs - $t < 5ms) { } @n++ } interval:ms:200 { exit() }'
"$ND" -v -e "${slow/exit()/@i = 1}" >"$TMP/late.out" 2>"$TMP/late.err" &
pid=$!
PIDS+=("$pid")
wait_until 100 started "$pid" "$TMP/late.err"
sleep 0.5
counted_ms
begin=$NOW
kill -INT "$pid"
wait_until 20 left "$pid"
counted_ms
at_most late-time $((NOW - begin)) 3500
wait "$pid"
same late-exit $? 0
has late-told "$TMP/late.out" '^Lost events: [1-9]'
counted_ms
begin=$NOW
"$WITHIN" 20 "$ND" -q -e 'begin { @a = 5 } rawtracepoint:sys_enter { @a = 7; clear(@a) } interval:ms:50 { exit() }' >"$TMP/feeds.out"
same feeds-exit $? 0
counted_ms
at_most feeds-time $((NOW - begin)) 3500

# A million keys: a request that comes while they are printed does not lose any.
"$ND" -v -e 'let @m = hash(1100000); interval:ms:2 { for ($i : 0..1500) { @m[@n] = 1; @n++ } if (@n >= 1000000) { exit() } }' \
    >"$TMP/keys.out" 2>"$TMP/keys.err" &
pid=$!
PIDS+=("$pid")
wait_until 100 started "$pid" "$TMP/keys.err"
wait_until 100 test -s "$TMP/keys.out"
kill -INT "$pid" 2>/dev/null
wait "$pid"
same keys-exit $? 0
between keys "$(grep -c '^@m\[' "$TMP/keys.out")" 1000000
finish
