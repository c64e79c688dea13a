#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the tests of this folder, or those named, against the kernel at hand. As root.
#
#   tests/host/run.sh [NAME...]       NAME as in t_NAME.sh
#   tests/host/run.sh -b              only builds the programs that the tests start
#
# TEST_TIMEOUT: seconds that one test may take (120); what other work takes of the CPUs does not count. TEST_SLOW:
# this machine is this many times slower than others: tests at full speed send that much less. TEST_DIR: another folder.
# Each test prints "ok NAME" or "not ok NAME why"; the last line here is "N passed, N failed".
set -u
# Started by nohup, it would have SIGHUP ignored for all that it starts, which is what one test is about.
read -r _ ignored <<<"$(grep '^SigIgn' /proc/$$/status)"
((16#$ignored & 1)) && exec env --default-signal=HUP bash "$0" "$@"
cd "$(dirname "$0")/../.." || exit 1
. tests/clock.sh
[ "$(id -u)" = 0 ] || { echo "run.sh: needs root" >&2; exit 1; }
[ -x "${NDTRACE:-build/ndtrace}" ] || { echo "run.sh: build/ndtrace is missing: make" >&2; exit 1; }

mkdir -p build/tests/host
# PROGRAM SOURCE FLAG...: unless it is newer than its source.
built() {
    [ "$1" -nt "$2" ] || ${CC:-cc} -std=gnu11 -Wall -Wextra "${@:3}" -o "$1" "$2" || exit 1
}
built build/tests/host/traffic tests/bench/traffic_main.c -O2 -D_GNU_SOURCE tests/bench/traffic.c
built build/tests/host/target tests/host/target.c -O1 -g -fno-omit-frame-pointer -pthread
built build/tests/host/locks tests/host/locks.c -O1 -g -fno-omit-frame-pointer -pthread
built build/tests/host/burn tests/host/burn.c -O1 -g -fno-omit-frame-pointer -pthread
built "$WITHIN" tests/host/within.c -O1 -D_GNU_SOURCE -I.
built build/tests/host/stopped tests/host/stopped.c -O1 -D_GNU_SOURCE
built build/tests/host/packets tests/host/packets.c -O1 -D_GNU_SOURCE
[ "${1:-}" != -b ] || exit 0

passed=0 failed=0
dir=${TEST_DIR:-tests/host}
log=build/tests/host/log
[ -n "${TEST_LOST:-}" ] || watch_lost $PWD/build/tests/host/lost
[ -n "${TEST_SCALE:-}" ] || calibrate $HOST_WORK
names=("$@")
[ ${#names[@]} -gt 0 ] || for f in "$dir"/t_*.sh; do
    f=${f##*/t_}
    names+=("${f%.sh}")
done
run_one() { # NAME [PREFIX OF A FAILURE]; sets p and f: how many passed and failed
    "$WITHIN" "${TEST_TIMEOUT:-120}" bash "$dir/t_$1.sh" >$log 2>&1
    code=$?
    p=$(grep -c '^ok ' $log) f=$(grep -c '^not ok ' $log)
    if ((f == 0 && (code != 0 || p == 0))); then
        echo "not ok $1 ended with $code after $p tests, wanted 0 after at least one" >>$log
        f=1
    fi
    ((f)) || set -- "$1"
    sed "s/^/$1: ${2:-}/" $log
}

# Live traffic on a busy machine: what fails is tried once more. What passes then is listed, also at the end of
# `make check` (tests/again.sh), and must not happen in two runs one after the other.
for name in "${names[@]}"; do
    begin=$SECONDS
    run_one "$name" 'first try: '
    if ((f)); then
        why=$(grep -m 3 '^not ok ' $log | tr '\n' ';')
        run_one "$name"
        ((f)) || echo "passed at the second try: $name: $why"
    fi
    ((passed += p, failed += f))
    echo "$name: $((SECONDS - begin)) s"
done
echo "$passed passed, $failed failed"
((failed == 0))
