#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Writes objects, without their seal, from which the fuzzer of objects starts.
# Usage: objects.sh NDTRACE-COMPILE DIRECTORY
set -eu
compile=$1
dir=$2
mkdir -p "$dir"

make() { # NAME, SCRIPT, FLAGS...
    name=$1 script=$2
    shift 2
    "$compile" object --facts tests/facts/base --out-fd 3 "$@" -e "$script" 3>"$dir/$name.sealed"
    head -c -24 "$dir/$name.sealed" >"$dir/$name"
    rm "$dir/$name.sealed"
}

make counts 'tracepoint:net:net_dev_queue { @[args.len] = count() }'
make stacks 'kprobe:tcp_connect { @[kstack(8)] = count() }'
make events 'rawtracepoint:net_dev_queue { printf("%d %s\n", args.skb->len, comm) }' --portable
make reads 'rawtracepoint:net_dev_queue { @ = max(args.skb->dev->mtu) } every 1s { report(@) }' --portable
make older 'option n: int = 3 "x" tracepoint:net:net_dev_queue /args.len > opt.n/ { @x = args.len }' \
    --without globals,mmap,ringbuf,loops
