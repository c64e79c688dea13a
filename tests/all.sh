#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every suite, shows the output of those that fail, and ends with "N passed, N failed".
cd "$(dirname "$0")/.." || exit 1
make=${1:-make}
passed=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

suite() { # NAME COMMAND...
    local name=$1 t0=$SECONDS
    shift
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
        printf 'ok      %-24s %3d s  %s\n' "$name" $((SECONDS - t0)) "$(grep -E '^[0-9]+ passed' "$log" | tail -n 1)"
        grep -E 'TRIED AGAIN|[0-9] passed, [0-9]+ failed in' "$log" | sed 's/^/        /'
    else
        failed=$((failed + 1))
        printf 'NOT OK  %-24s %3d s\n' "$name" $((SECONDS - t0))
        grep -E 'not ok|FAILED|ERROR' "$log" | head -n 20 | sed 's/^/    /'
        tail -n 40 "$log" | sed 's/^/    /'
    fi
}

[ "$(id -u)" = 0 ] || { echo "make check needs root: programs are loaded into the kernel" >&2; exit 1; }
jobs=-j$(nproc)
suite "unit tests" "$make" -s "$jobs" check-unit
suite "rooms" "$make" -s check-rooms
suite "language cases" "$make" -s check-cases
suite "programs, test run" "$make" -s check-testrun
suite "examples of the docs" "$make" -s check-docs
suite "live, namespaces" "$make" -s check-host
suite "as on Linux 4.19" "$make" -s check-without WITHOUT=quick
suite "demo" bash tests/demo.sh
suite "unit tests, sanitized" "$make" -s "$jobs" SAN=1 check-unit
suite "cases, sanitized" "$make" -s "$jobs" SAN=1 check-cases
suite "live, sanitized" env NDTRACE=build/san/ndtrace SOAK_SECONDS=3 bash tests/host/run.sh
suite "clang builds clean" "$make" -s "$jobs" CC="$(command -v clang-19 || command -v clang-18 || command -v clang-17 || command -v clang-16 || command -v clang)" B=build/clang all
suite "on other kernels" "$make" -s check-vm
suite "fuzz, 60 s" "$make" -s fuzz FUZZ_SECONDS=60
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
