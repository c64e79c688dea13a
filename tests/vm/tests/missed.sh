#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check: 5.10 7
# A return probe has room for a few calls under way; with more sleepers than that, some are missed.
# Linux 6.7 and later tell how many: returns seen and missed are all the calls. Others say that they
# do not tell.
. "$(dirname "$0")/../lib.sh"
cp "$(command -v sleep)" "$TMP/napper" # its own name, because the harness also sleeps
sleepers() {
    local i p=()
    for i in {1..60}; do
        "$TMP/napper" 3 &
        p+=($!)
    done
    wait "${p[@]}" # not for the tracer
}
traced many 'kprobe:hrtimer_nanosleep /comm == "napper"/ { @calls = count() } kretprobe:hrtimer_nanosleep /comm == "napper"/ { @all = count() }' sleepers
calls=$(total "$OUT" @calls) seen=$(total "$OUT" @all)
missed=$(sed -n 's/^Missed: kretprobe:hrtimer_nanosleep: //p' "$OUT")
same calls "$calls" 60
if kernel_at_least 6 7; then
    if ((seen + ${missed:-0} >= 60 && seen + ${missed:-0} <= 65 && ${missed:-0} > 0)); then ok told; else not_ok told "got $seen seen and ${missed:-none} missed, wanted 60 to 65 together, some missed"; fi
else
    between provoked "$seen" 0 59
    has not-told "$OUT" '^Missed: this kernel .* does not report'
fi

trace json -f json -e 'kretprobe:hrtimer_nanosleep { @all = count() }'
sleepers
stop "$PID"
OUT=$TMP/json.out
if kernel_at_least 6 7; then
    has json "$OUT" '"missed":[1-9]'
else
    has json "$OUT" '"missed":0,"missed_told":false'
fi

# One call at a time: nothing to miss.
traced few 'kretprobe:vfs_fallocate { @n = count() }' $STIMULUS fallocate 100
if grep -q '^Missed: kretprobe' "$OUT"; then not_ok few "wanted none missed, got: $(grep Missed "$OUT")"; else ok few; fi
finish
