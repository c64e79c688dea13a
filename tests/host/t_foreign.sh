#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs whose users want to harm the tracer: names that steer a terminal or forge a line, files that are no files, a
# reader that is ended or stopped, addresses in no mapping, many programs. The clear outcome: results, a line, exit code 0.
. "$(dirname "$0")/lib.sh"
D=$TMP/d
mkdir "$D"
ESC=$'\033'
# ---- strings -------------------------------------------------------------------------------------
# A name of a process with a control sequence and a line break, which calls getppid() when told to.
cat >"$D/ask.h" <<'EOF2'
#include <sys/syscall.h>
__attribute__((noinline)) long EEEEE_NAME(void)
{
#ifdef __x86_64__
    long r = SYS_getppid;
    __asm__ volatile("syscall" : "+a"(r) : : "rcx", "r11", "memory");
#else
    register long r __asm__("x0"), n __asm__("x8") = SYS_getppid;
    __asm__ volatile("svc 0" : "=r"(r) : "r"(n) : "memory");
#endif
    return r;
}
EOF2
cat >"$D/evil.c" <<'EOF2'
#include "ask.h"
#include <stdio.h>
#include <sys/prctl.h>
int main(int argc, char **argv)
{
    char line[8];
    if (argc > 1) prctl(PR_SET_NAME, argv[1]);
    while (fgets(line, sizeof(line), stdin)) EEEEE_NAME();
    return 0;
}
EOF2
cc -O1 -g -fno-omit-frame-pointer -fno-optimize-sibling-calls -o "$D/evil" "$D/evil.c" || exit 1
sed -i 's/EEEEE_NAME/\x1b[2J\n_NAME/g' "$D/evil" # of the same length
NAME=$'a\033[2J\nforged'
# NAME ARGUMENTS...: what a tracer prints while the program does it once.
during() {
    local name=$1
    shift
    mkfifo "$TMP/$name.in"
    "$D/evil" "$NAME" <"$TMP/$name.in" &
    P=$!
    trace "$name" "$@" -p $P || { kill $P; return 1; }
    exec 6>"$TMP/$name.in"
    echo x >&6
    sleep 0.3
    exec 6>&-
    wait $P
    wait_until 20 left "$PID"
    stop "$PID" 2>/dev/null
    same "$name-exit" "$CODE" 0
}
clean() { # NAME FILE LINES: no control character, and no more lines than that
    same "$1-control" "$(LC_ALL=C grep -c $'[\001-\010\013-\037\177]' "$2")" 0
    same "$1-lines" "$(wc -l <"$2")" "$3"
}
ID=110
[ "$(uname -m)" = x86_64 ] || ID=173
G="rawtracepoint:sys_enter /args.id == $ID/" # of one process, with -p
one() { echo "rawtracepoint:sys_enter /args.id == $ID && pid == $1/"; }
during text -q -e "$G { @[comm] = count(); printf(\"<%s>\\n\", comm) } end { print(@); clear(@) }"
clean text "$TMP/text.out" 2
has text-says "$TMP/text.out" '^<a\\x1b\[2J\\x0aforged>$'
has text-key "$TMP/text.out" '^@\[a\\x1b\[2J\\x0aforged\]: 1$'
during own -q -e "event e { a: string } on e { \$s = sprintf(\"1\\n%s\", a); printf(\"%s%s\", \$s, \"\\n\" + a + \"\\n\") } $G { send e { a: comm } }"
clean own "$TMP/own.out" 3
during raw -q --raw -e "$G { printf(\"<%s>\\n\", comm) }"
same raw-control "$(grep -c "<a$ESC\\[2J" "$TMP/raw.out")" 1
same raw-lines "$(wc -l <"$TMP/raw.out")" 2
during json -q -f json -e "$G { printf(\"%s\\n\", comm); @[comm] = count() }"
same json-control "$(LC_ALL=C grep -c $'[\001-\010\013-\037\177]' "$TMP/json.out")" 0
has json-says "$TMP/json.out" '"a\\u001b\[2J\\nforged"'
during csv -q -f csv -e "$G { @[comm] = count() }"
same csv-control "$(LC_ALL=C grep -c $'[\001-\010\013-\037\177]' "$TMP/csv.out")" 0
has csv-says "$TMP/csv.out" ',a\\x1b\[2J\\x0aforged,1$'
during stack -q -e "event e { s: ustack(2) } on e { printf(\"%s\\n\", frames(s, \";\")) } $G { @[ustack(2)] = count(); send e { s: ustack(2) } }"
same stack-control "$(LC_ALL=C grep -c $'[\001-\010\013-\037\177]' "$TMP/stack.out")" 0
has stack-frames "$TMP/stack.out" '^\\x1b\[2J\\x0a_NAME;[a-z_]+'
has stack-name "$TMP/stack.out" '^    \\x1b\[2J\\x0a_NAME\+0x'
during file -q -o "$TMP/results" -e "$G { printf(\"<%s>\\n\", comm) }"
clean file "$TMP/results" 1
# From a file, in a message, and a single character: nothing is attached.
printf 'x\033[31m\xe2\x80\xaey\xff\302\2331m\n' >"$D/lines"
cat >"$D/lines.nd" <<'EOF2'
option in: path
begin {
    $l = file_line(opt.in, 1);
    print($l);
    printf("[%5.3s][%-8s][%c][%r]\n", $l, substr($l, 1, 2), 27, substr($l, 1, 1));
    printf("%s", "own\n" + substr($l, 1, 1) + "\n");
    warn("it says %s", $l);
    exit(0);
}
EOF2
"$ND" "$D/lines.nd" --in "$D/lines" >"$TMP/lines.out" 2>"$TMP/lines.err"
same lines-exit $? 0
cat >"$TMP/wanted" <<'EOF2'
x\x1b[31m\u202ey\xff\u009b1m
[x\x1b[][\x1b[   ][\x1b][\x1b]
own
\x1b
EOF2
same lines "$(cat "$TMP/lines.out")" "$(cat "$TMP/wanted")"
same lines-message "$(grep -v '^Attached ' "$TMP/lines.err")" 'ndtrace: warning: it says x\x1b[31m\u202ey\xff\u009b1m'
"$ND" "$D/lines.nd" --in "$D/no$ESC[2Jfile" >"$TMP/out" 2>"$TMP/err"
same message-exit $? 2
same message-control "$(LC_ALL=C grep -c "$ESC" "$TMP/err")" 0
"$ND" list probes "uprobe:$D/evil:*NAME" >"$TMP/list" 2>&1
clean list "$TMP/list" 1
has list-says "$TMP/list" '\\x1b\[2J\\x0a_NAME'
"$ND" explain -e "uprobe:$D/evil:*NAME { }" >"$TMP/explain" 2>&1
same explain "$(LC_ALL=C grep -c "$ESC" "$TMP/explain")" 0
has explain-says "$TMP/explain" '\\x1b\[2J\\x0a_NAME'
"$ND" -v --duration 10ms -e "uprobe:$D/evil:*NAME { }" >"$TMP/attach" 2>&1
same attach "$(LC_ALL=C grep -c "$ESC" "$TMP/attach")" 0
has attach-says "$TMP/attach" '^  uprobe:.*\\x1b\[2J\\x0a_NAME'
# ---- files to attach to --------------------------------------------------------------------------
mkfifo "$D/fifo"
truncate -s 100G "$D/huge" && printf '\177ELF' | dd of="$D/huge" conv=notrunc status=none
refused() { # NAME SCRIPT
    timeout 20 "$ND" -e "$2" >"$TMP/out" 2>"$TMP/$1.err"
    [ $? -lt 3 ] && ok "$1" || not_ok "$1" "got $(head -c 300 "$TMP/$1.err"), wanted a refusal at once"
    has "$1-says" "$TMP/$1.err" "error"
}
refused attach-fifo "uprobe:$D/fifo:f { }"
refused attach-device "uprobe:/dev/zero:f { }"
refused attach-folder "uprobe:$D:f { }"
refused attach-huge "uprobe:$D/huge:f { }"
refused attach-usdt "usdt:$D/fifo:a:b { }"
refused attach-usdt-huge "usdt:$D/huge:a:b { }"
timeout 20 "$ND" -e 'option lib: path uprobe:opt.lib:f { }' --lib "$D/fifo" >"$TMP/out" 2>"$TMP/option.err"
between attach-option $? 1 2
has attach-option-says "$TMP/option.err" 'it is not a regular file'
# ---- what a program maps is not a file any more --------------------------------------------------
cp "$D/evil" "$D/moved"
mkfifo "$TMP/moved.in"
"$D/moved" moved <"$TMP/moved.in" &
P=$!
trace moved -q -e "$(one $P) { printf(\"%s\\n\", ustack(2)) }" || finish
exec 6>"$TMP/moved.in"
runs() { [ "$(readlink "/proc/$1/exe")" = "$2" ]; }
wait_until 20 runs $P "$D/moved"
rm "$D/moved" && mkfifo "$D/moved"
echo x >&6
wait_until 20 grep -q '^    ' "$TMP/moved.out"
stop "$PID"
same moved-exit "$CODE" 0
has moved-frames "$TMP/moved.out" '^    [^ ]+\+0x'
exec 6>&-
wait $P
# ---- the reader ----------------------------------------------------------------------------------
reader() { pgrep -P "$1" -x ndtrace-reader; }
trace none -q -e "$G { @ = count() }" || finish
same no-reader "$(reader "$PID")" ''
stop "$PID"
mkfifo "$TMP/reader.in"
"$D/evil" reader <"$TMP/reader.in" &
P=$!
trace reader -q -e "$(one $P) { printf(\"%s\\n\", ustack(2)) } interval:100ms { }" || finish
exec 6>"$TMP/reader.in"
R=$(reader "$PID")
between reader "$R" 2
same reader-seccomp "$(awk '$1 == "Seccomp:" { print $2 }' "/proc/$R/status")" 2
same reader-privileges "$(awk '$1 == "NoNewPrivs:" { print $2 }' "/proc/$R/status")" 1
same reader-descriptors "$(find "/proc/$R/fd" -lname 'anon_inode:bpf*' | wc -l)" 0
kill -KILL "$R"
echo x >&6
wait_until 20 grep -q NAME "$TMP/reader.out"
has reader-killed "$TMP/reader.out" '^    [^ ]+NAME\+0x'
has reader-told "$TMP/reader.err" 'the process that reads names for addresses in processes was ended by signal 9 \(Killed\); it is started again$'
kill -STOP "$(reader "$PID")"
sleep 1.2 # until answers are old
echo x >&6
wait_until 20 grep -q 'took too long' "$TMP/reader.err"
has reader-stopped "$TMP/reader.err" 'took too long, and was ended; it is started again in 10 s, until then there are none$'
start=$(date +%s%N)
stop "$PID"
at_most reader-end $((($(date +%s%N) - start) / 1000000)) 3000
same reader-exit "$CODE" 0
has reader-results "$TMP/reader.out" '^    0x'
same reader-gone "$(kill -0 "$R" 2>&1 | grep -c .)" 1
exec 6>&-
wait $P
# ---- mappings are not read for each address, and memory has bounds --------------------------------
cat >"$D/calls.c" <<'EOF2'
#include "ask.h"
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    for (int i = atoi(argv[argc - 1]); i > 0; i--) { EEEEE_NAME(); usleep(10000); }
    return 0;
}
EOF2
cc -O1 -g -o "$D/calls" "$D/calls.c" || exit 1
"$D/calls" 1000 &
P=$!
trace misses -q -e "$(one $P) { printf(\"%s\\n\", usym(nsecs)) }" || finish
R=$(reader "$PID")
MISSES=$PID
trace counts -q -e "tracepoint:syscalls:sys_enter_openat /pid == $R && str(args.filename) == \"/proc/$P/maps\"/ { @ = count() }" || finish
sleep 3
stop "$PID"
between misses-printed "$(wc -l <"$TMP/misses.out")" 100
between misses-reads "$(total "$TMP/counts.out" @)" 0 8 # in three seconds and a few moments
stop "$MISSES"
kill $P
wait $P 2>/dev/null
rss() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$1/status"; }
trace many -q -e "rawtracepoint:sys_enter /args.id == $ID && strncmp(comm, \"program\", 7) == 0/ { @[ustack(3)] = count() } interval:200ms { print(@); clear(@) }" || finish
R=$(reader "$PID")
for i in $(seq 400); do
    cp "$D/calls" "$D/program$i" && "$D/program$i" 1 && rm "$D/program$i"
    [ "$i" != 40 ] || { before=$(rss "$PID") reader_before=$(rss "$R"); }
done
sleep 0.5
if [[ $ND != */san/* ]]; then # which keeps what is freed
    at_most many-rss $(($(rss "$PID") - before)) 2048
    at_most many-reader $(($(rss "$R") - reader_before)) 8192
fi
has many-names "$TMP/many.out" '\[program3[0-9]*\]'
stop "$PID"
same many-exit "$CODE" 0
finish
