#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: many at a time
# A script with twenty tracepoints attaches, counts and leaves.
. "$(dirname "$0")/lib.sh"
network w

trace twenty tests/bench/twenty.nd || finish
bpf_ids "$PID" >"$TMP/ids"
has twenty-attached "$TMP/twenty.err" 'Attached 20 probes'
N=$(send 2000)
stop "$PID"
same twenty-exit "$CODE" 0
gone twenty-gone <"$TMP/ids"
for probe in net:net_dev_queue net:net_dev_start_xmit net:netif_receive_skb; do
    n=$(awk -v p="tracepoint:$probe]" 'index($0, p) { print $NF }' "$TMP/twenty.out")
    between "twenty-$probe" "$n" "$N"
done
finish
