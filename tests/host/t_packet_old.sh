#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same of an object for all kernels, and of programs for Linux 4.19.
. "$(dirname "$0")/packets.sh"

script qdisc_enq q 7 >"$TMP/qdisc_enq.nd"
# An object for all kernels.
"$ND" compile "$TMP/qdisc_enq.nd" -o "$TMP/all.ndo" 2>"$TMP/err" || not_ok compile "$(head -3 "$TMP/err")"
check_stage portable "$TMP/all.ndo" q "$T"

# What Linux 4.19 lacks: no program may be longer than it takes, or it is an error here.
. tests/oldverifier/profiles.sh
old=$V4_19
script qdisc_enq q 3 >"$TMP/old.nd"
export NDTRACE_WITHOUT=$old
check_stage old "$TMP/old.nd" q "$T"
unset NDTRACE_WITHOUT

finish
