#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the tests of this folder, or those named, against the kernel at hand. As root.
#
#   tests/host/run.sh [NAME...]       NAME as in t_NAME.sh
#   tests/host/run.sh -b              only builds the programs that the tests start
#
# TEST_TIMEOUT: seconds that one test may take (120). TEST_SLOW: this machine is so many times slower
# than others: tests at full speed send that much less.
# Each test prints "ok NAME" or "not ok NAME why"; the last line here is "N passed, N failed".
set -u
cd "$(dirname "$0")/../.." || exit 1
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
built build/tests/host/packets tests/host/packets.c -O1 -D_GNU_SOURCE
[ "${1:-}" != -b ] || exit 0

passed=0 failed=0 again=
log=build/tests/host/log
names=("$@")
[ ${#names[@]} -gt 0 ] || for f in tests/host/t_*.sh; do
    f=${f##*/t_}
    names+=("${f%.sh}")
done
run_one() { # sets p and f: how many passed and failed
    timeout -k 5 "${TEST_TIMEOUT:-120}" bash "tests/host/t_$1.sh" 2>&1 | tee $log | sed "s/^/$1: /"
    code=${PIPESTATUS[0]}
    p=$(grep -c '^ok ' $log) f=$(grep -c '^not ok ' $log)
    if ((f == 0 && (code != 0 || p == 0))); then
        echo "$1: not ok $1 ended with $code after $p tests"
        f=1
    fi
}

# Live traffic on a busy machine: what fails is tried once more, and said to have been.
for name in "${names[@]}"; do
    begin=$SECONDS
    run_one "$name"
    if ((f)); then
        echo "$name: TRIED AGAIN, $f failed the first time: $(grep -m 3 '^not ok ' $log | tr '\n' ';')"
        again="$again $name"
        run_one "$name"
    fi
    ((passed += p, failed += f))
    echo "$name: $((SECONDS - begin)) s"
done
[ -z "$again" ] || echo "tried again:$again"
echo "$passed passed, $failed failed"
((failed == 0))
