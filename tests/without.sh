#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same tests on kernels that lack something, which NDTRACE_WITHOUT makes of the kernel at hand.
# As root.
#
#   tests/without.sh [PROFILE...]     PROFILE: names of docs/kernels.md with commas, "4.19" and "5.4"
#                                     for all that these lack, "quick" for what `make check` has time for
#
# The last line is "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/clock.sh
B=${B:-build}
. tests/oldverifier/profiles.sh
SINGLE="ringbuf globals mmap loops jmp32 probe_read_kernel tp_btf fentry kprobe_multi func_ip module_btf test_run perf_link map_batch pidfd atomics results btf_trace btf_names"
HOST=${HOST:-"count interval events end scripts reuse"}
LOOPS="evicted language" # have loops that are longer than what can be unrolled
passed=0 failed=0
log=$(mktemp)
kept=$(mktemp -d)/objects
trap 'rm -rf "$log" "${kept%/objects}"' EXIT

part() { # NAME COMMAND...: a part's own last line is "N passed, N failed"
    local name=$1 code p= f=
    shift
    "$WITHIN" 600 "$@" >"$log" 2>&1
    code=$?
    grep '^passed at the second try: ' "$log"
    read -r p f < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log" | tail -n 1)
    [ -n "${p:-}" ] || { p=0 f=0; }
    ((f || code == 0)) || f=1
    ((passed += p, failed += f))
    echo "$name: $p passed, $f failed"
    ((f == 0)) || grep -vE '^ok |: ok ' "$log" | tail -n 40 | sed 's/^/    /'
}

testrun() {
    local f
    "$B/tests/testrun/test_expr" && "$B/tests/testrun/test_agg_run"
    f=$?
    echo "$((f == 0)) passed, $((f != 0)) failed"
}

# What the verifiers of these kernels would say of what the cases, scripts and tools were compiled to; of other
# kernels, whether a result is compared that some misjudge.
model() { # PROFILE
    local as=results
    case $1 in 4.19 | 5.4) as=$1 ;; esac
    part "$1, cases, by the model" "$B/tests/oldverifier/oldverifier" $as "$kept"/*.o
    # make check looks at the scripts in a suite of their own.
    [ $as = results ] || [ -n "$quick" ] || part "$1, scripts, by the model" bash tests/oldverifier/run.sh $as
}

profile() { # NAMES
    export NDTRACE_WITHOUT=$1
    case $1 in
        4.19) NDTRACE_WITHOUT=$V4_19 ;;
        5.4) NDTRACE_WITHOUT=$V5_4 ;;
    esac
    rm -rf "$kept"
    mkdir "$kept"
    part "$1, cases" env NDTRACE_TEST_KEEP="$kept" NDTRACE_TEST_COMPILER="$PWD/$B/ndtrace-compile" NDTRACE_COMPILE="$PWD/tests/oldverifier/keep.sh" \
        "$B/tests/cases/run" -b "$B" tests/cases/run tests/cases/user
    model "$1"
    testrun >"$log.t" 2>&1
    part "$1, test run" cat "$log.t"
    rm -f "$log.t"
    live=$HOST
    [[ $NDTRACE_WITHOUT == *loops* ]] || live="$live $LOOPS"
    # shellcheck disable=SC2086
    part "$1, live" bash tests/host/run.sh $live
}

[ "$(id -u)" = 0 ] || { echo "without.sh: needs root" >&2; exit 1; }
bash tests/host/run.sh -b || exit 1
watch_lost "$PWD/build/tests/host/lost"
calibrate $HOST_WORK
[ $# -gt 0 ] || set -- $SINGLE 5.4 4.19
for p in "$@"; do
    quick=
    if [ "$p" = quick ]; then
        quick=yes HOST="count interval events"
        profile 4.19
    else
        profile "$p"
    fi
done
unset NDTRACE_WITHOUT
echo "$passed passed, $failed failed"
((failed == 0))
