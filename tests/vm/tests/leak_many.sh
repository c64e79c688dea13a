#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check: none, as it takes a minute
# kernels: 6.12
# limit: 200
# Thousands of probes, attached and detached fifty times, then killed: no link, no program, no map and
# no memory stays. On one kernel, as older ones attach them one by one, which takes too long.
. "$(dirname "$0")/../lib.sh"
TIMES=50
# KiB that the kernel holds for itself, once what it could give back is given back.
kernel_memory() {
    sync
    echo 3 >/proc/sys/vm/drop_caches
    awk '$1 ~ /^(SUnreclaim|VmallocUsed|Percpu|KernelStack):$/ { n += $2 } END { print n }' /proc/meminfo
}
settled() { # until it stays the same: the kernel frees a little later
    local i now before=
    for ((i = 0; i < 30; i++)); do
        now=$(kernel_memory)
        [ "$now" != "$before" ] || break
        before=$now
        sleep 0.3
    done
    echo "$now"
}
"$WITHIN" 60 "$ND" compile -o "$TMP/wide.ndo" -e 'kprobe:d* { @ = count() }' >"$TMP/o" 2>&1 ||
    { not_ok compile "$(head -c 300 "$TMP/o")"; finish; }
bpftool prog show >/dev/null
held0=$(held)
rounds() { # N
    local i
    for ((i = 0; i < $1; i++)); do
        "$WITHIN" 60 "$ND" -v --duration 10ms "$TMP/wide.ndo" >"$TMP/o" 2>&1 ||
            { not_ok run "$(head -c 300 "$TMP/o")"; finish; }
    done
}
rounds 5 # what is made once and kept
memory=$(settled)
rounds $TIMES
probes=$(sed -n 's/^Attached \([0-9]*\) probes.*/\1/p' "$TMP/o")
between probes "${probes:-0}" 2000
same ends "$(held)" "$held0"
# Less than one link of so many functions a time, which is 16 bytes for each.
grown=$(($(settled) - memory)) most=$((TIMES * ${probes:-0} * 16 / 1024 / 2))
echo "$probes probes, $TIMES times: $grown KiB more, of $memory; a leak would be $((2 * most))"
at_most memory "$grown" $((most - 1)) # KiB
trace kill "$TMP/wide.ndo" && {
    if [ "$(held)" != "$held0" ]; then ok held; else not_ok held "got '$held0', as before, wanted more"; fi
    kill -KILL "$PID"
    wait "$PID" 2>/dev/null
}
same killed "$(held)" "$held0"
finish
