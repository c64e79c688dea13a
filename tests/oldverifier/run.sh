#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Compiles the scripts and tools as for Linux 4.19 and 5.4, and asks the model what those kernels would say; and that
# no program of any kernel compares a result that some of them misjudge. The language cases are looked at by without.sh,
# which runs them. As root, because the kernel is asked.
#
#   tests/oldverifier/run.sh [4.19|5.4|results...]
#
# What is known to be too large is in too_large.txt, as long as it is. The last line is "N passed, N failed", of programs.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
. tests/oldverifier/profiles.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

# PROFILE WITHOUT WORDS...: all scripts; those that do not fit are for the compiler to refuse.
objects() {
    local f out=$dir/$1 without=$2
    shift 2
    mkdir -p "$out"
    for f in scripts/*.nd stdlib/*/*.nd; do
        "$B/ndtrace-compile" object "$f" --stdlib stdlib ${without:+--without "$without"} "$@" --out-fd 5 \
            5>"$out/$(basename "$f" .nd).o" 2>/dev/null || rm -f "$out/$(basename "$f" .nd).o"
    done
    find "$out" -size 0 -delete
}
look() { # PROFILE MODEL
    local p f
    "$B/tests/oldverifier/oldverifier" "$2" "$dir/$1"/*.o >"$dir/log"
    read -r p f < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$dir/log" | tail -n 1)
    sed "s|^$dir/||; s|\.o:||" "$dir/log" | grep ': ' | grep -v '^most steps' >"$dir/said"
    while read -r known; do
        case $known in "$1/"*) ;; *) continue ;; esac
        if grep -qE "^$known: [0-9]+: (BPF program is too large|BPF program is too complex)" "$dir/said"; then
            grep -vE "^$known: " "$dir/said" >"$dir/rest"
            mv "$dir/rest" "$dir/said"
            ((f--, p++))
        elif [ -e "$dir/${known%% *}.o" ]; then
            echo "$known is no longer too large: not for too_large.txt"
            ((f++))
        fi
    done <tests/oldverifier/too_large.txt
    echo "$1: ${p:-0} programs of $(ls "$dir/$1" | wc -l) objects passed, ${f:-1} failed; $(grep '^most steps' "$dir/log")"
    sed 's/^/    /' "$dir/said"
    ((passed += ${p:-0}, failed += ${f:-1}))
}

for profile in "${@:-4.19 5.4 results}"; do
    for profile in $profile; do
        case $profile in
            4.19) objects 4.19 "$V4_19" && look 4.19 4.19 ;;
            5.4) objects 5.4 "$V5_4" && look 5.4 5.4 ;;
            results)
                objects results ""
                look results results
                objects portable "" --portable
                look portable results
                ;;
        esac
    done
done
echo "$passed passed, $failed failed"
((failed == 0))
