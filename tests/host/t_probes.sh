#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every kind of probe that this kernel can attach, against a program that does a known number of
# things; and the kinds that it may not have: checked, and refused in words.
. "$(dirname "$0")/lib.sh"
TARGET=$PWD/build/tests/host/target
N=200

# The target waits on a pipe until go, and stays until leave.
target() {
    : >"$TMP/target.out"
    exec {GO}> >(exec "$TARGET" $N >"$TMP/target.out")
    TPID=$!
    PIDS+=("$TPID")
}
go() {
    echo >&"$GO"
    while [ ! -s "$TMP/target.out" ]; do sleep 0.02; done
}
leave() {
    exec {GO}>&-
    kill "$TPID" 2>/dev/null # other processes started meanwhile may hold the pipe
    while kill -0 "$TPID" 2>/dev/null; do sleep 0.02; done
}

addr=$(nm "$TARGET" | awk '$3 == "work" { print "0x" $1 }')
libc=$(ldd "$TARGET" | awk '/libc\.so/ { print $3 }')
trace user -e "
struct letters { char a; char b; };
fn second(p: struct letters *) -> u64 { return p->b }
fn itself(p: struct letters *) -> struct letters * { return p }
uprobe:$TARGET:work {
    let \$c: struct letters * = (struct letters *)arg1;
    let \$d: struct letters *;
    let \$e: struct letters * = arg1;
    let \$t: struct task_struct * = curtask;
    \$d = \$c;
    \$f = (struct letters *)curtask;
    if (arg0 >= 0) { \$f = \$c }
    @held[tid] = \$c;
    @declared[\$c->a, \$d->b, \$e->b, (u8)second(\$c), (u8)second((struct letters *)arg1), itself(\$c)->a, \$f->a] = count();
    @kept[@held[tid]->b, (arg0 == 0 ? \$c : \$d)->a, ((struct letters *)(arg1 + 1))->a, \$t->pid == tid] = count();
}
uprobe:$TARGET:work { @entry = count(); @sum = sum(arg0); @last[pid] = str(arg1); @stack[ustack(3)] = count(); }
uretprobe:$TARGET:work { @exit = count(); @ret = sum(retval); }
uprobe:$TARGET:$addr { @addr = count(); }
uprobe:$TARGET:work* { @each[func] = count(); }
uprobe:\"$TARGET\":main { @main = count(); }
usdt:$TARGET:target:step { @usdt = count(); @usdt_sum = sum(arg0); @usdt_text[str(arg1)] = count(); }
usdt:$TARGET:target:constants { @constants[arg0, arg1, arg2, arg3, arg4] = count(); @minus = min((i64)arg3); @usdt_sum_of_signed = sum(arg3) }
usdt:$TARGET:target:symbols { @symbols[arg0, arg1, arg2] = count() }
uprobe:$libc:getppid /comm == \"target\"/ { @libc_path = count(); }
uprobe:libc:getppid /comm == \"target\"/ { @libc = count(); }
end { clear(@held); clear(@stack); clear(@usdt_text); }
" || finish
target
go
leave
stop "$PID"
out=$TMP/user.out
same user-exit "$CODE" 0
same target "$(cat "$TMP/target.out")" $((N * (N - 1) + N * (N + 1) / 2 + N / 10))
same uprobe "$(total "$out" @entry)" $N
same uprobe-arg "$(total "$out" @sum)" $((N * (N - 1) / 2))
has uprobe-str "$out" "^@last\\[[0-9]+\\]: step $((N - 1))\$"
same uretprobe "$(total "$out" @exit)" $N
same uretprobe-retval "$(total "$out" @ret)" $((N * (N - 1)))
same uprobe-address "$(total "$out" @addr)" $N
has uprobe-wildcard "$out" "^@each\\[work\\]: $N\$"
has uprobe-wildcard-more "$out" "^@each\\[work_more\\]: $N\$"
same uprobe-quoted "$(total "$out" @main)" 1
same usdt "$(total "$out" @usdt)" $N
same usdt-arg "$(total "$out" @usdt_sum)" $((N * (N - 1) / 2))
has declared-pointer "$out" "^@declared\\[115, 116, 116, 116, 116, 115, 115\\]: $N\$"
has kept-pointer "$out" "^@kept\\[116, 115, 116, true\\]: $N\$"
has usdt-constants "$out" "^@constants\\[4294967295, 65534, 253, -4, 18446744073709551611\\]: $N\$"
has usdt-constant-signed "$out" '^@minus: -4$'
has usdt-sign "$out" "^@usdt_sum_of_signed: $((-4 * N))\$"
has usdt-symbols "$out" "^@symbols\\[65530, -5, 4294967288\\]: $N\$"
same uprobe-library "$(total "$out" @libc)" $((N / 10))
same uprobe-library-path "$(total "$out" @libc_path)" $((N / 10))

trace stack -e "uprobe:$TARGET:work { @[ustack(2)] = count(); }" || finish
target
go
stop "$PID"
leave
has ustack "$TMP/stack.out" '^ +work\+0x0 \[target\]$'

target
other=$TPID other_go=$GO
target
trace one-process -p "$TPID" -e "uprobe:$TARGET:work { @n = count(); @who[pid] = count(); }" || finish
echo >&"$other_go"
while [ ! -s "$TMP/target.out" ]; do sleep 0.02; done
kill "$other"
: >"$TMP/target.out"
go
leave
wait_until 20 left "$PID" || stop "$PID" # -p ends with the process
same one-process "$(total "$TMP/one-process.out" @n)" $N

began=$EPOCHREALTIME
trace system -e '
tracepoint:syscalls:sys_enter_getppid /comm == "target"/ { @syscall = count(); }
tracepoint:raw_syscalls:sys_exit /comm == "target"/ { @sys_exit = count(); }
rawtracepoint:sys_exit /comm == "target"/ { @sys_exit_raw = count(); }
tracepoint:sched:sched_process_e* { @wild[probe] = count(); }
rawtracepoint:sched_process_exec /str(args.bprm->filename) == "'"$TARGET"'"/ { @exec = count(); }
software:page-faults:1 /comm == "target"/ { @faults = count(); }
profile:hz:50 { @profile = count(); @cpus[cpu] = count(); }
interval:ms:100 { @interval = count(); }
BEGIN { printf("BEGIN\n"); }
begin { printf("begin\n"); }
END { printf("END\n"); }
end { printf("end\n"); clear(@cpus); }
' || finish
target
sleep 1
go
leave
stop "$PID"
took=$((${EPOCHREALTIME/./} - ${began/./})) # in microseconds, a second or more
out=$TMP/system.out
same system-exit "$CODE" 0
same syscall "$(total "$out" @syscall)" $((N / 10))
same sys-exit "$(total "$out" @sys_exit)" "$(total "$out" @sys_exit_raw)"
same exec "$(total "$out" @exec)" 1
has wildcard "$out" '^@wild\[tracepoint:sched:sched_process_exec\]: [1-9]'
has wildcard-exit "$out" '^@wild\[tracepoint:sched:sched_process_exit\]: [1-9]'
has page-faults "$out" '^@faults: [1-9]'
between interval "$(total "$out" @interval)" 9 $((took / 100000 + 1))
between profile "$(total "$out" @profile)" $((40 * $(nproc) / 2))
same order "$(grep -E '^(begin|BEGIN|end|END)$' "$out" | tr '\n' ,)" 'begin,BEGIN,END,end,'

# Kinds that a kernel may be without: attached, or refused in words.
# NAME COMMAND...
may_refuse() {
    local name=$1 code
    shift
    "$WITHIN" 20 "$@" >"$TMP/run" 2>&1
    code=$?
    case $code in
    0) ok "$name" ;;
    2) has "$name" "$TMP/run" '^-e:1:1: error\[E0606\]: this kernel has no kprobes' ;;
    1) has "$name" "$TMP/run" '^-e:1:1: error: .*(k(ret)?probes|functions this way).* use a (raw )?tracepoint' ;;
    *) not_ok "$name" "got exit $code, wanted 0, or 1 or 2 with words: $(head -3 "$TMP/run" | tr '\n' '|')" ;;
    esac
}
for probe in kprobe:tcp_v4_rcv kretprobe:tcp_v4_rcv fentry:tcp_v4_rcv fexit:tcp_v4_rcv; do
    may_refuse "run-$probe" "$ND" -q --duration 100ms -e "$probe { @ = count(); }"
done
may_refuse check-fentry "$ND" check -e 'fentry:tcp_v4_rcv { @[args.skb->len] = count(); }'
may_refuse check-fexit "$ND" check -e 'fexit:tcp_v4_rcv { @[args.skb->len, retval] = count(); }'
for script in 'kprobe:tcp_v4_rcv { @[args.skb->len, arg0 != 0] = count(); }' \
    'kprobe:tcp_v4_rcv+4 { @[reg("ip"), kstack(3)] = count(); }' \
    'kretprobe:tcp_v4_rcv { @[retval] = count(); }'; do
    may_refuse "check-${script%% *}" "$ND" check -e "$script"
done
"$ND" check -e 'uprobe:libc:malloc+100000 { @ = count() }' >"$TMP/offset.out" 2>&1
same offset-exit $? 2
has offset "$TMP/offset.out" 'the offset is not in the function, which has [0-9]+ bytes'
# Pointers that came from a system call are user memory, which their address tells; without it, the place of
# the failed read is told.
for as in 'str((char *)$r->si)' 'str($r->si)' 'buf((char *)$r->si, 15)' 'str(uptr($r->si))'; do
    "$ND" -q -e "rawtracepoint:sys_enter /args.id == 257 && comm == \"cat\"/ {
        \$r = (struct pt_regs *)args.regs; @[$as] = count() }" -c "cat /proc/self/stat" >"$TMP/user.out"
    has "user-memory-${as%%(*}" "$TMP/user.out" '^@\[.*/proc/self/stat.*\]: 1$'
done
"$ND" -q -e 'rawtracepoint:sys_enter /args.id == 257 && comm == "cat"/ { @a = count(); @[str(kptr(8))] = count() }' \
    -c "cat /proc/self/stat" >"$TMP/user.out"
n=$(sed -n 's/^@a: //p' "$TMP/user.out")
has user-memory-failed "$TMP/user.out" "^Failed reads: $n \\(-e:1:[0-9]{2}: $n; a pointer to user memory needs uptr\\(\\)\\)"
# Iterators: once when everything is attached, and again in each interval.
cp "$(command -v sleep)" "$TMP/nditer"
for _ in 1 2 3; do
    "$TMP/nditer" 60 &
    PIDS+=("$!")
done
until [ "$(cat /proc/[0-9]*/comm 2>/dev/null | grep -cx nditer)" = 3 ]; do sleep 0.02; done
if "$ND" -q -e 'iter:task { exit() }' >"$TMP/has.out" 2>&1; then
    "$ND" -q -e 'iter:task / args.task->comm == "nditer" / { @n = count() }' >"$TMP/iter.out"
    same iter-once "$(total "$TMP/iter.out" @n)" 3
    "$ND" -q -e 'iter:task:ms:200 / args.task->comm == "nditer" / { @n++; if (@n == 9) { exit() } }' >"$TMP/iter.out"
    same iter-interval "$(total "$TMP/iter.out" @n)" 9
else
    has iter-refused "$TMP/has.out" "no iterator for 'task'"
fi

# Files by a pattern, and all that a process has mapped: each once.
sleep 60 &
P=$!
PIDS+=("$P")
"$ND" -l -p $P -e 'uprobe:*:malloc { }' >"$TMP/mapped"
same mapped-malloc "$(wc -l <"$TMP/mapped")" 1
has mapped-file "$TMP/mapped" '^uprobe:/.*libc[.-].*:malloc$'
mkdir "$TMP/files"
cp "$(type -P true)" "$TMP/files/one"
ln -s one "$TMP/files/two"
echo text >"$TMP/files/three"
cc -x c -o "$TMP/files/four" - <<<'int main(void) { return 0; }'
"$ND" -l -e "uprobe:$TMP/files/*:main { }" >"$TMP/mapped"
same pattern-file "$(cat "$TMP/mapped")" "uprobe:$TMP/files/four:main"

# Memory that is written, where the processor can watch it, and a signal that ndtrace gets.
cc -x c -o "$TMP/cell" - <<'C'
#include <stdio.h>
#include <unistd.h>
static volatile unsigned long cell;
int main(void)
{
    printf("%p\n", (void *)&cell);
    fflush(stdout);
    for (;;) {
        cell++;
        usleep(10000);
    }
}
C
"$TMP/cell" >"$TMP/at" &
P=$!
PIDS+=("$P")
until [ -s "$TMP/at" ]; do sleep 0.02; done
if timeout 20 "$ND" -q -p $P -e "watchpoint:$(cat "$TMP/at"):8:w { @[comm]++; if (@[comm] == 5) { exit() } }" >"$TMP/watch" 2>&1; then
    between watch "$(total "$TMP/watch" '@[cell]')" 5 50
else
    has watch-refused "$TMP/watch" 'watch'
fi
"$ND" -q -e 'self:signal:SIGUSR1 { @n++; if (@n == 2) { exit() } }' >"$TMP/signal" 2>"$TMP/err" &
P=$!
until grep -q 'ndtrace' "/proc/$P/comm" && grep -q '^SigBlk:.*[2367abef]..$' "/proc/$P/status"; do sleep 0.05; done
until ! kill -0 $P 2>/dev/null; do kill -USR1 $P 2>/dev/null; sleep 0.3; done
wait $P
same signal-exit $? 0
same signal "$(total "$TMP/signal" @n)" 2
finish
