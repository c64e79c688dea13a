#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: whose files are taken
# Whose files are run, read and written: scripts, modules, objects, pipes, output files, folders of the
# cache; and what the compiler and a running tracer have given up.
. "$(dirname "$0")/lib.sh"

OTHER=4711 # a user of the system's whom nobody trusts
chmod 755 "$TMP"
owned() { chown "$1" "$2" && chmod "$3" "$2"; }
# NAME CODE PATTERN ARGUMENTS...: as root; what it says has the pattern.
says() {
    local quiet=-q
    [[ $4 != check && $4 != explain ]] || quiet=
    "$WITHIN" 20 "$ND" $quiet "${@:4}" >"$TMP/out" 2>&1
    same "$1-exit" $? "$2"
    has "$1" "$TMP/out" "$3"
}

# Scripts.
echo 'BEGIN { printf("ran\n"); exit() }' >"$TMP/s.nd"
owned $OTHER "$TMP/s.nd" 644
says foreign 2 "error\[E0113\]: $TMP/s.nd is not read: it belongs to another user \(uid $OTHER\)" "$TMP/s.nd"
says foreign-flag 0 '^ran$' --any-owner "$TMP/s.nd"
says foreign-flag-after 0 '^ran$' "$TMP/s.nd" --any-owner
has foreign-how <("$ND" "$TMP/s.nd" 2>&1) '= .*--any-owner'
says foreign-check 2 'E0113' check "$TMP/s.nd"
says foreign-explain 2 'E0113' explain "$TMP/s.nd"
says foreign-check-flag 0 '^' check --any-owner "$TMP/s.nd"
says foreign-help 2 'E0113' "$TMP/s.nd" --help
SUDO_UID=$OTHER says sudo 0 '^ran$' "$TMP/s.nd"
SUDO_UID=4712 says sudo-other 2 'E0113' "$TMP/s.nd"
SUDO_UID="$OTHER x" says sudo-malformed 2 'E0113' "$TMP/s.nd"
for mode in 646 664 666; do
    owned 0:$OTHER "$TMP/s.nd" $mode
    says "mode-$mode" 2 "others can write to it \(mode $mode\)" "$TMP/s.nd"
done
owned 0:0 "$TMP/s.nd" 664
says group-of-root 0 '^ran$' "$TMP/s.nd"
owned $OTHER:$OTHER "$TMP/s.nd" 664
SUDO_UID=$OTHER says own-group 0 '^ran$' "$TMP/s.nd"
ln -s "$TMP/s.nd" "$TMP/link.nd"
says linked 2 'E0113' "$TMP/link.nd"

# What was compiled with the flag is not run without it.
export NDTRACE_CACHE=$TMP/cache
says cached 0 '^ran$' --any-owner "$TMP/s.nd"
says cached-without 2 'E0113' "$TMP/s.nd"
export NDTRACE_CACHE=off

# Modules, beside a script of our own.
mkdir "$TMP/m"
echo 'fn answer() -> u64 { return 42 }' >"$TMP/m/mine.nd"
printf 'use mine\nBEGIN { printf("%%d\\n", answer()); exit() }\n' >"$TMP/m/s.nd"
says module-own 0 '^42$' "$TMP/m/s.nd"
owned $OTHER "$TMP/m/mine.nd" 644
says module 2 's.nd:1:5: error\[E0113\].*mine.nd is not read: it belongs to another user' "$TMP/m/s.nd"
says module-flag 0 '^42$' --any-owner "$TMP/m/s.nd"

# Objects.
echo 'BEGIN { printf("ran\n"); exit() }' >"$TMP/o.nd"
"$ND" compile "$TMP/o.nd" -o "$TMP/o.ndo" 2>/dev/null
same object-mode "$(stat -c %a "$TMP/o.ndo")" 600
says object-own 0 '^ran$' "$TMP/o.ndo"
owned $OTHER "$TMP/o.ndo" 600
says object 1 'o.ndo is not loaded: it belongs to another user' "$TMP/o.ndo"
says object-check 1 'is not loaded' check "$TMP/o.ndo"
says object-flag 0 '^ran$' --any-owner "$TMP/o.ndo"
owned 0 "$TMP/o.ndo" 666
says object-mode-666 1 'others can write to it' "$TMP/o.ndo"

# Pipes: who made it says what it says.
mkfifo "$TMP/pipe"
owned $OTHER "$TMP/pipe" 600
feed() { timeout 10 bash -c "cat '$TMP/o.nd' >'$TMP/pipe'" & }
feed
says pipe 2 'pipe is not read: it belongs to another user' "$TMP/pipe"
feed
says pipe-flag 0 '^ran$' --any-owner "$TMP/pipe"
"$ND" -q <(cat "$TMP/o.nd") >"$TMP/out" 2>&1
has pipe-own "$TMP/out" '^ran$'

# Folders of our own come before the library, and only if they are named in full.
mkdir -p "$TMP/own"
echo 'BEGIN { printf("own\n"); exit() }' >"$TMP/own/drop_reasons.nd"
NDTRACE_PATH=/nonesuch:$TMP/own says path 0 '^own$' drop_reasons
nd=$(realpath "$ND")
(cd "$TMP" && NDTRACE_PATH=own:. "$nd" drop_reasons --help >"$TMP/out" 2>&1)
has path-relative "$TMP/out" '^Why and where'
owned $OTHER "$TMP/own/drop_reasons.nd" 644
NDTRACE_PATH=$TMP/own says path-foreign 2 'E0113' drop_reasons

# Output: never through somebody else's link, never into somebody else's file, for the owner's eyes.
echo precious >"$TMP/precious"
for flag in -o --log-file; do
    n=output${flag%%-*}${flag##*-}
    ln -sf "$TMP/precious" "$TMP/out-link"
    chown -h $OTHER "$TMP/out-link"
    says "$n-link" 1 'it is a link of another user' $flag "$TMP/out-link" "$TMP/o.nd"
    same "$n-kept" "$(cat "$TMP/precious")" precious
    echo theirs >"$TMP/theirs"
    owned $OTHER "$TMP/theirs" 666
    says "$n-theirs" 1 'it belongs to another user' $flag "$TMP/theirs" "$TMP/o.nd"
    same "$n-theirs-kept" "$(cat "$TMP/theirs")" theirs
    (umask 0; "$ND" -q $flag "$TMP/new" "$TMP/o.nd" >/dev/null)
    same "$n-mode" "$(stat -c %a "$TMP/new") $(cat "$TMP/new")" '600 ran'
    rm "$TMP/new"
done
chown -h 0 "$TMP/out-link"
"$ND" -q -o "$TMP/out-link" "$TMP/o.nd"
same output-own-link "$(cat "$TMP/precious")" ran
echo precious >"$TMP/precious"
chown -h $OTHER "$TMP/out-link"
"$ND" compile "$TMP/o.nd" -o "$TMP/out-link" >"$TMP/out" 2>&1
same compile-link "$? $(cat "$TMP/precious")" '1 precious'
has compile-link-says "$TMP/out" 'cannot write .*: it is a link of another user'
# An object is there whole or not at all.
mkdir "$TMP/full"
if mount -t tmpfs -o size=16k none "$TMP/full" 2>/dev/null; then
    cat /dev/zero >"$TMP/full/most" 2>/dev/null
    "$ND" compile "$TMP/o.nd" -o "$TMP/full/x.ndo" >"$TMP/out" 2>&1
    same compile-full "$? $(ls "$TMP/full")" '1 most'
    umount "$TMP/full"
fi
# A run that cannot start leaves no file.
"$ND" -o "$TMP/none" -p 4194303 "$TMP/o.nd" >"$TMP/out" 2>&1
same no-run-no-file "$? $(ls "$TMP/none" 2>/dev/null)" '1 '

# The cache's folders are made only where nobody else decides where that is.
mkdir "$TMP/elsewhere" "$TMP/theirhome"
owned $OTHER "$TMP/theirhome" 755
ln -s "$TMP/elsewhere" "$TMP/theirhome/link"
chown -h $OTHER "$TMP/theirhome/link"
unset NDTRACE_CACHE
XDG_CACHE_HOME=$TMP/theirhome/link "$ND" "$TMP/o.nd" >"$TMP/out" 2>&1
same cache-link "$(ls "$TMP/elsewhere")" ''
has cache-link-says "$TMP/out" 'cache .* is not used: .*theirhome: it belongs to another user'
XDG_CACHE_HOME=$TMP/theirhome/new "$ND" "$TMP/o.nd" >"$TMP/out" 2>&1
same cache-their-folder "$(ls "$TMP/theirhome")" link
mkdir "$TMP/myhome"
ln -s "$TMP/elsewhere" "$TMP/myhome/link"
XDG_CACHE_HOME=$TMP/myhome/link "$ND" "$TMP/o.nd" >"$TMP/out" 2>&1
same cache-own-link "$(ls "$TMP/elsewhere")" ndtrace
export NDTRACE_CACHE=off

# The compiler: another user, no more than reading, and no surroundings that change how it works. A script
# from a pipe keeps it waiting.
if [[ $ND != */san/* ]]; then
    mkfifo "$TMP/wait"
    "${ND%/*}/ndtrace-compile" check "$TMP/wait" 2>/dev/null &
    PID=$!
    until_ok 10 grep -qs '^Seccomp:[[:space:]]*2' "/proc/$PID/status"
    same compiler-user "$(awk '/^Uid:/ { print $2, $3, $4 }' /proc/$PID/status)" '65534 65534 65534'
    same compiler-privileges "$(awk '/^NoNewPrivs:/ { print $2 }' /proc/$PID/status)" 1
    # dac_read_search (2), sys_ptrace (19) and syslog (34)
    same compiler-capabilities "$(awk '/^CapEff:/ { print $2 }' /proc/$PID/status)" \
        "$(printf %016x $((0x$(awk '/^CapPrm:/ { print $2 }' /proc/self/status) & (1 << 2 | 1 << 19 | 1 << 34))))"
    exec 9>"$TMP/wait"
    exec 9>&-
    wait "$PID"

    trace given-up -e 'interval:ms:100 { @ = count() }' -c 'sleep 60'
    until_ok 10 grep -qs '^Seccomp:[[:space:]]*2' "/proc/$PID/status"
    # dac_read_search, kill (5), ipc_lock (14), sys_ptrace, syslog, perfmon (38), bpf (39), checkpoint_restore (40); before
    # Linux 5.9 sys_admin (21)
    have=$((0x$(awk '/^CapBnd:/ { print $2 }' /proc/self/status)))
    mask=$((1 << 2 | 1 << 5 | 1 << 14 | 1 << 19 | 1 << 34 | 1 << 38 | 1 << 39 | 1 << (have >> 40 & 1 ? 40 : 21)))
    same tracer-capabilities "$(awk '/^CapEff:/ { print $2 }' /proc/$PID/status)" \
        "$(printf %016x $((0x$(awk '/^CapPrm:/ { print $2 }' /proc/self/status) & mask)))"
    sleep 0.5
    stop "$PID"
    same tracer-end "$CODE" 0
    has tracer-result "$TMP/given-up.out" '^@: [1-9]'
fi

# Memory that is short is told as such.
(ulimit -v 150000; "$ND" "$TMP/o.nd" >"$TMP/out" 2>&1)
has short-memory "$TMP/out" 'ulimit -v|^ran$|[Mm]emory'
same short-memory-report "$(grep -c 'please report' "$TMP/out")" 0
printf '#!/bin/sh\nkill -9 $$\n' >"$TMP/killed"
chmod 755 "$TMP/killed"
NDTRACE_COMPILE=$TMP/killed "$ND" "$TMP/o.nd" >"$TMP/out" 2>&1
same killed-compiler-exit $? 1
has killed-compiler "$TMP/out" 'the compiler was killed; the machine or its control group may be out of memory'
(ulimit -n 16; "$ND" -e 'tracepoint:sched:sched_switch,tracepoint:sched:sched_wakeup,profile:hz:9,interval:s:1,rawtracepoint:sys_enter,rawtracepoint:sys_exit { @[probe] = count(); @b[pid] = sum(1) }' --duration 100ms >"$TMP/out" 2>&1)
same short-files-exit $? 1
has short-files "$TMP/out" 'ulimit -n'
same short-files-verifier "$(grep -c 'verifier' "$TMP/out")" 0
finish
