#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 7
# Probes on functions of the kernel with exactly the capabilities that docs/security.md names, as nobody.
. "$(dirname "$0")/../lib.sh"
chmod 755 "$TMP"
# NAME CAPS SCRIPT: it counts something.
works() {
    setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps="-all,$2" --ambient-caps="-all,$2" --bounding-set="-all,$2" \
        env HOME="$TMP" NDTRACE_CACHE=off "$ND" -q --duration 2s -e "$3" >"$TMP/$1.out" 2>"$TMP/$1.err"
    same "$1-exit" $? 0
    has "$1" "$TMP/$1.out" '^@.*: [1-9]'
}
busy() { while :; do cat /proc/self/stat >/dev/null; done; }
busy &
PIDS+=($!)
events=+bpf,+perfmon,+syslog
[ "$(cat /proc/sys/kernel/perf_event_paranoid)" -le 2 ] || events+=,+sys_admin
works fentry +bpf,+perfmon,+syslog 'fentry:vfs_read { @ = count() }'
works fexit +bpf,+perfmon,+syslog 'fexit:vfs_read { @ = count() }'
works func +bpf,+perfmon,+syslog 'func:vfs_read { @ = count() }'
works kprobe $events 'kprobe:vfs_read { @ = count() } kretprobe:vfs_read { @r = count() }'
works multi +bpf,+perfmon,+syslog 'kprobe:vfs_rea* { @ = count() }'
works stage $events 'probe netif_rx { @ = count() } kprobe:vfs_read { @k = count() }'
finish
