#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: times
# The tools of stdlib/cpu: a program whose waits are known, by a lock and asleep.
. "$(dirname "$0")/lib.sh"
MS=50 N=5

# NAME MICROSECONDS COLUMN: near what the program itself measured, which on a busy machine is more than it asked
# for: 1 the waits for the lock, 2 the sleeps. What it measured includes what the probes cost.
near() {
    local own
    own=$(awk -v c="$3" 'NF == 2 { us += $c; n++ } END { print int(us / n) }' "$TMP/waits")
    between "$1" "$2" $((own * 7 / 10)) $((own + 1000))
    between "$1-asked" "$2" $((MS * 900))
}

# Starts the program, which stays there until `let_go`; sets LOCKER, its process.
hold_locks() {
    rm -f "$TMP/in"
    mkfifo "$TMP/in"
    : >"$TMP/waits"
    build/tests/host/locks $MS $N <"$TMP/in" >"$TMP/waits" &
    PIDS+=($!)
    LOCKER=$!
    exec 4>"$TMP/in"
    wait_until 60 there "$TMP/waits" ' ' $N
}
let_go() { exec 4>&-; wait $LOCKER; }

trace lock cpu/pthread_rwlock_wrlock --stack || finish
out=$TMP/lock.out
hold_locks
stop "$PID"
let_go
same lock-exit "$CODE" 0
same lock-waits "$(wc -l <"$TMP/waits")" $((N + 1))
read -r attempts avg <<<"$(awk '$1 == "locks" && $3 ~ /^0x/ { print $4, $5 }' "$out")"
same lock-attempts "$attempts" $N
near lock-time "${avg%.*}" 1
has lock-busy "$out" "^trylock +busy \(EBUSY\) +$N\$"
# The functions that call it, by name; how often.
awk '/^@\[locks,/ { on = 1 } on { print } on && /^\]/ { exit }' "$out" >"$TMP/stack"
has lock-stack "$TMP/stack" '^    wait_for_lock\+0x'
has lock-stack-caller "$TMP/stack" '^    main\+0x'
has lock-stack-count "$TMP/stack" "^\]: $N\$"

trace other pthread_rwlock_wrlock.bt --pid $$ || finish
hold_locks
stop "$PID"
let_go
same lock-pid "$(grep -c '^locks ' "$TMP/other.out")" 0

# Of a named library: that of the program, and a copy that is not used.
libc=$(ldd build/tests/host/locks | awk '/libc\.so/ { print $3 }')
cp "$libc" "$TMP/copy.so"
for lib in "$libc" "$TMP/copy.so"; do
    trace lib pthread_rwlock_wrlock --lib "$lib" || finish
    hold_locks
    stop "$PID"
    let_go
    n=$N
    [ "$lib" = "$libc" ] || n=
    same "lib-${lib##*/}" "$(awk '$1 == "locks" && $3 ~ /^0x/ { print $4 }' "$TMP/lib.out")" "$n"
    same "lib-${lib##*/}-busy" "$(sed -nE 's/^trylock +busy \(EBUSY\) +//p' "$TMP/lib.out")" "$n"
done
for wrong in "$TMP/waits:not a program or library" "$TMP/nosuch:No such file" "$PWD/build/tests/host/target:has no function pthread_rwlock_wrlock"; do
    "$ND" pthread_rwlock_wrlock --lib "${wrong%%:*}" >/dev/null 2>"$TMP/wrong"
    code=$? name=lib-wrong-$(basename "${wrong%%:*}")
    same "$name" $code 2
    has "$name-says" "$TMP/wrong" "error: --lib: .*${wrong#*:}"
done

# The writer sleeps N times MS in the lock, the holder N times MS in usleep().
trace off offcputime-ts.py -m 10000 || finish
hold_locks
stop "$PID"
let_go
same off-exit "$CODE" 0
awk -v RS= '/ locks \(/' "$TMP/off.out" >"$TMP/off"
# Asleep: by the functions of the kernel; libc has no frame pointers.
# FUNCTION: microseconds of the entry with that function, divided by N.
off() { awk -v RS= -v f=" $1\n" -v n=$N 'index($0, f) && / locks \(/ { us += $NF } END { print int(us / n) }' "$TMP/off.out"; }
near off-do_futex "$(off do_futex)" 1
near off-hrtimer_nanosleep "$(off hrtimer_nanosleep)" 2
has off-kernel-stack "$TMP/off" '^    schedule$'

trace folded offcputime_ts -f --kernel-stacks-only --state 1 || finish
hold_locks
stop "$PID"
let_go
has off-folded "$TMP/folded.out" '^locks;[a-zA-Z0-9_.;]*;schedule;__schedule [1-9][0-9]*$'
same off-folded-only "$(grep -cvE '^[^;]+;[^ ]* [0-9]+$' "$TMP/folded.out")" 0

trace kernel offcputime_ts --kernel-threads-only -d -s -I 300ms || finish
hold_locks
wait_until 30 there "$TMP/kernel.out" 'Report - Start Time: 20' 3
stop "$PID"
let_go
has off-kernel-threads "$TMP/kernel.out" '^    -                [a-z].* \([0-9]+\)$'
same off-no-user-threads "$(grep -c ' locks (' "$TMP/kernel.out")" 0
has off-offset "$TMP/kernel.out" '^    schedule\+0x[0-9a-f]+$'
has off-delimited "$TMP/kernel.out" '^    --$'
n=$(grep -c 'Report - Start Time: 20' "$TMP/kernel.out")
between off-intervals "$n" 3

# The duration as a word; which processes; room for one stack only.
"$WITHIN" 20 "$ND" offcputime_ts 0.3 -p 1 $$ --interval 2 >"$TMP/word" 2>&1
same off-word $? 0
has off-word-says "$TMP/word" "^Tracing off-CPU time \(us\) of PIDs 1, $$ by user \+ kernel stack, output every 2 secs for 300ms\.$"
"$WITHIN" 20 "$ND" offcputime_ts -K --stack-storage-size 1 0.3 >"$TMP/room" 2>&1
has off-room "$TMP/room" '[Ss]tacks not stored: [1-9]'

# futex: the writer waits for the lock in FUTEX_WAIT_BITSET, and so does nothing else as long.
trace futex futex --comm locks || finish
hold_locks
stop "$PID"
let_go
same futex-exit "$CODE" 0
read -r calls avg op <<<"$(awk '$1 == "locks" && $4 ~ /^0x/ { print $5, $6, $3 }' "$TMP/futex.out")" # the first has most
same futex-calls "$calls" $N
near futex-time "${avg%.*}" 1
same futex-op "$op" FUTEX_WAIT_BITSET
has futex-hist "$TMP/futex.out" '^@lat\[FUTEX_WAIT_BITSET\]:$'
has futex-result "$TMP/futex.out" '^FUTEX_WAIT_BITSET +done +[1-9][0-9]*$'
same futex-only "$(grep -c 'FUTEX_WAKE' "$TMP/futex.out")" 0
trace futex-all futex.bt -v --unit ms -f json || finish
hold_locks
stop "$PID"
let_go
has futex-wake "$TMP/futex-all.out" 'FUTEX_WAKE'

# burn THREADS MS on one CPU: each thread computes for MS ms of CPU time there, whatever else runs.
LAST=$(tail -c +1 /sys/devices/system/cpu/online | sed 's/.*[,-]//')
burn() {
    rm -f "$TMP/in"
    mkfifo "$TMP/in"
    taskset -c "$LAST" build/tests/host/burn "$1" 10 "$2" <"$TMP/in" >/dev/null &
    PIDS+=($!)
    BURNER=$!
    echo go >"$TMP/in"
    wait $BURNER
}
# cpu_monitor: the thread and its time are found on that CPU; the profile shows its function.
trace busy cpu_monitor.sh -c "$LAST" -t 1 -i 1h || finish
burn 1 1500
stop "$PID"
same busy-exit "$CODE" 0
out=$TMP/busy.out
secs=$(sed -nE "s/.*   CPU +$LAST: .*threads \(([0-9.]+)s average.*/\1/p" "$out")
read -r pid tid share <<<"$(awk '$NF == "burn" && $6 ~ /%$/ { print $3, $4, $6; exit }' "$out")"
same busy-pid "$pid" "$BURNER"
between busy-tid "$tid" $((BURNER + 1)) # not the main thread, which waits
between busy-time "$(awk -v s="$secs" -v p="${share%\%}" 'BEGIN { printf "%d", s * p * 10 }')" 1400 1650
between busy-usage "$(sed -nE "s/.*   CPU +$LAST: +([0-9]+)\..*/\1/p" "$out")" $((${share%%.*} * 9 / 10))
has busy-function "$out" '^ +[0-9.]+% +[0-9]+  burn$'
has busy-stack "$out" '^ +[0-9.]+% burn$'
for wrong in '-c 1x' '-c 99999' '-t 101' '-i 1ms'; do
    # shellcheck disable=SC2086
    "$ND" cpu_monitor $wrong >"$TMP/out" 2>"$TMP/wrong"
    same "busy-wrong$wrong" $? 2
    has "busy-wrong$wrong-says" "$TMP/wrong" 'error: '
done

# sched_latency_monitor: of T threads on one CPU each runs MS and waits as long for each of the others, or longer if there
# is more to run there; a wait is a few slices.
T=3 B=600
trace slices sched_latency_monitor -p burn -i 1h -t 1h || finish
burn $T $B
stop "$PID"
same slices-exit "$CODE" 0
out=$TMP/slices.out
has slices-pid "$out" "^PID: $BURNER\$"
awk -F'|' '/^ burn:/ { print int($2), int($3 * $4), int($4), $5 + 0 }' "$out" | sort -n | tail -$T >"$TMP/slices"
same slices-threads "$(wc -l <"$TMP/slices")" $T
while read -r ran waited avg longest; do
    between slices-ran "$ran" $((B * 95 / 100)) $((B * 12 / 10))
    between slices-waited "$waited" $(((T - 1) * B / 2))
    between slices-wait "$avg" 1 100
    same slices-longest "$(awk -v a="$avg" -v l="$longest" 'BEGIN { print (l >= a) }')" 1
done <"$TMP/slices"
# The rows of the histograms are all waits; each switch to a thread but the first of the run had one.
read -r rows switches <<<"$(awk -F'[|:]' '/^ burn:/ { s += $4 } /->/ { r += $2 } END { print r, s }' "$out")"
between slices-rows "$rows" $((switches - T - 1)) "$switches"
"$WITHIN" 20 "$ND" sched_latency_monitor.sh -p nosuchprogram -t 0.2 -i 0.2 --duration 1 >"$TMP/short" 2>"$TMP/err"
same slices-duration $? 0
between slices-samples "$(grep -c '^=* Sample #' "$TMP/short")" 5 6
has slices-none "$TMP/short" '^PID: none ran$'
has slices-warns "$TMP/err" 'warning: no process is called nosuchprogram yet'
"$ND" sched_latency_monitor -t 2 -i 1 >"$TMP/out" 2>"$TMP/wrong"
same slices-wrong $? 2
has slices-wrong-says "$TMP/wrong" 'error: --period is 2s, longer than --interval'

"$ND" offcputime_ts --pid 1 --tid 1 >"$TMP/out" 2>"$TMP/wrong"
same off-wrong $? 2
same off-wrong-quiet "$(cat "$TMP/out")" ''
has off-wrong-says "$TMP/wrong" 'error: .* cannot be combined'
finish
