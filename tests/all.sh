#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every suite, shows the output of those that fail, and ends with "N passed, N failed".
#
#   tests/all.sh MAKE [quick]     quick: what takes minutes is left out, for work in progress
cd "$(dirname "$0")/.." || exit 1
make=${1:-make}
quick=${2:-}
passed=0 failed=0
dir=$(mktemp -d)
log=$dir/log
trap 'rm -rf "$dir"' EXIT

# NAME CODE SECONDS LOG
report() {
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
        printf 'ok      %-24s %3d s  %s\n' "$1" "$3" "$(grep -E '^[0-9]+ passed' "$4" | tail -n 1)"
        grep -E '[0-9] passed, [0-9]+ failed in' "$4" | sed 's/^/        /'
    else
        failed=$((failed + 1))
        printf 'NOT OK  %-24s %3d s\n' "$1" "$3"
        grep -E 'not ok|FAILED|ERROR' "$4" | head -n 20 | sed 's/^/    /'
        tail -n 40 "$4" | sed 's/^/    /'
    fi
    sed -nE "s/^(([^:]*): )?passed at the second try: ([^:]+): /\2 \3: /p" "$4" | sed "s/^ *//; s/^/$1, /" >>"$dir/again"
}
suite() { # NAME COMMAND...
    local name=$1 t0=$SECONDS code=0
    shift
    "$@" >"$log" 2>&1 || code=$?
    report "$name" $code $((SECONDS - t0)) "$log"
}
# COMMAND...: beside the suites that follow, which leave a CPU idle most of the time; end_beside NAME reports it.
beside() {
    local t0=$SECONDS
    { "$@" >"$dir/beside" 2>&1; echo $? $((SECONDS - t0)) >"$dir/beside.end"; } &
    beside=$!
}
end_beside() {
    local code took
    wait "$beside"
    read -r code took <"$dir/beside.end"
    report "$1" "$code" "$took" "$dir/beside"
}

[ "$(id -u)" = 0 ] || { echo "make check needs root: programs are loaded into the kernel" >&2; exit 1; }
jobs=-j$(nproc)
. tests/clock.sh
QUICK_LIVE="count events end kill output probes two"
# -L: the tests of tests/host that run sanitized; -l: those that say why they do not.
live() { grep "$1" '^# not sanitized:' tests/host/t_*.sh | sed -E 's,.*/t_(.*)\.sh,\1,'; }
export WERROR=1 # for people who build, warnings are warnings

quick_suites() {
    suite "unit tests" "$make" -s "$jobs" check-unit
    suite "rooms" "$make" -s check-rooms
    suite "language cases" "$make" -s check-cases
    suite "examples of the docs" "$make" -s check-docs
    # shellcheck disable=SC2086
    suite "live, some" bash tests/host/run.sh $QUICK_LIVE
}
all_suites() {
    # Nothing is built by two at a time.
    touch "$dir/busy"
    "$make" -s "$jobs" vm-programs
    beside env NDTRACE_VM_CHECK=1 NDTRACE_VM_BUSY="$dir/busy" "$make" -s check-vm KERNEL="$(. tests/vm/common.sh && echo "$CHECK_KERNELS")"
    suite "unit tests" "$make" -s "$jobs" check-unit
    suite "rooms" "$make" -s check-rooms
    suite "the tests' own tools" bash tests/selftest.sh
    suite "language cases" "$make" -s check-cases
    suite "programs, test run" "$make" -s check-testrun
    suite "programs, old verifiers" "$make" -s check-oldverifier OV="5.4 results" # 4.19: below
    suite "examples of the docs" "$make" -s check-docs
    # Those that also run sanitized, below, are not all run twice.
    # shellcheck disable=SC2046
    suite "live, namespaces" bash tests/host/run.sh $QUICK_LIVE $(live -l)
    suite "as on Linux 4.19" "$make" -s check-without WITHOUT=quick
    suite "demo" bash tests/demo.sh
    suite "unit tests, sanitized" "$make" -s "$jobs" SAN=1 check-unit
    suite "cases, sanitized" "$make" -s "$jobs" SAN=1 check-cases
    # shellcheck disable=SC2046
    suite "live, sanitized" env NDTRACE=build/san/ndtrace SOAK_SECONDS=3 bash tests/host/run.sh \
        $(live -L)
    # Also as with a C library whose searches keep const.
    suite "clang builds clean" "$make" -s "$jobs" CC="$(sh .ci/llvm.sh clang)" B=build/clang \
        CFLAGS="-include tests/keep_const.h" all
    suite "faults, 30 s" "$make" -s "$jobs" check-faults FAULT_SECONDS=30
    suite "fuzz, 50 s" "$make" -s fuzz FUZZ_SECONDS=25
    rm "$dir/busy"
    end_beside "on other kernels"
}

: >"$dir/again"
"$make" -s "$jobs" all && bash tests/host/run.sh -b || exit
watch_lost "$dir/lost"
calibrate $HOST_WORK
if [ -n "$quick" ]; then
    quick_suites
    sed 's/^/passed at the second try: /' "$dir/again"
else
    all_suites
    bash tests/again.sh <"$dir/again" || failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
