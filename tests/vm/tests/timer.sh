#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Probes of time: about as often as was asked for, on an emulated machine.
. "$(dirname "$0")/../lib.sh"
# A machine that stands still while others have the CPU has no timers.
share_begin
traced profile 'profile:hz:99 /comm == "stimulus"/ { @n = count(); @s[kstack] = count() }' $STIMULUS spin 2000
share_end
between profile "$(total "$OUT" @n)" $((60 * SHARE / 100)) 260
share_begin
"$WITHIN" 60 "$ND" --duration 2s -e 'interval:ms:100 { @n = count() } END { @end = count() } BEGIN { @begin = count() }' >"$TMP/o" 2>"$TMP/e"
same interval-exit $? 0
share_end
between interval "$(total "$TMP/o" @n)" $((15 * SHARE / 100)) 20
same begin "$(total "$TMP/o" @begin)" 1
same end "$(total "$TMP/o" @end)" 1
traced software 'software:page-faults:1 /comm == "stimulus"/ { @n = count() }' $STIMULUS target 10
between software "$(total "$OUT" @n)" 10 10000
finish
