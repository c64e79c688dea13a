#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The one list of LLVM versions that are supported, best first, and what of them this machine has.
#
#   sh .ci/llvm.sh versions    the list
#   sh .ci/llvm.sh config      the llvm-config to build with; nothing if there is none
#   sh .ci/llvm.sh clang       the clang for test builds; nothing if there is none
versions="21 20 19 18 17 16"

# PROGRAM: the first PROGRAM-VERSION, or the plain program where it is at least as new as the oldest.
first() {
    for v in $versions; do
        command -v "$1-$v" 2>/dev/null && return
    done
    v=$("$1" --version 2>/dev/null | sed -nE '1s/^([^0-9]* )?([0-9]+)\..*/\2/p')
    [ "${v:-0}" -lt "${versions##* }" ] || command -v "$1"
}

case ${1:-} in
versions) echo "$versions" ;;
config) first llvm-config ;;
clang) first clang ;;
*)
    sed -n '3,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
