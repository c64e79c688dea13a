#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: words of the command line, which fuzz_words has
# Flags that bpftrace has as well, in any order, and output as bpftrace lays it out.
. "$(dirname "$0")/lib.sh"
# NAME WANTED ARGUMENTS...: exit code 0, and the output is this.
gives() {
    local name=$1 wanted=$2
    shift 2
    "$WITHIN" 20 "$ND" "$@" >"$TMP/out" 2>"$TMP/err" </dev/null
    same "$name-exit" $? 0
    same "$name" "$(cat "$TMP/out")" "$wanted"
}
# NAME PATTERN ARGUMENTS...: exit code 0, and a line is like this.
shows() {
    local name=$1 pattern=$2
    shift 2
    "$WITHIN" 60 "$ND" "$@" >"$TMP/out" 2>"$TMP/err" </dev/null
    same "$name-exit" $? 0
    has "$name" "$TMP/out" "$pattern"
}
quit='BEGIN { printf("hi\n"); exit() }'

shows list-pattern '^tracepoint:net:net_dev_queue\(skbaddr: .*, len: .*\)$' -l 'tracepoint:net:net_dev_queue*'
gives list-raw $'rawtracepoint:net_dev_queue\n    struct sk_buff * skb' -lv 'rawtracepoint:net_dev_queue'
gives list-raw-after $'rawtracepoint:net_dev_queue\n    struct sk_buff * skb' -l 'rawtracepoint:net_dev_queue' -v
gives list-units $'interval:hz:\ninterval:us:\ninterval:ms:\ninterval:s:' -l 'interval:*'
gives list-struct $'struct list_head {\n    next: struct list_head *\n    prev: struct list_head *\n}' -lv 'struct list_head'
shows list-two-kinds '^software:cpu:$' -l '*ware:*'
has list-two-kinds-other "$TMP/out" '^hardware:cache-misses:$'
shows list-all '^kprobe:tcp_sendmsg$' -l
has list-all-fexit "$TMP/out" '^fexit:tcp_sendmsg$'
gives list-program $'tracepoint:net:netif_rx\ninterval:s:1' -l -e 'tracepoint:net:netif_rx { } interval:s:1 { }'
echo 'interval:ms:20 { }' >"$TMP/a.bt"
gives list-file interval:ms:20 -l "$TMP/a.bt"
gives list-json '{"type":"probe","probe":"interval:hz:","args":[]}' -lf json 'interval:hz'
"$ND" -l missing.bt >"$TMP/out" 2>"$TMP/err"
has list-missing "$TMP/err" 'there is no file missing.bt; taken as a pattern'

gives order-json '{"type":"error","code":"E0101","text":"syntax error"}' -f json list errors E0101
gives order-json-last '{"type":"error","code":"E0101","text":"syntax error"}' list errors E0101 -f json
gives order-check '' -q check -e "$quit"
"$ND" -f json check -e 'BEGIN { nosuch() }' >"$TMP/out" 2>&1
has order-check-json "$TMP/out" '"code":"E'
gives cluster hi -qe "$quit"
gives cluster-value hi -qBnone -e "$quit"

echo "$quit" | "$ND" -q - >"$TMP/out" 2>&1
same stdin "$(cat "$TMP/out")" hi
gives dry '' --dry-run -e 'BEGIN { printf("hi\n"); @ = 0 } tracepoint:net:netif_rx { @ = 1 }'
has dry-attached "$TMP/err" '^Attached 2 probes$'
gives quiet hi -q -e "$quit"
same quiet-err "$(cat "$TMP/err")" ''
gives attached hi -e "$quit"
same attached-err "$(cat "$TMP/err")" 'Attached 1 probe'
shows info '^  ringbuf  *(yes|no) ' --info
gives dump '' -d codegen -e "$quit"
has dump-text "$TMP/err" '^define '

gives ignored hi -k -kk -I /usr/include --include linux/fs.h -e "$quit"
"$ND" --no-warnings -e 'BEGIN { $x = (int8)300; exit() }' >"$TMP/out" 2>"$TMP/err"
same no-warnings "$(grep -c warning "$TMP/err")" 0
for bad in --style=xml -Bnow '-d nosuch'; do
    # shellcheck disable=SC2086
    "$ND" $bad -e "$quit" >"$TMP/out" 2>&1
    same "wrong-$bad" $? 2
done

# As bpftrace lays it out: what a file named *.bt gets, or whoever asks.
cat >"$TMP/b.bt" <<'S'
BEGIN { @h = hist(1024); @h = hist(3); @l[1] = lhist(-1, 0, 10, 5); @d[1] = nsecs - nsecs; printf("hi\n"); exit() }
S
at=$(printf '%052d' 0 | tr 0 @)
want="hi

@h:
[2, 4)                 1 |$at|"
"$ND" "$TMP/b.bt" 2>/dev/null >"$TMP/out"
same bt-file "$(head -4 "$TMP/out")" "$want"
has bt-suffix "$TMP/out" '^\[1K, 2K\)  *1 \|@'
has bt-below "$TMP/out" '^\(\.\.\., 0\)  *1 \|@'
has bt-plain-number "$TMP/out" '^@d\[1\]: -?[0-9]+$'
"$ND" --style ndtrace "$TMP/b.bt" 2>/dev/null >"$TMP/out"
has own-style "$TMP/out" '1024 -> 2047 '
gives bt-json '{"type": "attached_probes", "data": {"probes": 1}}
{"type": "map", "data": {"@a": {"1,x": 2}}}
{"type": "hist", "data": {"@h": [{"min": 4, "max": 7, "count": 1}]}}
{"type": "stats", "data": {"@s": {"count": 1, "average": 3, "total": 3}}}' \
    -q --style bpftrace -f json -e 'BEGIN { @a[1, "x"] = 2; @h = hist(5); @s = stats(3); exit() }'
gives bt-rows "
@:
(..., 0)               1 |$at|
[0]                    1 |$at|
[1]                    1 |$at|" -q --style bpftrace -e 'BEGIN { @ = hist(-1); @ = hist(0); @ = hist(1); exit() }'
gives bt-values '{"type": "attached_probes", "data": {"probes": 1}}
{"type": "value", "data": {"a": 1, "b": [2,3]}}
{"type": "value", "data": [50,333]}' \
    -q --style bpftrace -f json -e 'enum { FOO = 333 } begin { print((a=1, b=(2, 3))); print(((int16 *)0x32, FOO)) }'
gives bt-minus '-100' -q --style bpftrace -e 'BEGIN { $x = (uint64)100; printf("%s\n", -$x); exit() }'
"$ND" --style bpftrace -e 'begin { } end { }' 2>"$TMP/err"
has bt-attached "$TMP/err" '^Attached 2 probes'
gives cpid '1 1' -q -e 'BEGIN { printf("%d %d\n", has_cpid, cpid > 1); exit() }' -c 'sleep 5'
gives no-cpid '0 0' -q -e 'BEGIN { printf("%d %d\n", has_cpid, cpid); exit() }'
"$ND" -q -e 'rawtracepoint:sys_enter { $s = kstack; if (len($s) == len(kstack)) { printf("%d\n", len(kstack(1))); exit() } }' >"$TMP/out" 2>&1
same stack-len "$(head -1 "$TMP/out")" 1
# Files by a pattern, of a process, and in any kind.
libc=$(ldd "$(command -v bash)" | grep -o '/[^ ]*libc\.so[^ ]*')
for l in "uprobe:${libc%.so*}.s?.*:fopen" "*:$libc:fopen"; do
    "$ND" -l "$l" 2>/dev/null | grep -c '^uprobe:.*:fopen$'
done | sort -u >"$TMP/out"
same list-pattern "$(cat "$TMP/out")" 1
"$ND" -l 'uprobe:*' -p $$ 2>/dev/null | grep -c '^uprobe:.*bash:' >"$TMP/out"
has list-process "$TMP/out" '^[1-9]'
# A number unless the script says that it is a time.
gives nsecs 1 -q -e 'BEGIN { @a = nsecs; $d = nsecs - @a; printf("%d\n", @a > 1000); clear(@a); exit() }'
"$ND" -q -e 'BEGIN { @a = nsecs; let $t: time = nsecs; @b = $t; exit() }' >"$TMP/out" 2>&1
has nsecs-number "$TMP/out" '^@a: [0-9]+$'
has nsecs-time "$TMP/out" '^@b: 20[0-9]{2}-[0-9]{2}-[0-9]{2} '
finish
