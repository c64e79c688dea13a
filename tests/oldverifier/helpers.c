// SPDX-License-Identifier: GPL-2.0-or-later
// Helpers that tracing programs have on both kernels, with the kinds of their arguments (4.19:
// kernel/trace/bpf_trace.c; what 5.4 has more is not used by ndtrace).
#include "ov.h"

#include <stddef.h>

static const struct ov_helper helpers[] = {
    {BPF_FUNC_map_lookup_elem, {OV_A_MAP, OV_A_KEY}, OV_R_VALUE},
    {BPF_FUNC_map_update_elem, {OV_A_MAP, OV_A_KEY, OV_A_VAL, OV_A_ANY}, OV_R_NUMBER},
    {BPF_FUNC_map_delete_elem, {OV_A_MAP, OV_A_KEY}, OV_R_NUMBER},
    {BPF_FUNC_probe_read, {OV_A_FILL, OV_A_SIZE0, OV_A_ANY}, OV_R_NUMBER},
    {BPF_FUNC_ktime_get_ns, {OV_A_NONE}, OV_R_NUMBER},
    {BPF_FUNC_get_prandom_u32, {OV_A_NONE}, OV_R_NUMBER},
    {BPF_FUNC_get_smp_processor_id, {OV_A_NONE}, OV_R_NUMBER},
    {BPF_FUNC_tail_call, {OV_A_CTX, OV_A_MAP, OV_A_ANY}, OV_R_NUMBER},
    {BPF_FUNC_get_current_pid_tgid, {OV_A_NONE}, OV_R_NUMBER},
    {BPF_FUNC_get_current_uid_gid, {OV_A_NONE}, OV_R_NUMBER},
    {BPF_FUNC_get_current_comm, {OV_A_FILL, OV_A_SIZE}, OV_R_NUMBER},
    {BPF_FUNC_perf_event_output, {OV_A_CTX, OV_A_MAP, OV_A_ANY, OV_A_MEM, OV_A_SIZE0}, OV_R_NUMBER},
    {BPF_FUNC_get_stackid, {OV_A_CTX, OV_A_MAP, OV_A_ANY}, OV_R_NUMBER},
    {BPF_FUNC_get_current_task, {OV_A_NONE}, OV_R_NUMBER},
    {BPF_FUNC_probe_read_str, {OV_A_FILL, OV_A_SIZE0, OV_A_ANY}, OV_R_LENGTH},
    {BPF_FUNC_get_stack, {OV_A_CTX, OV_A_FILL, OV_A_SIZE0, OV_A_ANY}, OV_R_LENGTH},
    {BPF_FUNC_get_current_cgroup_id, {OV_A_NONE}, OV_R_NUMBER},
};

const struct ov_helper *ov_helper(int32_t id)
{
    size_t i;

    for (i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++) {
        if (helpers[i].id == id)
            return &helpers[i];
    }
    return NULL;
}

const char *ov_map_fits(int32_t id, uint32_t type)
{
    static const struct {
        uint32_t type;
        int32_t helper;
    } only[] = {
        {BPF_MAP_TYPE_PERF_EVENT_ARRAY, BPF_FUNC_perf_event_output},
        {BPF_MAP_TYPE_STACK_TRACE, BPF_FUNC_get_stackid},
        {BPF_MAP_TYPE_PROG_ARRAY, BPF_FUNC_tail_call},
    };
    size_t i;

    if (type > BPF_MAP_TYPE_STACK)
        return "this kernel has no such type of map";
    for (i = 0; i < sizeof(only) / sizeof(only[0]); i++) {
        if ((only[i].type == type) != (only[i].helper == id))
            return "cannot pass this type of map to this function";
    }
    return NULL;
}

bool ov_is_length(int32_t id)
{
    static const int32_t ids[] = {BPF_FUNC_probe_read_str, BPF_FUNC_get_stack,
                                  BPF_FUNC_probe_read_user_str, BPF_FUNC_probe_read_kernel_str,
                                  141 /* get_task_stack */};
    size_t i;

    for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}
