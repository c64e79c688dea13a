#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may include whom: dependencies point one way, grammar -> compiler -> manifest <- runtime, and the
# tracer itself never holds LLVM. Prints the edges between folders; fails on a forbidden one.
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

# The folder a quoted header is in: beside the file, or named from the root.
room_of() { # file header
    case $2 in
    */*) echo "${2%/*}" ;;
    *) echo "${1%/*}" ;;
    esac
}

complain() {
    echo "FORBIDDEN $1: $2"
    bad=$((bad + 1))
}

quoted() { # file header
    from=${1%%/*}
    to=$(room_of "$1" "$2")
    echo "$from -> ${to%%/*}" >>"$edges"
    case $from:$to/${2##*/} in
    runtime:runtime/*) ;;
    runtime:compiler/manifest.h) ;;
    runtime:*) complain "$1" "runtime/ includes \"$2\"" ;;
    compiler:runtime/*) complain "$1" "compiler/ includes \"$2\"" ;;
    compiler:compiler/*) ;;
    compiler:grammar/*)
        case $1 in
        compiler/parse.c) ;;
        *) complain "$1" "only compiler/parse.c knows the generated parser" ;;
        esac
        ;;
    compiler:*) complain "$1" "compiler/ includes \"$2\"" ;;
    grammar:compiler/parse.h | grammar:grammar/*) ;;
    grammar:*) complain "$1" "grammar/ includes \"$2\"" ;;
    esac
}

system() { # file header
    case $2 in
    llvm-c/* | llvm/*)
        case $1 in
        compiler/lower*.[ch] | compiler/object.c) ;;
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

# Headers of compiler/ that need LLVM may be included by the lowering only.
needs_llvm() {
    grep -l '<llvm-c/' "$root"/compiler/*.h 2>/dev/null | while read -r h; do basename "$h"; done
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

for h in $(needs_llvm); do
    while IFS="$(printf '\t')" read -r f kind inc; do
        [ "$kind" = '"' ] && [ "${inc##*/}" = "$h" ] || continue
        case $f in
        compiler/lower*.[ch] | compiler/object.c) ;;
        *) complain "$f" "\"$inc\" brings LLVM's headers along" ;;
        esac
    done <"$list"
done
[ -s "$list" ] || complain "$root" "no sources found"
rm -f "$list"

# compiler/ makes no bpf() call.
if grep -nE '__NR_bpf|SYS_bpf|\bbpf_(prog_load|map_create|object__)' "$root"/compiler/*.[ch]; then
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
