#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs tests on kernels: one machine for each kernel and topology, all tests of that topology in it,
# as many machines at a time as there are CPUs. Must not know what is tested. Serves `make check-vm`.
#
#   tests/vm/check.sh ["KERNEL..."] ["TEST..."]     TEST as in tests/vm/tests/TEST.sh
#
# A missing kernel is a failure. The last line is "N passed, N failed"; all that the tests
# said is in build/vm/KERNEL-TOPOLOGY.log.
set -u
HERE=$(cd "$(dirname "$0")" && pwd)
cd "$HERE/../.." || exit 1
. "$HERE/common.sh"
kernels=${1:-$KERNELS}
# Without names: all but those with a line "# on demand".
tests=${2:-$(cd "$HERE/tests" && grep -L '^# on demand' -- *.sh | sed 's/\.sh$//' | tr '\n' ' ')}
named=${2:-}
jobs=${NDTRACE_VM_JOBS:-$(nproc)}
busy=${NDTRACE_VM_BUSY:-} # as long as this file is there, something else needs a CPU: a machine less at a time, later one more
logs=build/vm
mkdir -p $logs

for t in $tests; do [ -e "$HERE/tests/$t.sh" ] || die "no test $t"; done

# TEST NAME DEFAULT: what its line "# NAME: ..." says.
wants() { sed -n "s/^# $2: //p" "$HERE/tests/$1.sh" | grep . || echo "$3"; }
# FILE KERNEL: in `make check`, is it wanted on this kernel ("# check: KERNEL...")?
in_check() {
    local only
    [ -n "${NDTRACE_VM_CHECK:-}" ] && only=$(sed -n 's/^# check: //p' "$HERE/$1.sh" | grep .) || return 0
    [[ " $only " == *" $2 "* ]]
}
# TOPOLOGY KERNEL: the tests that want both ("plain": no topology).
tests_of() {
    local t
    for t in $tests; do
        [ "$(wants "$t" topology plain)" = "$1" ] || continue
        [ -z "$named" ] && { [[ " $(wants "$t" kernels "$2") " != *" $2 "* ]] || ! in_check "tests/$t" "$2"; } || echo "$t"
    done
}

# KERNEL TOPOLOGY: one machine. It also counts as failed if it ends without a word.
one() {
    local k=$1 log=$logs/$1-$2.log t0=$SECONDS rc p f boot=''
    [ "$2" = plain ] || boot=$(sed -n 's/^# boot: //p' "$HERE/topology/$2.sh")
    # shellcheck disable=SC2046,SC2086
    bash "$HERE/boot.sh" -t "${NDTRACE_VM_LIMIT:-900}" $boot "$k" \
        bash tests/vm/guest/session "$2" $(tests_of "$2" "$k") >"$log" 2>&1
    rc=$?
    p=$(grep -cE '^[a-z_0-9]+: ok ' "$log")
    f=$(grep -cE '^[a-z_0-9]+: not ok ' "$log")
    if ((f == 0 && (rc != 0 || p == 0))); then
        f=1
        echo "machine: not ok: ended with $rc after $p tests: $(tail -n 1 "$log")" >>"$log"
    fi
    echo "$p $f" >"${log%.log}.sum"
    grep -E '^[a-z_0-9]+: not ok|^== |passed at the second try' "$log" | sed "s/^/$k $2 /"
    echo "$k $2 $p passed, $f failed in $((SECONDS - t0)) s"
}

# TOPOLOGY KERNEL: about how long its tests take, to start the longest first.
length() {
    local t n=0
    [ "$1" != vm ] || n=60
    for t in $(tests_of "$1" "$2"); do
        case $t in cases | host) n=$((n + 15)) ;; tool_*) n=$((n + 4)) ;; *) n=$((n + 1)) ;; esac
    done
    echo "$n"
}
mapfile -t work < <(
    for topology in plain $(cd "$HERE/topology" && ls | sed -n 's/\.sh$//p' | grep -vx common); do
        for k in $kernels; do
            { [ "$topology" = plain ] || in_check "topology/$topology" "$k"; } && [ -n "$(tests_of "$topology" "$k")" ] && echo "$(length "$topology" "$k") $k $topology"
        done
    done | sort -rn | cut -d' ' -f2-
)
[ ${#work[@]} -gt 0 ] || die "no tests"
rm -f $logs/*.sum
# What a test wants of another kernel first ("# before: KERNEL SCRIPT"): in build/vm/TEST when it runs.
for t in $tests; do
    read -r k script < <(sed -n 's/^# before: //p' "$HERE/tests/$t.sh") || continue
    rm -rf "$logs/${t:?}"
    bash "$HERE/boot.sh" -o "$logs/$t" "$k" bash "$script" >"$logs/$t.before.log" 2>&1 ||
        { echo "$t: $script failed on $k:"; tail -n 5 "$logs/$t.before.log"; }
done

may_start() {
    local n=$jobs
    # An emulated machine waits a third of its time.
    if [ -e "$busy" ]; then n=$((jobs > 1 ? jobs - 1 : 1)); elif [ -n "$busy" ]; then n=$((jobs + 1)); fi
    [ "$(jobs -rp | wc -l)" -lt "$n" ]
}
for w in "${work[@]}"; do
    until may_start; do sleep 1; done
    # shellcheck disable=SC2086
    one $w &
done
wait
passed=0 failed=0
for w in "${work[@]}"; do
    read -r p f <"$logs/${w/ /-}.sum" || { p=0; f=1; }
    ((passed += p, failed += f))
done
echo "$passed passed, $failed failed"
((failed == 0))
