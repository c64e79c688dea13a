#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the tests of this folder, or those named, against the kernel at hand. As root.
#
#   tests/host/run.sh [NAME...]       NAME as in t_NAME.sh
#
# Each test prints "ok NAME" or "not ok NAME why"; the last line here is "N passed, N failed".
set -u
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "run.sh: needs root" >&2; exit 1; }
[ -x "${NDTRACE:-build/ndtrace}" ] || { echo "run.sh: build/ndtrace is missing: make" >&2; exit 1; }

mkdir -p build/tests/host
${CC:-cc} -std=gnu11 -O2 -Wall -Wextra -D_GNU_SOURCE -o build/tests/host/traffic \
    tests/bench/traffic_main.c tests/bench/traffic.c || exit 1
${CC:-cc} -std=gnu11 -O1 -g -fno-omit-frame-pointer -Wall -Wextra -o build/tests/host/target tests/host/target.c || exit 1

passed=0 failed=0
log=build/tests/host/log
names=("$@")
[ ${#names[@]} -gt 0 ] || for f in tests/host/t_*.sh; do
    f=${f##*/t_}
    names+=("${f%.sh}")
done
for name in "${names[@]}"; do
    timeout -k 5 "${TEST_TIMEOUT:-120}" bash "tests/host/t_$name.sh" 2>&1 | tee $log | sed "s/^/$name: /"
    code=${PIPESTATUS[0]}
    p=$(grep -c '^ok ' $log) f=$(grep -c '^not ok ' $log)
    if ((f == 0 && (code != 0 || p == 0))); then
        echo "$name: not ok $name ended with $code after $p tests"
        f=1
    fi
    ((passed += p, failed += f))
done
echo "$passed passed, $failed failed"
((failed == 0))
