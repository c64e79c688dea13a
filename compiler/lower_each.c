// SPDX-License-Identifier: GPL-2.0-or-later
// Stages that are handed a list: `try func:f { skb = args.first } each skb->next`. The program finds
// the list and walks it; what the probe does with each one is a function, which the verifier looks
// at once, however long the list may be. Such functions take numbers only, not the context. Must not
// know types. Serves lower.c.
#include "lower.h"

#include <string.h>

#define LIST_MAX 256u // rounds; what is left then is counted
#define ARGS_MAX 5u   // of a function in BPF

// ---- the function -------------------------------------------------------------------------------

static bool fits(const struct nd_probe *pr)
{
    uint32_t i;

    for (i = 0; i < pr->nexports; i++) {
        if (!nd_type_is_scalar(pr->exports[i]->type))
            return false;
    }
    return pr->nexports <= ARGS_MAX;
}

bool nd_each_can(struct nd_lower *l, const struct nd_probe *pr)
{
    if (!pr->via || !pr->via->each || pr->entry_of || !fits(pr))
        return false;
    return !nd_without(l->p, ND_F_GLOBAL_FUNC) && !nd_without(l->p, ND_F_LOOPS);
}

// The kernel wants to be told the types of the arguments, and their names.
static LLVMMetadataRef scope_of(struct nd_lower *l, const char *name)
{
    const struct nd_probe *pr = l->probe;
    LLVMMetadataRef types[ARGS_MAX + 1] = {l->di_int}, word, scope;
    uint32_t i;

    word = LLVMDIBuilderCreateBasicType(l->di, "u64", 3, 64, 7 /* DW_ATE_unsigned */,
                                        LLVMDIFlagZero);
    for (i = 0; i < pr->nexports; i++)
        types[i + 1] = word;
    scope = nd_function_scope(l, name, pr->decl->name_span,
                              LLVMDIBuilderCreateSubroutineType(l->di, l->files[0], types,
                                                                pr->nexports + 1, LLVMDIFlagZero));
    for (i = 0; i < pr->nexports; i++) {
        const char *arg = pr->exports[i]->name + 1;

        LLVMDIBuilderCreateParameterVariable(l->di, scope, arg, strlen(arg), i + 1, l->files[0], 0,
                                             word, 1, LLVMDIFlagZero);
    }
    return scope;
}

static LLVMTypeRef type_of(struct nd_lower *l)
{
    LLVMTypeRef types[ARGS_MAX] = {l->i64, l->i64, l->i64, l->i64, l->i64};

    return LLVMFunctionType(l->i32, types, l->probe->nexports, 0);
}

static const char *name_of(struct nd_lower *l)
{
    return nd_arena_printf(l->a, "%s_each", l->probe->name);
}

void nd_each_open(struct nd_lower *l)
{
    LLVMValueRef func = LLVMAddFunction(l->m, name_of(l), type_of(l));

    nd_function_open(l, func, scope_of(l, name_of(l)));
}

void nd_each_take(struct nd_lower *l)
{
    uint32_t i;

    for (i = 0; i < l->probe->nexports; i++)
        nd_lower_var(l, l->probe->exports[i], LLVMGetParam(l->func, i));
}

// ---- the walk -----------------------------------------------------------------------------------

// The values of the exports as numbers: the verifier may know more of them than the function takes.
static void as_numbers(struct nd_lower *l)
{
    const struct nd_probe *pr = l->probe;
    LLVMValueRef from = nd_temp(l, 8 * pr->nexports), to = nd_temp(l, 8 * pr->nexports);
    uint32_t i;

    for (i = 0; i < pr->nexports; i++)
        nd_store(l, nd_gep(l, from, 8ul * i), 8, nd_lower_var_get(l, pr->exports[i]));
    nd_probe_read(l, to, nd_i32(l, 8 * pr->nexports), nd_addr(l, from), ND_AS_KERNEL,
                  pr->decl->name_span);
    for (i = 0; i < pr->nexports; i++)
        nd_lower_var(l, pr->exports[i], nd_load_int(l, nd_gep(l, to, 8ul * i), &nd_type_u64));
}

static void call(struct nd_lower *l)
{
    const struct nd_probe *pr = l->probe;
    LLVMValueRef args[ARGS_MAX];
    uint32_t i;

    for (i = 0; i < pr->nexports; i++)
        args[i] = nd_lower_var_get(l, pr->exports[i]);
    LLVMBuildCall2(l->b, type_of(l), LLVMGetNamedFunction(l->m, name_of(l)), args, pr->nexports,
                   "");
}

void nd_each_walk(struct nd_lower *l)
{
    struct nd_probe *pr = l->probe;
    struct nd_sym *at = pr->via->each->a->sym;
    LLVMBasicBlockRef head, body, over;
    LLVMValueRef i, n;
    bool forced = l->force_scratch;

    l->walks = true;
    l->force_scratch = false;
    l->reuse.n = 0;
    nd_program_open(l);
    nd_lower_way_in(l);
    as_numbers(l);
    i = nd_register(l, "i");
    LLVMBuildStore(l->b, nd_i64(l, 0), i);
    head = nd_bb(l, "list");
    body = nd_bb(l, "one");
    over = nd_bb(l, "over");
    nd_br(l, head);
    nd_at(l, head);
    LLVMBuildCondBr(l->b, nd_bool(l, nd_lower_var_get(l, at)), body, l->out);
    nd_at(l, body);
    call(l);
    nd_lower_var(l, at, nd_lower_int(l, pr->via->each));
    nd_temps_release(l);
    n = LLVMBuildAdd(l->b, LLVMBuildLoad2(l->b, l->i64, i, ""), nd_i64(l, 1), "");
    LLVMBuildStore(l->b, n, i);
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntULT, n, nd_i64(l, LIST_MAX), ""), head, over);
    nd_at(l, over);
    nd_count_if(l, nd_bool(l, nd_lower_var_get(l, at)), ND_SITE_LOOP_BOUND, pr->via->each->span,
                ND_MF_NONE);
    nd_function_close(l);
    l->walks = false;
    l->force_scratch = forced;
    nd_need(l, ND_F_GLOBAL_FUNC);
    nd_need(l, ND_F_LOOPS);
}

void nd_each_refuse(struct nd_lower *l)
{
    struct nd_diag *d = nd_error(l->d, ND_W0905, l->probe->decl->name_span,
                                 "only the first of each list of packets is seen here");

    if (nd_each_can(l, l->probe))
        nd_help(l->d, d, "stacks and arguments are those of the whole list, so it is not walked");
    else
        nd_help(l->d, d, "programs of this kernel can have no functions to walk the list (Linux 5.6)");
}
