#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# After kill -9, and after Ctrl-C, nothing stays in the kernel.
. "$(dirname "$0")/lib.sh"
script='tracepoint:net:net_dev_queue, rawtracepoint:netif_receive_skb { @[comm, kstack] = count(); }
interval:ms:100 { printf("%d\n", nsecs); }
profile:hz:10 { @samples = count(); }'

for signal in KILL INT TERM; do
    trace kill-$signal -e "$script" || continue
    bpf_ids "$PID" >"$TMP/ids"
    stop "$PID" $signal 2>/dev/null
    case $signal in
    KILL) same kill-$signal-exit "$CODE" 137 ;;
    *) same kill-$signal-exit "$CODE" 0 ;;
    esac
    gone kill-$signal-gone <"$TMP/ids"
done
same nothing-pinned "$(find /sys/fs/bpf -name 'nd_*' 2>/dev/null | wc -l)" 0
finish
