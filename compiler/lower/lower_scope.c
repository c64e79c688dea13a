// SPDX-License-Identifier: GPL-2.0-or-later
// Whom a program sees: one process, and the ids of processes as the PID namespace of the tracer has
// them. The runtime sets both before the load, and the verifier removes what this run does not
// need. Serves the other lower_*.c.
#include "compiler/lower/lower_impl.h"

#include <stddef.h>
#include <string.h>

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

// cpid, has_cpid
struct nd_val nd_lower_cpid(struct nd_lower *l, const struct nd_expr *e)
{
    LLVMValueRef v = scope_word(l, SCOPE(cpid));

    if (e->builtin->id == ND_B_HAS_CPID)
        v = LLVMBuildZExt(l->b, nd_ir_bool(l, v), l->i64, "");
    return (struct nd_val){.v = v};
}

// The symbol is an offset: the kernel keeps in an array where each CPU's variables begin.
LLVMValueRef nd_lower_percpu(struct nd_lower *l, uint64_t symbol, LLVMValueRef cpu,
                             struct nd_span span)
{
    uint64_t array = nd_kernel_symbol(l->p->kernel, "__per_cpu_offset");
    LLVMValueRef at = nd_lower_temp(l, 8), there, v;

    there = LLVMBuildICmp(l->b, LLVMIntULT, cpu, nd_lower_ncpus(l), "");
    v = LLVMBuildSelect(l->b, there, cpu, nd_ir_i64(l, 0), "");
    v = LLVMBuildAdd(l->b, LLVMBuildMul(l->b, v, nd_ir_i64(l, 8), ""), nd_ir_i64(l, array), "");
    nd_lower_probe_read(l, at, nd_ir_i32(l, 8), v, ND_AS_KERNEL, span);
    v = LLVMBuildAdd(l->b, nd_lower_load_int(l, at, &nd_type_u64), nd_ir_i64(l, symbol), "");
    return LLVMBuildSelect(l->b, there, v, nd_ir_i64(l, 0), "");
}

LLVMValueRef nd_lower_netns(struct nd_lower *l)
{
    return scope_word(l, SCOPE(netns));
}

// Breakpoints in programs, and BEGIN and END, which the tracer runs, are of user mode. Samples have
// the registers of what they interrupted: the low bits of cs, or of pstate.
LLVMValueRef nd_lower_usermode(struct nd_lower *l, uint32_t reg, struct nd_span span)
{
    const struct nd_probe *pr = l->fn.probe;
    bool arm = !strcmp(nd_kernel_arch(l->p->kernel), "aarch64");
    LLVMValueRef v;

    if (pr->user_memory || nd_kind_is(pr->type, ND_PF_OURS))
        return nd_ir_i64(l, pr->type != ND_PROG_ITER);
    if (pr->type != ND_PROG_PERF_EVENT)
        return nd_ir_i64(l, 0);
    nd_lower_reads_bytes(l, 8, ND_AS_CTX, span);
    v = LLVMBuildAnd(l->b, nd_lower_ctx_load(l, reg, &nd_type_u64), nd_ir_i64(l, arm ? 15 : 3), "");
    v = LLVMBuildICmp(l->b, LLVMIntEQ, v, nd_ir_i64(l, arm ? 0 : 3), "");
    return nd_ir_from_bool(l, v);
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
