#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs and libraries are those of the process that -p names: in a container another file has the name, or the file
# was replaced. Without -p, a line says so.
. "$(dirname "$0")/lib.sh"
N=5
ROOT=$TMP/root
# A folder that is the root of a process: with a library that has other offsets than that outside, reached by links that
# begin at that root.
mkdir -p "$ROOT"/{proc,opt/real,usr/lib} "$TMP/lib"
library() { # FILE PADDING
    printf 'static volatile int pad[1];\n' >"$TMP/l.c"
    for ((i = 0; i < $2; i++)); do echo "int before_$i(int n) { return n * $i + pad[0]; }"; done >>"$TMP/l.c"
    echo '__attribute__((noinline)) int counted(int n) { __asm__ volatile("" ::: "memory"); return n + pad[0]; }' >>"$TMP/l.c"
    cc -O1 -g -shared -fPIC -Wl,-soname,libcounted.so.1 -o "$1" "$TMP/l.c"
}
library "$TMP/lib/libcounted.so.1" 0
library "$ROOT/opt/real/libcounted.so.1.5" 40
ln -s /opt/real/libcounted.so.1.5 "$ROOT/opt/libcounted.so.1" # absolute: of that root
ln -s ../../opt/libcounted.so.1 "$ROOT/usr/lib/libcounted.so.1"
cat >"$TMP/main.c" <<'EOF'
#include <stdio.h>
#include <stdlib.h>
#include <sys/sdt.h>
int counted(int n);
int main(int argc, char **argv)
{
    char line[8];
    int i;
    printf("up\n");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin))
        for (i = 0; i < atoi(argv[argc - 1]); i++) {
            DTRACE_PROBE1(mounts, each, i);
            counted(i);
        }
    return 0;
}
EOF
cc -O1 -g -o "$TMP/main" "$TMP/main.c" -L"$TMP/lib" -l:libcounted.so.1 || exit 1
cp "$TMP/main" "$ROOT/main"
ldd "$TMP/main" | grep -o '/[^ ]*' | grep -v counted | while read -r f; do mkdir -p "$ROOT${f%/*}" && cp -L "$f" "$ROOT$f"; done

# NAME COMMAND...: starts it, waiting for lines; sets P.
begin() {
    local name=$1
    shift
    mkfifo "$TMP/$name.in"
    "$@" $N <"$TMP/$name.in" >"$TMP/$name.up" &
    P=$!
    PIDS+=($P)
    eval "exec {${name}_fd}>'$TMP/$name.in'"
    wait_until 10 test -s "$TMP/$name.up"
}
call() { local fd=${1}_fd; echo x >&"${!fd}"; sleep 0.3; }
begin inside env LD_LIBRARY_PATH=/usr/lib unshare --mount chroot "$ROOT" /main
IN_PID=$P
begin outside env LD_LIBRARY_PATH="$TMP/lib" "$TMP/main"
export LD_LIBRARY_PATH=$TMP/lib

# An object has the files of where it was compiled.
"$ND" compile -e "uprobe:$TMP/lib/libcounted.so.1:counted { @ = count() }" -o "$TMP/o.ndo" 2>"$TMP/out"
"$WITHIN" 20 "$ND" -q -p $IN_PID "$TMP/o.ndo" --duration 100ms >"$TMP/out" 2>&1
same object-inside $? 1
has object-inside-says "$TMP/out" "process $IN_PID has files of its own \(a container\), and the object names those"
"$WITHIN" 20 "$ND" -q -p $P "$TMP/o.ndo" --duration 100ms >"$TMP/out" 2>&1
same object-outside $? 0

n_of() { awk -v k="^@\\\\[$2" '$0 ~ k { n += $NF } END { print n + 0 }' "$TMP/$1.out"; }
count() { # NAME PROBE INSIDE OUTSIDE ARGUMENTS...
    trace "$1" -e "$2 { @[pid == $IN_PID] = count() }" "${@:5}" || return
    call inside
    call outside
    stop "$PID"
    same "$1-exit" "$CODE" 0
    same "$1-inside" "$(n_of "$1" true)" "$3"
    same "$1-outside" "$(n_of "$1" false)" "$4"
}
count name 'uprobe:libcounted:counted' $N 0 -p "$IN_PID"
count path 'uprobe:/usr/lib/libcounted.so.1:counted' $N 0 -p "$IN_PID"
count program 'uprobe:/main:main,uretprobe:libcounted:counted' $N 0 -p "$IN_PID"
count usdt 'usdt:/main:mounts:each' $N 0 -p "$IN_PID"
count usdt-name 'usdt:main:each' $N 0 -p "$IN_PID"
count ours 'uprobe:libcounted:counted' 0 $N
has ours-says "$TMP/ours.err" "warning: only $TMP/lib/libcounted.so.1 is traced, and 1 process has another file of that name: $IN_PID has .*/opt/real/libcounted.so.1.5"
same program-silent "$(grep -c 'another file' "$TMP/program.err")" 0
# -p after a script, which is compiled before it is read.
echo 'uprobe:libcounted:counted { @[true] = count() }' >"$TMP/late.nd"
trace late "$TMP/late.nd" -p "$IN_PID" && call inside && stop "$PID"
same late "$(n_of late true)" $N
"$ND" -p "$IN_PID" -e 'uprobe:/nowhere/libcounted.so.1:counted { }' >"$TMP/out" 2>&1
same wrong $? 2
has wrong-says "$TMP/out" "there is no executable or library '/nowhere/libcounted.so.1'"
# Replaced while it runs.
unset LD_LIBRARY_PATH
cp "$TMP/lib/libcounted.so.1" "$TMP/new" && mv "$TMP/new" "$TMP/lib/libcounted.so.1"
P=$(pgrep -P $$ -f "^$TMP/main" | head -n 1)
trace replaced -p "$P" -e 'uprobe:libcounted:counted { @[false] = count() }' && call outside && stop "$PID"
same replaced "$(n_of replaced false)" $N
finish
