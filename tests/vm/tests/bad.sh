#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check: 6.12
# What cannot be traced is refused in words that say why; missing privileges and a tracefs that is not
# mounted as well.
. "$(dirname "$0")/../lib.sh"
UNSAFE=
# NAME EXIT PATTERN SCRIPT [COMMAND...]: refused with that exit code and those words.
refused() {
    "$WITHIN" 30 "${@:5}" "$ND" $UNSAFE --duration 100ms -e "$4" >"$TMP/o" 2>"$TMP/e"
    same "$1-exit" $? "$2"
    has "$1" "$TMP/e" "$3"
}
for kind in kprobe funcret fentry; do
    refused "no-function-$kind" 2 "this kernel has no function 'no_such_function_here'" "$kind:no_such_function_here { @ = count() }"
    # kmalloc() is where its callers are.
    refused "inlined-$kind" 2 "this kernel has no function 'kmalloc' that can be probed" "$kind:kmalloc { @ = count() }"
    has "inlined-$kind-why" "$TMP/e" 'the compiler inlined it'
    refused "parameter-$kind" 2 "vfs_fallocate has no argument 'nothing'" "$kind:vfs_fallocate { @ = sum(args.nothing) }"
    has "parameter-$kind-signature" "$TMP/e" 'it has: file: struct file \*, mode: i32, offset: i64, len: i64'
    refused "module-$kind" 2 "module 'no_such_module' has no function 'f'" "$kind:no_such_module:f { @ = count() }"
    has "module-$kind-why" "$TMP/e" 'the module is not loaded'
done
refused no-function-pattern 2 'no function matches' 'kprobe:no_such_function_* { @ = count() }'
refused near 2 "did you mean 'vfs_fallocate'" 'func:vfs_falocate { @ = count() }'
refused position 2 'vfs_fallocate' 'kprobe:vfs_fallocate { @ = sum(arg16) }'

# exc_int3 serves breakpoints: it is on our list, notrace, and on the kernel's list of functions that must not be probed.
refused deny-ours 2 "a probe on 'exc_int3' would run within itself" 'kprobe:exc_int3 { @ = count() }'
UNSAFE=--unsafe
for kind in kprobe kretprobe; do
    refused "deny-$kind" 1 'notrace, inline, or on the list of functions that must not be probed' "$kind:exc_int3 { @ = count() }"
done
if kernel_at_least 6 1; then # BTF of 5.10 does not have it
    refused deny-fentry 1 'cannot attach fentry:exc_int3: .* notrace' 'fentry:exc_int3 { @ = count() }'
    refused deny-func 1 'cannot attach func:exc_int3: .* notrace' 'func:exc_int3 { @ = count() }'
else
    refused deny-func 1 'cannot attach func:exc_int3: .* notrace' 'func:exc_int3 { @ = count() }'
fi
UNSAFE=

# Offsets: inside an instruction, after the end of the function.
refused inside-kprobe 1 'no instruction of the function begins at this offset' "kprobe:vfs_fallocate+1 { @ = count() }"
refused after-kprobe 2 'the offset is not in the function, which has [0-9]+ bytes' "kprobe:vfs_fallocate+100000 { @ = count() }"

# A tool whose module is not there says which one, or which function.
# MODULE PATTERN TOOL ARGUMENTS...
no_module() {
    [ ! -e "/sys/module/$1" ] || return
    "$WITHIN" 60 "$ND" "${@:3}" --duration 100ms >"$TMP/o" 2>"$TMP/e"
    same "without-$3-exit" $? 2
    has "without-$3" "$TMP/e" "$2"
}
no_module openvswitch '^ndtrace: error: openvswitch is not loaded: .*; modprobe openvswitch$' ovs_upcall_latency_summary
no_module vhost '^ndtrace: error: (vhost|vhost_net) is not loaded.*; modprobe vhost(_net)?$' kvm_irqfd_stats_summary --qemu-pid 1
no_module nf_conntrack '^ndtrace: error: nf_conntrack is not loaded: .*; modprobe nf_conntrack$' trace_conntrack

# ---- privileges
for without in bpf perfmon all; do
    d="-sys_admin,-${without//,/,-}" missing="CAP_${without^^} is missing"
    [ $without != all ] || d=-all missing='CAP_BPF and CAP_PERFMON are missing'
    for s in 'kprobe:vfs_fallocate { @ = count() }' 'rawtracepoint:sched_switch { @ = count() }'; do
        refused "without-$without-${s%%:*}" 1 "$missing; run as root" "$s" setpriv --bounding-set "$d" --inh-caps "$d"
    done
done
# Nobody with two capabilities attaches to functions; what those of modules and other kinds need besides is named.
# NAME SCRIPT [CAPABILITY]...: counts what the stimulus does.
nobody() {
    local caps=-all,+bpf,+perfmon c
    for c in "${@:3}"; do caps+=,+$c; done
    "$WITHIN" 60 setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps "$caps" --ambient-caps "$caps" --bounding-set "$caps" \
        env HOME="$TMP" NDTRACE_CACHE=off "$ND" -c "$STIMULUS fallocate 40" -e "$2" >"$TMP/$1.out" 2>"$TMP/$1.err"
    CODE=$?
}
paranoid=$(cat /proc/sys/kernel/perf_event_paranoid)
if [ "$paranoid" -gt 2 ]; then # what the distribution adds to the kernel
    nobody nobody-paranoid 'kprobe:vfs_fallocate { @n = count() }'
    has nobody-paranoid "$TMP/nobody-paranoid.err" 'CAP_SYS_ADMIN is missing.*perf_event_paranoid is above 2'
    echo 2 >/proc/sys/kernel/perf_event_paranoid
fi
for kind in kprobe kretprobe func funcret; do
    nobody "nobody-$kind" "$kind:vfs_fallocate /comm == \"stimulus\"/ { @n = count() }" syslog
    same "nobody-$kind" "$CODE $(total "$TMP/nobody-$kind.out" @n)" '0 80'
done
nobody nobody-record 'tracepoint:syscalls:sys_enter_fallocate { @n = sum(args.len) }'
has nobody-record "$TMP/nobody-record.err" 'CAP_DAC_READ_SEARCH is missing|CAP_SYS_ADMIN is missing'
grep -q ' tracefs ' /proc/mounts && {
    nobody nobody-reads 'tracepoint:syscalls:sys_enter_fallocate { @n = count(); @s = sum(args.len) }' dac_read_search
    same nobody-reads "$CODE $(total "$TMP/nobody-reads.out" @n)" '0 80'
}
# CAP_SYS_ADMIN stands for both, both stand for it.
for d in -bpf,-perfmon -sys_admin; do
    "$WITHIN" 60 setpriv --bounding-set "$d" --inh-caps "$d" "$ND" -c "$STIMULUS fallocate 40" \
        -e 'rawtracepoint:sys_enter /comm == "stimulus" && args.id == 285/ { @n = count() }' >"$TMP/o" 2>"$TMP/e"
    same "enough$d-exit" $? 0
    same "enough$d" "$(total "$TMP/o" @n)" 80
done

# ---- no tracefs: raw tracepoints and functions need none; what needs it is refused
S='tracepoint:syscalls:sys_enter_fallocate /comm == "stimulus"/ { @n = count(); @len = sum(args.len) }'
traced tracefs "$S" "$STIMULUS" fallocate 40
same tracefs-count "$(total "$OUT" @n) $(total "$OUT" @len)" '80 80000'
umount /sys/kernel/tracing
umount /sys/kernel/debug
cat /proc/mounts >"$TMP/mounts"
"$WITHIN" 60 "$ND" -c "$STIMULUS fallocate 40" -e "$S" >"$TMP/o" 2>"$TMP/e"
code=$?
echo "without tracefs: exit $code, $(tr '\n' '|' <"$TMP/o") $(tr '\n' '|' <"$TMP/e")"
if grep -q tracefs "$TMP/mounts"; then
    not_ok tracefs-gone "still mounted"
elif [ $code = 0 ]; then
    same no-tracefs-count "$(total "$TMP/o" @n) $(total "$TMP/o" @len)" '80 80000'
else
    has no-tracefs-says "$TMP/e" 'tracefs'
fi
same no-tracefs-mounts "$(cat /proc/mounts)" "$(cat "$TMP/mounts")"
traced no_tracefs 'kprobe:vfs_fallocate { @k = count() } func:vfs_fallocate { @f = count() } tracepoint:net:net_dev_queue { @t = sum(args.len) }' "$STIMULUS" fallocate 40
same no-tracefs-kprobe "$(total "$OUT" @k)" 80
same no-tracefs-func "$(total "$OUT" @f)" 80
mount -t debugfs none /sys/kernel/debug
mount -t tracefs none /sys/kernel/tracing
finish
