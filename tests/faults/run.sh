#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every allocation and every system call fails in turn, in the sanitized programs: what follows must be a message and
# an exit code, never a crash, a hang, or something left behind. As many of the calls as the time allows, evenly spread
# over all; which ones changes from run to run, by $FAULT_SEED (the day).
#
#   tests/faults/run.sh [SECONDS [NAME...]]     NAME: of the scenarios below
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-60}
seed=${FAULT_SEED:-$(date +%j)}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/home" "$dir/made"
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 XDG_CACHE_HOME=$dir/home
export NDTRACE_FAULT_COUNT=$dir/count
cat >"$dir/s.nd" <<'EOF'
option n: int = 3 "number"
event e { pid: u32, name: string[16], at: time }
rawtracepoint:sys_enter / pid != 0 / { @[comm] = count(); @h = hist(arg1); @s[kstack(3)] = count(); send e { pid: pid, name: comm, at: nsecs } }
uprobe:libc:getenv { @u[ustack(2)] = count() }
profile:hz:99 { @p = count() }
on e { @seen[e.name] = count() }
every 20ms { print(@seen, opt.n); clear(@seen) }
end { printf("end %d\n", opt.n) }
EOF
ND=build/faults/ndtrace NC=build/faults/ndtrace-compile
export NDTRACE_COMPILE=$PWD/build/san/ndtrace-compile
build/san/ndtrace compile "$dir/s.nd" -o "$dir/s.ndo" || exit 1

# What runs, a line each: a name, and words.
scenarios() {
    cat <<EOF
object $ND --duration 60ms -o $dir/made/out $dir/s.ndo
script $ND --duration 60ms -f json $dir/s.nd -n 4
cached $ND -q --duration 30ms -f csv $dir/s.nd
command $ND -c true -e 'rawtracepoint:sched_switch { @[kstack] = count() }'
check $ND check -e 'tracepoint:syscalls:sys_enter_openat { @[str(args.filename)] = count() }'
compile $ND compile $dir/s.nd -o $dir/made/x.ndo
compiler $NC object --out-fd 9 $dir/s.nd
explain $NC explain -e 'tracepoint:syscalls:sys_enter_openat { @[str(args.filename)] = count() }'
list $NC list probes 'tracepoint:sched:*'
EOF
}
runs=0 failed=0
bad() {
    failed=$((failed + 1))
    ((failed > 20)) || echo "not ok $1: $2; $(tr '\n' '|' <"$dir/err" | tail -c 600)"
}
# NAME FAULT WORDS...: one run.
once() {
    local name=$1 fault=$2 code
    shift 2
    { NDTRACE_FAULT=$fault timeout -k 2 30 "$@" >"$dir/out" 2>"$dir/err" 9>"$dir/object" </dev/null; } 2>/dev/null
    code=$?
    runs=$((runs + 1))
    if grep -qE 'AddressSanitizer|runtime error:|UndefinedBehavior' "$dir/err"; then
        bad "$name $fault" "a sanitizer's report"
    elif ((code >= 124)) && ! { ((code == 134)) && grep -qiE 'out of memory|bad_alloc' "$dir/err"; }; then
        bad "$name $fault" "exit code $code"
    elif ((code != 0)) && [ ! -s "$dir/err" ]; then
        bad "$name $fault" "exit code $code without a message"
    fi
    # A file is there under its own name, or not at all.
    if compgen -G "$dir/made/.new-*" >/dev/null || compgen -G "$dir/home/ndtrace/.new-*" >/dev/null; then
        bad "$name $fault" "left: $(ls -A "$dir/made" "$dir/home/ndtrace" | tr '\n' ' ')"
        rm -f "$dir"/made/.new-* "$dir"/home/ndtrace/.new-*
    fi
}
mapfile -t all < <(scenarios | awk -v names=" ${*:2} " 'names ~ /^ +$/ || index(names, " " $1 " ")')
share=$((seconds / (${#all[@]} * 2)))
((share >= 1)) || share=1
before=$(bpftool prog show 2>/dev/null | grep -c '^[0-9]*:')
for line in "${all[@]}"; do
    name=${line%% *}
    eval "words=(${line#* })"
    for kind in alloc call; do
        once "$name" none "${words[@]}"
        total=$(awk -v k=$kind '$1 == k { print $2 }' "$dir/count")
        [ "${total:-0}" -gt 0 ] || { bad "$name" "no $kind was counted"; continue; }
        begin=$SECONDS n=0
        # A step that shares no factor with the total visits each once.
        step=$((total * 61803 / 100000 + 1))
        while [ "$(awk -v a=$step -v b="$total" 'BEGIN { while (b) { t = a % b; a = b; b = t } print a }')" != 1 ]; do step=$((step + 1)); done
        while ((n < total && SECONDS - begin < share)); do
            once "$name" "$kind:$(((seed + n * step) % total + 1))" "${words[@]}"
            n=$((n + 1))
        done
        echo "$name: $n of $total ${kind}s failed in turn"
    done
done
wait
for i in 1 2 3 4 5; do # another program of this machine may have some for a moment
    after=$(bpftool prog show 2>/dev/null | grep -c "^[0-9]*:")
    [ "$after" -gt "$before" ] || break
    sleep 1
done
[ "$after" -le "$before" ] || bad left "$((after - before)) programs are still loaded"
echo "$((runs - failed)) passed, $failed failed"
((failed == 0))
