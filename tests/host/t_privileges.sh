#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# With some capabilities and without root: what the kernel allows works, and for the rest the message
# names the capability that this kind of probe lacks.
. "$(dirname "$0")/lib.sh"

# NAME CAPS CODE SCRIPT: runs as nobody with these capabilities.
as() {
    setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps="-all$2" --ambient-caps="-all$2" \
        --bounding-set="-all$2" env HOME="$TMP" NDTRACE_CACHE=off "$WITHIN" 20 "$ND" -q --duration 300ms -e "$4" \
        >"$TMP/$1.out" 2>"$TMP/$1.err"
    same "$1-exit" $? "$3"
}
# NAME CAPS SCRIPT: it counts something.
works() { as "$1" "$2" 0 "$3"; has "$1" "$TMP/$1.out" '^@.*: [1-9]'; }
# NAME CAPS CODE SCRIPT PATTERN
lacks() { as "$1" "$2" "$3" "$4"; has "$1" "$TMP/$1.err" "$5"; }

chmod 755 "$TMP"
both=,+bpf,+perfmon perf=,+bpf,+perfmon
# What a distribution adds to the kernel: perf events for the administrator only.
if [ "$(cat /proc/sys/kernel/perf_event_paranoid)" -gt 2 ]; then
    perf=$both,+sys_admin
    lacks paranoid $both 1 'profile:hz:99 { @ = count() }' 'CAP_SYS_ADMIN is missing.*perf_event_paranoid is above 2'
fi
works raw $both 'rawtracepoint:sys_enter { @ = count() }'
works event $both 'tracepoint:sched:sched_switch { @[args.next_pid > 0] = count() }'
works sampling $perf 'profile:hz:99 { @ = count() }'
works clock $perf 'software:cpu-clock:1000000 { @ = count() }'
works timer $both 'interval:ms:50 { @ = count() }'
works tasks $both 'iter:task { @ = count() }'
works admin ,+sys_admin 'rawtracepoint:sys_enter { @ = count() }'
works user ,+sys_admin 'uprobe:libc:malloc { @ = count() } uretprobe:libc:malloc { @r = count() }'

script='rawtracepoint:sys_enter { @ = count() }'
lacks none '' 1 "$script" 'CAP_BPF and CAP_PERFMON are missing'
lacks bpf-only ,+bpf 1 "$script" 'CAP_PERFMON is missing'
lacks perfmon-only ,+perfmon 1 "$script" 'CAP_BPF is missing'
# Before Linux 6.16 CAP_PERFMON is enough.
as uprobe $both 1 'uprobe:libc:malloc { @ = count() }' >"$TMP/result"
if grep -q '^ok' "$TMP/result"; then
    has uprobe "$TMP/uprobe.err" 'cannot attach uprobe:.*CAP_SYS_ADMIN is missing'
else
    has uprobe "$TMP/uprobe.out" '^@: [1-9]'
fi
record='tracepoint:syscalls:sys_enter_read { @ = sum(args.count) }'
if grep -q ' tracefs ' /proc/mounts; then
    lacks record $both 2 "$record" 'CAP_DAC_READ_SEARCH is missing'
    works record-read $perf,+dac_read_search "$record"
else
    lacks record $both 2 "$record" 'tracefs, which is not mounted here; CAP_SYS_ADMIN is missing'
    lacks record-mounted ,+sys_admin 2 "$record" 'Permission denied; CAP_DAC_READ_SEARCH is missing'
    works record-read ,+sys_admin,+dac_read_search "$record"
fi

stacks='rawtracepoint:sched_switch { @[kstack(1)] = count() }'
as stacks $both 0 "$stacks"
same stacks-why "$(grep -c '^Kernel addresses have no names here: CAP_SYSLOG is missing' "$TMP/stacks.out")" 1
has stacks-addresses "$TMP/stacks.out" '^ *0x[0-9a-f]{16}$'
as stacks-names $both,+syslog 0 "$stacks"
has stacks-names "$TMP/stacks-names.out" '^ *[a-z_]+[a-z0-9_.]*\+0x'
finish
