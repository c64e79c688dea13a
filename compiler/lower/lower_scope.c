// SPDX-License-Identifier: GPL-2.0-or-later
// Whom a program sees: one process, and the ids of processes as the PID namespace of the tracer has
// them. The runtime sets both before the load, and the verifier removes what this run does not
// need. Serves the other lower_*.c.
#include "compiler/lower/lower_impl.h"

#include <stddef.h>

#define SCOPE(member) offsetof(struct nd_mf_scope, member)

static LLVMValueRef scope_word(struct nd_lower *l, uint32_t off)
{
    return nd_lower_option_load(l, off, &nd_type_u64);
}

// struct bpf_pidns_info { pid, tgid }: zeros if the thread is not in the namespace.
static LLVMValueRef pid_in_namespace(struct nd_lower *l, LLVMValueRef ns)
{
    LLVMValueRef info = nd_lower_temp(l, 8), tgid;
    LLVMValueRef args[4] = {scope_word(l, SCOPE(pidns_dev)), ns, info, nd_ir_i32(l, 8)};

    nd_ir_call(l, ND_H_GET_NS_PID_TGID, args, 4);
    tgid = nd_lower_load_int(l, nd_ir_gep(l, info, 4), &nd_type_u32);
    return LLVMBuildOr(l->b, LLVMBuildShl(l->b, tgid, nd_ir_i64(l, 32), ""),
                       nd_lower_load_int(l, info, &nd_type_u32), "");
}

static LLVMValueRef ids(struct nd_lower *l, bool names)
{
    LLVMBasicBlockRef host, within, done, in;
    LLVMValueRef ns, v[2], phi;

    if (nd_without(l->p, ND_F_NS_PID))
        return nd_ir_call(l, ND_H_GET_PID_TGID, NULL, 0);
    host = nd_ir_bb(l, "host");
    within = nd_ir_bb(l, "within");
    done = nd_ir_bb(l, "pid");
    ns = scope_word(l, names ? SCOPE(pidns_proc) : SCOPE(pidns));
    LLVMBuildCondBr(l->b, nd_ir_bool(l, ns), within, host);
    nd_ir_at(l, host);
    v[0] = nd_ir_call(l, ND_H_GET_PID_TGID, NULL, 0);
    nd_ir_br(l, done);
    nd_ir_at(l, within);
    v[1] = pid_in_namespace(l, ns);
    in = LLVMGetInsertBlock(l->b);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
    phi = LLVMBuildPhi(l->b, l->i64, "");
    LLVMAddIncoming(phi, v, (LLVMBasicBlockRef[]){host, in}, 2);
    return phi;
}

LLVMValueRef nd_lower_pid_tgid(struct nd_lower *l, bool names)
{
    l->fn.probe->asks_pid = true;
    return ids(l, names);
}

LLVMValueRef nd_lower_ncpus(struct nd_lower *l)
{
    return scope_word(l, SCOPE(ncpus));
}

LLVMValueRef nd_lower_netns(struct nd_lower *l)
{
    return scope_word(l, SCOPE(netns));
}

// Programs that the tracer runs itself are in its own process, and those of stages are in whatever
// process a packet is handled: -p is refused for them.
static bool is_in_process(const struct nd_probe *pr)
{
    return !nd_kind_is(pr->type, ND_PF_OURS) && !pr->via;
}

void nd_lower_scope(struct nd_lower *l)
{
    LLVMBasicBlockRef ask, go;
    LLVMValueRef wanted, pid;

    if (!is_in_process(l->fn.probe))
        return;
    ask = nd_ir_bb(l, "scope");
    go = nd_ir_bb(l, "wanted");
    wanted = scope_word(l, SCOPE(pid));
    LLVMBuildCondBr(l->b, nd_ir_bool(l, wanted), ask, go);
    nd_ir_at(l, ask);
    pid = LLVMBuildLShr(l->b, ids(l, false), nd_ir_i64(l, 32), "");
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, pid, wanted, ""), go, l->fn.end);
    nd_ir_at(l, go);
    nd_lower_temps_release(l);
}
