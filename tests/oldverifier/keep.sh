#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Stands in for the compiler (NDTRACE_COMPILE), runs it, and keeps each object that it makes in $NDTRACE_TEST_KEEP.
fd=
prev=
for word in "$@"; do
    [ "$prev" = --out-fd ] && fd=$word
    prev=$word
done
"$NDTRACE_TEST_COMPILER" "$@"
code=$?
if [ $code = 0 ] && [ "$1" = object ] && [ -n "$fd" ]; then
    cat "/proc/$$/fd/$fd" >"$NDTRACE_TEST_KEEP/$$.o"
fi
exit $code
