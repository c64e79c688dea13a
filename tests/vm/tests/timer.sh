#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Probes of time: about as often as was asked for, on an emulated machine.
. "$(dirname "$0")/../lib.sh"
# N: as many of them, in percent of the time that this machine had since `begin`: what stands still has no timers.
begin() { counted_ms; counted=$NOW wall=${EPOCHREALTIME/./}; }
over() { counted_ms; share=$((100000 * (NOW - counted) / (${EPOCHREALTIME/./} - wall + 1))); }
least() { echo $(($1 * (share > 100 ? 100 : share) / 100)); }
begin
traced profile 'profile:hz:99 /comm == "stimulus"/ { @n = count(); @s[kstack] = count() }' $STIMULUS spin 2000
over
between profile "$(total "$OUT" @n)" "$(least 60)" 260
begin
"$WITHIN" 60 "$ND" --duration 2s -e 'interval:ms:100 { @n = count() } END { @end = count() } BEGIN { @begin = count() }' >"$TMP/o" 2>"$TMP/e"
same interval-exit $? 0
over
between interval "$(total "$TMP/o" @n)" "$(least 15)" 20
same begin "$(total "$TMP/o" @begin)" 1
same end "$(total "$TMP/o" @end)" 1
traced software 'software:page-faults:1 /comm == "stimulus"/ { @n = count() }' $STIMULUS target 10
between software "$(total "$OUT" @n)" 10 10000
finish
