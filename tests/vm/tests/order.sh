#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check: 5.10 7
# Several probes on one function run in the order of the script, whatever the order of the kernel.
. "$(dirname "$0")/../lib.sh"
# NAME PROBE
order() {
    traced "$1" "$(for i in 1 2 3; do echo "$2 /comm == \"stimulus\"/ { printf(\"%d\", $i) }"; done)" "$STIMULUS" fallocate 2
    same "$1" "$(sed 's|Missed:.*||' "$OUT" | tr -d '\n')" 123123123123
}
order kprobe kprobe:vfs_fallocate
order kretprobe kretprobe:vfs_fallocate
order func func:vfs_fallocate
order funcret funcret:vfs_fallocate
if bpftool btf dump file /sys/kernel/btf/vmlinux format raw >/dev/null 2>&1; then
    order fentry fentry:vfs_fallocate
    order fexit fexit:vfs_fallocate
fi
order event tracepoint:syscalls:sys_enter_fallocate
traced both 'kretprobe:vfs_fallocate { printf("b") } kprobe:vfs_fallocate { printf("1") } kprobe:vfs_fallocate { printf("2") } kretprobe:vfs_fallocate { printf("c") }' "$STIMULUS" fallocate 1
same both "$(sed 's|Missed:.*||' "$OUT" | tr -d '\n')" 12bc12bc
finish
