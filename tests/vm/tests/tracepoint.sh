#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Tracepoints and raw tracepoints: one event for each packet queued.
. "$(dirname "$0")/../lib.sh"
network t
send 20 >/dev/null
traced all "tracepoint:net:net_dev_queue /args.name == \"$A\"/ { @tp = count(); @len = max(args.len) }
tracepoint:net:net_dev_xmit /args.name == \"$A\"/ { @xmit = count(); @rc[args.rc] = count() }
rawtracepoint:net_dev_queue /args.skb->dev->name == \"$A\"/ { @raw = count(); @rlen = max(args.skb->len) }
tracepoint:net:net_dev_start_xmit { @start = count() }
tracepoint:skb:consume_skb { @consumed = count() }
tracepoint:syscalls:sys_enter_fallocate /comm == \"stimulus\"/ { @sys[args.mode] = count(); @off = sum(args.offset) }
tracepoint:syscalls:sys_exit_fallocate /comm == \"stimulus\"/ { @ret[args.ret] = count() }" \
    bash -c "$(declare -f send); TRAFFIC=$TRAFFIC A=$A B=$B; send 2000 && $STIMULUS fallocate 400"
same tracepoint "$(total "$OUT" @tp)" 2000
same xmit "$(total "$OUT" @xmit)" 2000
same raw "$(total "$OUT" @raw)" 2000
same len "$(total "$OUT" @len)" 242
same raw-len "$(total "$OUT" @rlen)" 242
has syscall-enter "$OUT" '^@sys\[4096\]: 400$'
same syscall-args "$(total "$OUT" @off)" $((399 * 400))
has syscall-exit "$OUT" '^@ret\[-95\]: 400$'
finish
