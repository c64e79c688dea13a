#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may include whom, by the table in tests/rooms.txt; and the tracer itself never holds LLVM. Prints the edges between folders; fails on a forbidden one.
# usage: tests/rooms.sh [BUILD] [ROOT]
set -u

build=${1:-build}
root=${2:-.}
bad=0
edges=$(mktemp)
trap 'rm -f "$edges"' EXIT

# "file<TAB>kind<TAB>header", kind " or <, for every include line of the sources.
includes() {
    find "$root/compiler" "$root/runtime" "$root/grammar" -name '*.[chly]' | sort | while read -r f; do
        sed -n 's/^[ \t]*#[ \t]*include[ \t]*\(["<]\)\([^">]*\)[">].*/\1\t\2/p' "$f" |
            while IFS="$(printf '\t')" read -r kind header; do
                printf '%s\t%s\t%s\n' "${f#"$root"/}" "$kind" "$header"
            done
    done
}

complain() {
    echo "FORBIDDEN $1: $2"
    bad=$((bad + 1))
}

# ROOM: the rooms that it may enter.
allowed() { sed -n "s|^room $1: *||p" "$root/tests/rooms.txt"; }

quoted() { # file header
    from=${1%/*}
    to=${2%/*}
    case $2 in
    ndtrace.tab.h | ndtrace.lex.h | grammar/*) to=grammar ;;
    */*) ;;
    *) complain "$1" "includes \"$2\" without the room it is in"; return ;;
    esac
    [ "$from" = "$to" ] && return
    echo "$from -> $to" >>"$edges"
    case " $(allowed "$from") " in
    *" $to "*) ;;
    *) complain "$1" "$from may not enter $to (\"$2\")" ;;
    esac
    case $2 in
    *_impl.h) complain "$1" "\"$2\" is the inside of $to" ;;
    grammar/*)
        [ "$1" = compiler/front/parse.c ] ||
            complain "$1" "only compiler/front/parse.c knows the generated parser"
        ;;
    esac
}

system() { # file header
    case $2 in
    llvm-c/* | llvm/*)
        case $1 in
        compiler/lower/*) ;;
        *) complain "$1" "LLVM's <$2> outside the lowering" ;;
        esac
        ;;
    bpf/*)
        case $1 in
        runtime/*.c | runtime/*_impl.h) ;;
        *) complain "$1" "libbpf's <$2> outside runtime/*.c" ;;
        esac
        ;;
    esac
}

list=$(mktemp)
includes >"$list"
while IFS="$(printf '\t')" read -r f kind h; do
    if [ "$kind" = '"' ]; then
        quoted "$f" "$h"
    else
        system "$f" "$h"
    fi
done <"$list"

[ -s "$list" ] || complain "$root" "no sources found"
rm -f "$list"

# compiler/ makes no bpf() call.
if grep -nE '__NR_bpf|SYS_bpf|\bbpf_(prog_load|map_create|object__)' "$root"/compiler/*.[ch] "$root"/compiler/*/*.[ch]; then
    complain compiler "a bpf() call"
fi

echo "edges:"
sort "$edges" | uniq -c

# The tracer holds no LLVM: neither as a library nor linked in.
if [ ! -x "$build/ndtrace" ]; then
    complain "$build/ndtrace" "is not there"
else
    if readelf -d "$build/ndtrace" | grep -i 'NEEDED.*LLVM'; then
        complain "$build/ndtrace" "needs libLLVM"
    fi
    if ldd "$build/ndtrace" | grep -i llvm; then
        complain "$build/ndtrace" "loads libLLVM"
    fi
    if readelf -sW "$build/ndtrace" | grep -m1 -E ' (LLVM[A-Z]|_ZN4llvm)'; then
        complain "$build/ndtrace" "has LLVM linked in"
    fi
    if ! readelf -sW "$build/ndtrace-compile" | grep -q -m1 -E 'LLVM[A-Z]|_ZN4llvm'; then
        complain "$build/ndtrace-compile" "has no LLVM: the check above would not see it"
    fi
fi

if [ "$bad" -ne 0 ]; then
    echo "$bad forbidden"
    exit 1
fi
echo "rooms: all as designed"
