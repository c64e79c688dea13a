#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How long the compiler takes for scripts of many parts: seconds for 100, 1,000 and 10,000 of each. What grows faster
# than the script does is LLVM's: its tables of names for BTF, which it searches line by line, and its scheduler of
# instructions for one block of thousands.
#
#   tests/bench/sizes.sh [KIND...]
cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# KIND N: a script.
script() {
    local i
    case $1 in lines) echo 'rawtracepoint:sys_enter { $x = (u64)0;' ;; maps | prints) echo 'BEGIN {' ;; esac
    for ((i = 1; i <= $2; i++)); do
        case $1 in
        probes) echo "tracepoint:sched:sched_switch { @[$i] = count() }" ;;
        probes-maps) echo "tracepoint:sched:sched_switch { @m$i = count() }" ;;
        maps) echo "@m$i = $i;" ;;
        options) echo "option o$i: int = $i \"number $i\"" ;;
        functions) echo "fn f$i(a: u64) -> u64 { return a + $i }" ;;
        lines) echo "\$x = \$x + arg1 * $i" ;;
        prints) echo "printf(\"$i\\n\");" ;;
        esac
    done
    case $1 in lines) echo '@ = $x }' ;; maps | prints) echo '}' ;; options | functions) echo 'BEGIN { exit() }' ;; esac
}
printf '%-12s %8s %8s %8s\n' '' 100 1000 10000
[ $# -gt 0 ] || set -- probes probes-maps maps options functions lines prints
for kind; do
    printf '%-12s' "$kind"
    for n in 100 1000 10000; do
        script "$kind" $n >"$dir/s.nd"
        begin=$EPOCHREALTIME
        if timeout 120 build/ndtrace-compile object --out-fd 3 "$dir/s.nd" 3>/dev/null 2>"$dir/err"; then
            awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf " %8.2f", b - a }'
        else
            printf ' %8s' "($(grep -oE -m1 'E[0-9]{4}' "$dir/err" || echo '> 120'))"
        fi
    done
    echo
done
