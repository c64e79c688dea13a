#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whom a probe sees: one process with all its threads, and its ids in a PID namespace.
. "$(dirname "$0")/lib.sh"
THREADS=3 CALLS=40 MS=400

# FIFO NAME [COMMAND...]: a process that waits for `go` NAME; sets BURN, its id by its own count.
burner() {
    local name=$1
    shift
    rm -f "$TMP/$name.in"
    mkfifo "$TMP/$name.in"
    : >"$TMP/$name.pid"
    "$@" build/tests/host/burn $THREADS $CALLS $MS <"$TMP/$name.in" >"$TMP/$name.pid" &
    eval "$name=$!"
    PIDS+=($!)
    eval "exec {${name}_fd}>'$TMP/$name.in'"
    wait_until 10 test -s "$TMP/$name.pid"
    BURN=$(cat "$TMP/$name.pid")
}
go() { local fd=${1}_fd; echo >&"${!fd}"; wait "${!1}"; }
# FILE: all that was counted of other processes.
others() { awk '/^@\[(0|false)/ { n += $NF } END { print n + 0 }' "$1"; }
# FILE: and of threads made later.
threads() { awk '/^@\[(1|true), *(0|false)\]/ { n += $NF } END { print n + 0 }' "$1"; }

# NAME PROBE LEAST [MOST]: with -p, what is counted of threads made after attaching, and of another process.
process() {
    burner bystander
    burner wanted
    trace "$1" -p "$BURN" -e "$2 { @[pid == $BURN, tid == $BURN] = count() }" || return
    go bystander
    go wanted
    wait "$PID"
    same "$1-exit" $? 0
    between "$1-threads" "$(threads "$TMP/$1.out")" "$3" "${4:-}"
    same "$1-others" "$(others "$TMP/$1.out")" 0
}
n=$((THREADS * CALLS)) cpu=$((THREADS * MS)) # milliseconds
process tracepoint tracepoint:syscalls:sys_enter_getppid $n $n
process fields "tracepoint:raw_syscalls:sys_enter /args.id == 110/" $n $n
process raw "rawtracepoint:sys_enter /args.id == 110/" $n $n
process uprobe uprobe:build/tests/host/burn:burn_step $n $n
process uretprobe uretprobe:build/tests/host/burn:burn_step $n $n
process profile profile:hz:100 $((cpu / 10 * 7 / 10)) $((cpu / 10 * 13 / 10))
process software software:cpu-clock:10000000 $((cpu / 10 * 7 / 10)) $((cpu / 10 * 13 / 10))
process faults software:page-faults:1 1 100000
process switches software:context-switches:1 1 100000

# What has no process of its own is refused, where it is written.
refused() { # NAME PATTERN ARGUMENTS...
    "$ND" -p $$ "${@:3}" >"$TMP/out" 2>&1
    same "$1" $? 2
    has "$1-says" "$TMP/out" "$2"
}
refused stage '^-e:1:1: error: --pid cannot be used with stages' -e 'netif_rx { @ = count() }'
refused path 'error: --pid cannot be used with stages' -e 'path p by packet_id = qdisc_enq -> tx_xmit probe p:done { @ = count() }'
refused iter '^-e:1:1: error: --pid cannot be used with iterators' -e 'iter:task { @ = count() }'
trace timer -p $$ -e 'interval:ms:10 { @ = count(); exit() }' && wait "$PID"
same timer "$(total "$TMP/timer.out" @)" 1

# In a PID namespace ids are those that are seen there: of pid, tid, options, tools and symbols.
cat >"$TMP/pid.nd" <<'EOF'
option p: pid "process"
rawtracepoint:sys_enter /args.id == 110 && pid == opt.p/ { @calls[tid > opt.p] = count() }
uprobe:build/tests/host/burn:burn_step /pid == opt.p/ { printf("%s\n", ustack(1)) }
EOF
# NAME ARGUMENTS...: a process in a namespace, and a tracer there, which gets the arguments and its id.
within() {
    local name=$1
    shift
    cat >"$TMP/in.sh" <<EOF
. tests/clock.sh
rm -f $TMP/ns.in; mkfifo $TMP/ns.in
build/tests/host/burn $THREADS $CALLS $MS <$TMP/ns.in >$TMP/ns.pid & B=\$!
exec 5>$TMP/ns.in
wait_until 10 test -s $TMP/ns.pid
"$ND" -v "\$@" \$B >$TMP/$name.out 2>$TMP/$name.err & P=\$!
wait_until 60 grep -q 'ready in' $TMP/$name.err
echo >&5
wait \$B
[[ " \$* " == *' -p '* ]] || kill -INT \$P
wait \$P
EOF
    unshare --pid --fork ${PROC---mount-proc} bash "$TMP/in.sh" "$@"
    same "$name-exit" $? 0
}
within ns "$TMP/pid.nd" --p
same ns-calls "$(grep -c "^@calls\[true\]: $n\$" "$TMP/ns.out")" 1
has ns-symbols "$TMP/ns.out" '^    burn_step\+0'
PROC= within ns-host-proc "$TMP/pid.nd" --p
same ns-host-proc-calls "$(grep -c "^@calls\[true\]: $n\$" "$TMP/ns-host-proc.out")" 1
has ns-host-proc-symbols "$TMP/ns-host-proc.out" '^    burn_step\+0'
within ns-flag -e 'rawtracepoint:sys_enter /args.id == 110/ { @calls = count() }' -p
same ns-flag-calls "$(total "$TMP/ns-flag.out" @calls)" $n
within ns-tool offcputime_ts --pid
has ns-tool-finds "$TMP/ns-tool.out" 'burn'
within ns-field -e 'rawtracepoint:sched_switch /args.prev->pid == 1/ { @ = count() }' -p
has ns-field-warns "$TMP/ns-field.err" '^-e:1:29: warning: .* id of a process on the host'
NDTRACE_WITHOUT=ns_pid within ns-old "$TMP/pid.nd" --p
has ns-old-warns "$TMP/ns-old.err" 'pid and tid are those of the host'
finish
