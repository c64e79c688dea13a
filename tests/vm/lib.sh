# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of tests/vm/tests: what tests/host/lib.sh has, and a program that does known things.
# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/../host/lib.sh"
STIMULUS=$PWD/build/tests/vm/stimulus
KERNEL=$(uname -r)
# Tools are compiled once for each machine, not each time that a test starts them.
if [[ ${0##*/} = tool_* ]]; then
    export NDTRACE_CACHE=/var/tmp/ndtrace-cache
    mkdir -p -m 700 $NDTRACE_CACHE
fi

# MAJOR MINOR: the kernel is that or newer.
kernel_at_least() {
    local a b
    IFS=.-+ read -r a b _ <<<"$KERNEL"
    ((a > $1 || (a == $1 && b >= $2)))
}

# NAME SCRIPT COMMAND...: traces while the command runs; the output is in $OUT, the exit code of
# ndtrace must be 0.
traced() {
    local name=$1 script=$2
    shift 2
    OUT=$TMP/$name.out
    trace "$name" -e "$script" || { : >"$OUT"; return 1; }
    "$@" >"$TMP/$name.cmd" 2>&1 || not_ok "$name-stimulus" "ended with $?, wanted 0: $(cat "$TMP/$name.cmd")"
    stop "$PID"
    same "$name-exit" "$CODE" 0
    [ ! -s "$TMP/$name.err" ] || ! grep -E 'warning|lost|missed|error' "$TMP/$name.err"
}

# LIBRARY...: the names of their stages.
stages_of() { for l; do sed -nE 's/^stage ([a-z0-9_]+).*/\1/p' "stdlib/lib/$l.nd"; done; }
# NAME "LIBRARY..." COMMAND...: counts all of their stages while the command runs, as "@STAGE: N" in $OUT; sets
# LEFT_OUT, those that the kernel cannot serve.
count_stages() {
    local name=$1 script='' s
    # shellcheck disable=SC2086
    set -- "$(printf 'use %s\n' $2)" "$(stages_of $2)" "${@:3}"
    for s in $2; do script+="probe $s? { @$s = count() }"$'\n'; done
    traced "$name" "$1"$'\n'"$script" "${@:3}"
    LEFT_OUT=$(left_out "$TMP/$name.err")
}
# FILE: the stages that a run says it leaves out.
left_out() { sed -nE 's/.*warning: (.*: )?stages? ([a-z0-9_, ]+) (is|are) left out.*/\2/p' "$1" | tr -s ', ' '\n' | sort | xargs; }
# STAGE NUMBER, STAGE +NUMBER: the stage was passed so often, at least so often; nothing if it was left out.
passed() {
    local n
    [[ " $LEFT_OUT " != *" $1 "* ]] || return
    n=$(total "$OUT" "@$1")
    case $2 in
    +*) between "stage-$1" "$n" "${2#+}" ;;
    *) same "stage-$1" "$n" "$2" ;;
    esac
}

# NAME ARGUMENTS OF NDTRACE...: traces while the function `action` runs, whose output goes to
# $TMP/NAME.cmd; that of ndtrace is in $OUT, its exit code must be 0.
acting() {
    local name=$1
    shift
    OUT=$TMP/$name.out
    trace "$name" "$@" || { : >"$OUT"; return 1; }
    action >"$TMP/$name.cmd" 2>&1
    stop "$PID"
    same "$name-exit" "$CODE" 0
    ! grep W0905 "$TMP/$name.err" || not_ok "$name-lists" "got W0905, packets of lists are not seen; wanted none"
}

# What the kernel holds of programs, links, maps and hooks, once it has cleaned up.
held() {
    local i now before=
    for ((i = 0; i < 30; i++)); do
        now="progs $(bpftool prog show | grep -c '^[0-9]') links $(bpftool link show | grep -c '^[0-9]') maps $(bpftool map show | grep -c '^[0-9]') kprobes $(wc -l </sys/kernel/debug/kprobes/list) functions $(wc -l </sys/kernel/tracing/enabled_functions)"
        [ "$now" != "$before" ] || break
        before=$now
        sleep 0.3
    done
    echo "$now"
}
