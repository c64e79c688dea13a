#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs tests on kernels: one machine for each kernel, all tests in it, as many machines at a time
# as there are CPUs. Must not know what is tested. Serves `make check-vm`.
#
#   tests/vm/check.sh ["KERNEL..."] ["TEST..."]     TEST as in tests/vm/tests/TEST.sh
#
# A kernel that is not there is a failure. The last line is "N passed, N failed"; all that the tests
# said is in build/vm/KERNEL.log.
set -u
HERE=$(cd "$(dirname "$0")" && pwd)
cd "$HERE/../.." || exit 1
. "$HERE/common.sh"
kernels=${1:-$KERNELS}
# Without names: all but those with a line "# on demand".
tests=${2:-$(cd "$HERE/tests" && grep -L '^# on demand' -- *.sh | sed 's/\.sh$//' | tr '\n' ' ')}
jobs=${NDTRACE_VM_JOBS:-$(nproc)}
logs=build/vm
mkdir -p $logs

one() { # KERNEL
    local k=$1 t0=$SECONDS rc p f
    # shellcheck disable=SC2086
    bash "$HERE/boot.sh" -t "${NDTRACE_VM_LIMIT:-1100}" "$k" bash tests/vm/guest/session $tests \
        >$logs/"$k".log 2>&1
    rc=$?
    p=$(grep -cE '^[a-z_0-9]+: ok ' $logs/"$k".log)
    f=$(grep -cE '^[a-z_0-9]+: not ok ' $logs/"$k".log)
    if ((f == 0 && (rc != 0 || p == 0))); then
        f=1
        echo "machine: not ok: ended with $rc after $p tests: $(tail -n 1 $logs/"$k".log)" >>$logs/"$k".log
    fi
    echo "$p $f" >$logs/"$k".sum
    grep -E '^[a-z_0-9]+: not ok|^== ' $logs/"$k".log | sed "s/^/$k /"
    echo "$k $p passed, $f failed in $((SECONDS - t0)) s"
}

# What a test wants of another kernel first ("# before: KERNEL SCRIPT"): in build/vm/TEST when it runs.
for t in $tests; do
    read -r k script < <(sed -n 's/^# before: //p' "$HERE/tests/$t.sh") || continue
    rm -rf "$logs/${t:?}"
    bash "$HERE/boot.sh" -o "$logs/$t" "$k" bash "$script" >"$logs/$t.before.log" 2>&1 ||
        { echo "$t: $script failed on $k:"; tail -n 5 "$logs/$t.before.log"; }
done

running=0
for k in $kernels; do
    rm -f $logs/"$k".sum
    one "$k" &
    running=$((running + 1))
    ((running < jobs)) || { wait -n && :; running=$((running - 1)); }
done
wait
passed=0 failed=0
for k in $kernels; do
    read -r p f <$logs/"$k".sum || { p=0; f=1; }
    ((passed += p, failed += f))
done
echo "$passed passed, $failed failed"
((failed == 0))
