// SPDX-License-Identifier: GPL-2.0-or-later
// Functions of the kernel that run while a program runs: a probe on one of them would run within
// itself, for each step of every other program. The kernel catches most such circles by leaving
// runs out, at a cost, and hangs in others. Must not know probes. Serves the checker, and the
// loader for objects of others.
#include "runtime/common/deny.h"

#include "runtime/common/near.h"

#include <stddef.h>

#define RCU "every program runs in an RCU read-side section"
#define PROGRAMS "programs and their maps are made of it"
#define TRACING "it is part of what calls programs"
#define READS "programs read memory by it"
#define LOCKS "maps and buffers of programs are locked by it"
#define STACKS "stacks are taken by it"
#define TRAPS "breakpoints and samples come by it"
#define CLOCKS "programs read the time by it"

static const struct {
    const char *glob, *why;
} denied[] = {
    {"rcu_*", RCU},
    {"__rcu_*", RCU},
    {"srcu_*", RCU},
    {"__srcu_*", RCU},
    {"call_rcu*", RCU},
    {"migrate_disable", TRACING},
    {"migrate_enable", TRACING},
    {"preempt_count_*", TRACING},
    {"preempt_schedule*", TRACING},
    {"bpf_get_*", PROGRAMS},
    {"__bpf_get_*", PROGRAMS},
    {"bpf_probe_read*", PROGRAMS},
    {"bpf_ktime_*", PROGRAMS},
    {"bpf_map_*_elem*", PROGRAMS},
    {"bpf_ringbuf_*", PROGRAMS},
    {"__bpf_ringbuf_*", PROGRAMS},
    {"bpf_perf_event_*", PROGRAMS},
    {"bpf_prog_run*", PROGRAMS},
    {"__bpf_prog_run*", PROGRAMS},
    {"__bpf_prog_enter*", PROGRAMS},
    {"__bpf_prog_exit*", PROGRAMS},
    {"__bpf_tramp_*", PROGRAMS},
    {"bpf_dispatcher_*", PROGRAMS},
    {"bpf_lru_*", PROGRAMS},
    {"bpf_mem_*", PROGRAMS},
    {"htab_*", PROGRAMS},
    {"__htab_*", PROGRAMS},
    {"array_map_*_elem", PROGRAMS},
    {"percpu_array_*", PROGRAMS},
    {"stack_map_*", PROGRAMS},
    {"pcpu_freelist_*", PROGRAMS},
    {"__pcpu_freelist_*", PROGRAMS},
    {"bpf_trace_run*", TRACING},
    {"__bpf_trace_*", TRACING},
    {"trace_call_bpf*", TRACING},
    {"perf_trace_*", TRACING},
    {"perf_tp_event*", TRACING},
    {"perf_event_output*", TRACING},
    {"perf_output_*", TRACING},
    {"perf_swevent_*", TRACING},
    {"trace_event_*", TRACING},
    {"ring_buffer_*", TRACING},
    {"kprobe_*", TRACING},
    {"kretprobe_*", TRACING},
    {"aggr_*_handler", TRACING},
    {"uprobe_*", TRACING},
    {"ftrace_*", TRACING},
    {"fprobe_*", TRACING},
    {"rethook_*", TRACING},
    {"irq_work_*", TRACING},
    {"__wake_up_klogd*", TRACING},
    {"copy_from_kernel_nofault*", READS},
    {"copy_from_user_nofault*", READS},
    {"strncpy_from_*nofault", READS},
    {"strncpy_from_unsafe*", READS},
    {"probe_kernel_read*", READS},
    {"_raw_spin_*", LOCKS},
    {"_raw_read_*", LOCKS},
    {"_raw_write_*", LOCKS},
    {"queued_spin_*", LOCKS},
    {"native_queued_*", LOCKS},
    {"__pv_queued_*", LOCKS},
    {"lock_acquire*", LOCKS},
    {"lock_release*", LOCKS},
    {"lockdep_*", LOCKS},
    {"get_perf_callchain", STACKS},
    {"perf_callchain_*", STACKS},
    {"unwind_*", STACKS},
    {"__unwind_*", STACKS},
    {"arch_stack_walk*", STACKS},
    {"exc_int3", TRAPS},
    {"exc_debug", TRAPS},
    {"exc_nmi*", TRAPS},
    {"do_int3*", TRAPS},
    {"default_do_nmi", TRAPS},
    {"nmi_*", TRAPS},
    {"perf_event_nmi_handler", TRAPS},
    {"ktime_get_*_fast_ns", CLOCKS},
    {"sched_clock*", CLOCKS},
};

const char *nd_deny_why(const char *func)
{
    size_t i;

    for (i = 0; i < sizeof(denied) / sizeof(denied[0]); i++) { // none begins with a wildcard
        if (*denied[i].glob == *func && nd_glob_match(denied[i].glob, func))
            return denied[i].why;
    }
    return NULL;
}
