#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Trace records: every array of every event of this kernel can be read, wherever in the record it is.
. "$(dirname "$0")/lib.sh"

# Of each format: category, event, field, bytes, its place modulo 8; those that have no name in C are left out.
mkdir "$TMP/tracing"
unshare -m sh -c 'mount -t tracefs tracefs "$1" && cd "$1/events" && awk "
    /^name:/ { event = \$2 }
    /field:/ && /\\]; *\\t*offset/ && !/__data_loc|__rel_loc|common_/ {
        split(FILENAME, path, \"/\")
        match(\$0, /[A-Za-z0-9_]+\\[[^;]*;/)
        field = substr(\$0, RSTART, RLENGTH)
        sub(/\\[.*/, \"\", field)
        match(\$0, /offset:[0-9]+/)
        print path[1], event, field, substr(\$0, RSTART + 7, RLENGTH - 7) % 8
    }" */*/format' sh "$TMP/tracing" | grep -v '^ftrace ' | sort -u >"$TMP/fields"
between found "$(wc -l <"$TMP/fields")" 40
between odd "$(grep -vc ' 0$' "$TMP/fields")" 10

# One program for each event: into a map's key, an event, and compared with itself.
awk '{ probe = $1 ":" $2
    if (probe != last) { if (last) print "}"; printf "tracepoint:%s {\n", probe; last = probe }
    printf "    printf(\"%%s %%r\\n\", args.%s, args.%s);\n", $3, $3
    printf "    if (args.%s[0] == 1) { @n++ }\n", $3
} END { print "}\ninterval:ms:1 { exit() }" }' "$TMP/fields" >"$TMP/all.nd"
for kind in here elsewhere; do
    case $kind in
    here) "$ND" -q "$TMP/all.nd" >"$TMP/out" 2>"$TMP/err" ;;
    *) "$ND" compile "$TMP/all.nd" -o "$TMP/all.ndo" && "$ND" -q "$TMP/all.ndo" >"$TMP/out" 2>"$TMP/err" ;;
    esac
    same "loads-$kind" $? 0
    same "silent-$kind" "$(cat "$TMP/err")" ''
done

# The right bytes: addresses of both families, at places that are multiples of 4, and a name at 12.
network rec
ip -n "$A" link set lo up
ip netns exec "$A" sysctl -qw net.ipv6.conf.lo.disable_ipv6=0 2>/dev/null
trace value -e 'tracepoint:sock:inet_sock_set_state /args.newstate == 2/ {
    @four[ntop(args.family, args.daddr)] = count();
    @six[ntop(args.family, args.daddr_v6)] = count();
    @bytes[args.daddr] = count();
}
tracepoint:task:task_rename /args.newcomm == "a name of 15 by"/ { @name[args.newcomm, args.oldcomm] = count() }
tracepoint:task:task_rename /args.newcomm[2] == 122/ { @third[args.newcomm, (u32)args.newcomm[1]] = count() }'
ip netns exec "$A" bash -c 'echo >/dev/tcp/127.0.0.3/9; echo >/dev/tcp/::1/9' 2>/dev/null
bash -c 'printf abc >/proc/$$/comm; printf "a name of 15 by" >/proc/$$/comm; printf xyz >/proc/$$/comm'
stop "$PID"
has four "$TMP/value.out" '^@four\[127.0.0.3\]: 1$'
has four-of-six "$TMP/value.out" '^@four\[::\]: 1$'
has six "$TMP/value.out" '^@six\[::1\]: 1$'
has bytes "$TMP/value.out" '^@bytes\[\[127,0,0,3\]\]: 1$'
has name "$TMP/value.out" '^@name\[a name of 15 by, abc\]: 1$'
has third "$TMP/value.out" '^@third\[xyz, 121\]: 1$'

# Arguments of system calls: 8 bytes each, of which those of the type in C count, with their sign.
trace calls -e 'tracepoint:syscalls:sys_enter_openat /comm == "recordcat"/ { @dfd[args.dfd] = count(); if (args.dfd < 0) { @below = count() } }
tracepoint:syscalls:sys_enter_kill /comm == "recordkill" && args.sig == 0/ { @pid[args.pid] = count(); @min = min(args.pid) }
tracepoint:syscalls:sys_enter_execve /str(args.argv[0]) == "recordecho"/ {
    $argv = args.argv;
    @argv[str(args.argv[1]), str($argv[2]), str(*args.argv), str(args.filename)] = count();
    @cast[str(((const char *const *)args.argv)[1]), (u64)args.argv[3]] = count()
}'
IN=
cp "$(command -v cat)" "$TMP/recordcat"
echo text >"$TMP/file"
"$TMP/recordcat" "$TMP/file" >/dev/null
bash -c 'printf recordkill >/proc/$$/comm; kill -0 -$$; kill -0 -- -77777' 2>/dev/null
bash -c 'exec -a recordecho echo one two' >/dev/null
bash -c 'exec -a recordecho /bin/echo one two' >/dev/null
stop "$PID"
has dfd "$TMP/calls.out" '^@dfd\[-100\]: [1-9]'
same dfd-only "$(grep -c '^@dfd' "$TMP/calls.out")" 1
has dfd-sign "$TMP/calls.out" '^@below: [1-9]'
has pid-sign "$TMP/calls.out" '^@pid\[-77777\]: 1$'
has pid-min "$TMP/calls.out" '^@min: -77777$'
has argv "$TMP/calls.out" '^@argv\[one, two, recordecho, /.*/echo\]: 1$'
has argv-cast "$TMP/calls.out" '^@cast\[one, 0\]: [12]$'
finish
