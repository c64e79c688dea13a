#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Objects that were compiled on another kernel do here what the same scripts do when they are
# compiled here, without a compiler; what cannot be carried over is refused and named.
# limit: 300
# before: 6.1 tests/vm/travel/make.sh
. "$(dirname "$0")/../lib.sh"
OBJ=build/vm/travel
[ -s $OBJ/places ] || { not_ok objects "there is nothing in $OBJ"; finish; }

pings() { ping -q -c 5 -i 0.2 127.0.0.1; }
falls() { "$STIMULUS" fallocate 100; }

# NAME DOES: both ways, and the same.
both() {
    local name=$1 does=$2
    NDTRACE_COMPILE=/nonexistent trace "$name.object" -q $OBJ/"$name".ndo || return 1
    $does >"$TMP/does" 2>&1 || not_ok "$name-$does" "$(cat "$TMP/does")"
    stop "$PID"
    same "$name-object-exit" "$CODE" 0
    trace "$name.here" -q tests/vm/travel/"$name".nd || return 1
    $does >"$TMP/does" 2>&1 || not_ok "$name-$does" "$(cat "$TMP/does")"
    stop "$PID"
    same "$name-here-exit" "$CODE" 0
    same "$name-as-compiled-here" "$(sort "$TMP/$name.object.out")" "$(sort "$TMP/$name.here.out")"
}
# NAME TEXT
refused() {
    NDTRACE_COMPILE=/nonexistent "$WITHIN" 60 "$ND" $OBJ/"$1".ndo --duration 1s >"$TMP/o" 2>"$TMP/e"
    same "$1-refused" $? 1
    has "$1-names-it" "$TMP/e" "$2"
    has "$1-says-what-to-do" "$TMP/e" 'compile it on this kernel'
}

"$ND" -q tests/vm/travel/places.nd >"$TMP/places"
if [ "$(uname -r)" = "$(cat $OBJ/release)" ]; then
    same places "$(cat "$TMP/places")" "$(cat $OBJ/places)"
else
    differ=$(diff "$TMP/places" $OBJ/places | grep -c '^<')
    [ "$differ" -gt 0 ] && ok "places-differ ($differ of $(grep -c . "$TMP/places"))" || not_ok places-differ "all fields are where they are on $(cat $OBJ/release)"
fi

both packets pings
has packets "$TMP/packets.object.out" '^@packets: 10$'
has packets-len "$TMP/packets.object.out" '^@len\[98, 2048\]: 10$'
has packets-device "$TMP/packets.object.out" '^@device\[lo, 1, 65536\]: 10$'
has packets-registered "$TMP/packets.object.out" '^@registered\[true\]: 10$'
NDTRACE_COMPILE=/nonexistent trace socket -q $OBJ/socket.ndo && { pings >"$TMP/does"; stop "$PID"; }
has socket "$TMP/socket.out" '^@socket\[2, 1\]: 10$'
has socket-of-the-kernel "$TMP/socket.out" '^@kernel_socket\[1\]: 5$'
both task falls
has task-name "$TMP/task.object.out" '^@name\[stimulus\]: 200$'
has task-tgid "$TMP/task.object.out" '^@same_tgid\[true\]: 200$'
has task-container "$TMP/task.object.out" '^@container\[true\]: 200$'
has task-leader "$TMP/task.object.out" '^@leader\[true\]: 200$'
both args falls
has args-len "$TMP/args.object.out" '^@len\[1000, 0\]: 100$'
has args-file "$TMP/args.object.out" '^@file\[memfd:stimulus\]: 200$'
has args-enter "$TMP/args.object.out" '^@enter\[0, 1000\]: 100$'
both fentry falls
has fentry-len "$TMP/fentry.object.out" '^@len\[1000\]: 200$'
both record pings
has record "$TMP/record.object.out" '^@\[98, lo\]: 10$'
# To a port without a listener, by a process with its own name.
drops() { bash -c 'printf drops >/proc/self/comm; for i in 1 2 3; do printf x >/dev/udp/127.0.0.1/9; done' 2>/dev/null; true; }
if grep -q NO_SOCKET "$TMP/places"; then
    both drops drops
    has drops-name "$TMP/drops.object.out" '^@reason\[SKB_DROP_REASON_NO_SOCKET\]: 3$'
    has drops-value "$TMP/drops.object.out" '^@none: 3$'
    echo "here: $(grep NO_SOCKET "$TMP/places"), where it was compiled: $(grep NO_SOCKET $OBJ/places)"
else
    refused drops 'raw tracepoint kfree_skb has no argument reason'
fi
if grep -qx "$(grep thread_info "$TMP/places")" $OBJ/places; then
    NDTRACE_COMPILE=/nonexistent trace whole -q $OBJ/whole.ndo && { falls >"$TMP/does"; stop "$PID"; }
    has whole "$TMP/whole.out" '^@n: 200$'
else
    refused whole 'struct thread_info has [0-9]+ bytes on this kernel'
fi
if grep -qx "$(grep comm "$TMP/places")" $OBJ/places; then
    both frozen falls
else
    refused frozen 'comm of struct task_struct is at byte'
fi
finish
