// SPDX-License-Identifier: GPL-2.0-or-later
// Stages that receive a list: `try func:f { skb = args.first } each skb->next`. The program sees
// the first, which is often the only one. For the others there is a function with the same body,
// which the verifier looks at once, however long the list may be; it takes numbers only, where the
// program knows pointers, and has no context. Must not know types. Serves lower_program.c.
#include "compiler/lower/lower_impl.h"

#include "compiler/lower/lower.h"

#include <string.h>

#define LIST_MAX 256u // rounds; what is left then is counted

// ---- the function -------------------------------------------------------------------------------

static bool fits(const struct nd_probe *pr)
{
    uint32_t i;

    for (i = 0; i < pr->nexports; i++) {
        if (!nd_type_is_scalar(pr->exports[i]->type))
            return false;
    }
    return pr->nexports <= ND_EACH_ARGS;
}

bool nd_lower_each_can(struct nd_lower *l)
{
    const struct nd_probe *pr = l->fn.probe;

    if (!pr->via || !pr->via->each || pr->entry_of || l->first_only || !fits(pr))
        return false;
    return !nd_without(l->p, ND_F_GLOBAL_FUNC) && !nd_without(l->p, ND_F_LOOPS);
}

// The kernel wants to be told the types of the arguments, and their names.
static LLVMMetadataRef scope_of(struct nd_lower *l, const char *name)
{
    const struct nd_probe *pr = l->fn.probe;
    LLVMMetadataRef types[ND_EACH_ARGS + 1] = {l->di_int}, word, scope;
    uint32_t i;

    word =
        LLVMDIBuilderCreateBasicType(l->di, "u64", 3, 64, 7 /* DW_ATE_unsigned */, LLVMDIFlagZero);
    for (i = 0; i < pr->nexports; i++)
        types[i + 1] = word;
    scope =
        nd_lower_function_scope(l, name, pr->decl->name_span,
                                LLVMDIBuilderCreateSubroutineType(l->di, l->files[0], types,
                                                                  pr->nexports + 1, LLVMDIFlagZero),
                                false);
    for (i = 0; i < pr->nexports; i++) {
        const char *arg = pr->exports[i]->name + 1;

        LLVMDIBuilderCreateParameterVariable(l->di, scope, arg, strlen(arg), i + 1, l->files[0], 0,
                                             word, 1, LLVMDIFlagZero);
    }
    return scope;
}

static LLVMTypeRef type_of(struct nd_lower *l)
{
    LLVMTypeRef types[ND_EACH_ARGS] = {l->i64, l->i64, l->i64, l->i64, l->i64};

    return LLVMFunctionType(l->i32, types, l->fn.probe->nexports, 0);
}

static const char *name_of(struct nd_lower *l)
{
    return nd_arena_printf(l->a, "%s" ND_EACH_SUFFIX, l->fn.probe->name);
}

void nd_lower_each_open(struct nd_lower *l)
{
    LLVMValueRef func = LLVMAddFunction(l->m, name_of(l), type_of(l));

    nd_lower_function_open(l, func, scope_of(l, name_of(l)));
}

void nd_lower_each_take(struct nd_lower *l)
{
    uint32_t i;

    for (i = 0; i < l->fn.probe->nexports; i++)
        nd_lower_var(l, l->fn.probe->exports[i], LLVMGetParam(l->fn.func, i));
}

// ---- the first of the list: its body may set what the stage exports
// ------------------------------

void nd_lower_each_begin(struct nd_lower *l)
{
    uint32_t i;

    for (i = 0; i < l->fn.probe->nexports; i++) {
        l->fn.own[i] = nd_lower_register(l, "own");
        LLVMBuildStore(l->b, nd_ir_i64(l, 0), l->fn.own[i]);
    }
}

void nd_lower_each_note(struct nd_lower *l)
{
    uint32_t i;

    for (i = 0; i < l->fn.probe->nexports; i++)
        LLVMBuildStore(l->b, nd_lower_var_get(l, l->fn.probe->exports[i]), l->fn.own[i]);
}

static void as_noted(struct nd_lower *l)
{
    uint32_t i;

    for (i = 0; i < l->fn.probe->nexports; i++)
        nd_lower_var(l, l->fn.probe->exports[i], LLVMBuildLoad2(l->b, l->i64, l->fn.own[i], ""));
}

// ---- the others of the list ---------------------------------------------------------------------

// The values of the exports as numbers: the verifier may know more of them, and a function takes no
// pointers.
static void as_numbers(struct nd_lower *l, const struct nd_sym *at, LLVMValueRef next)
{
    const struct nd_probe *pr = l->fn.probe;
    LLVMValueRef from = nd_lower_temp(l, 8 * pr->nexports), to = nd_lower_temp(l, 8 * pr->nexports);
    uint32_t i;

    for (i = 0; i < pr->nexports; i++)
        nd_ir_store(l, nd_ir_gep(l, from, 8ul * i), 8,
                    pr->exports[i] == at ? next : nd_lower_var_get(l, pr->exports[i]));
    nd_lower_probe_read(l, to, nd_ir_i32(l, 8 * pr->nexports), nd_ir_addr(l, from), ND_AS_KERNEL,
                        pr->decl->name_span);
    for (i = 0; i < pr->nexports; i++)
        nd_lower_var(l, pr->exports[i],
                     nd_lower_load_int(l, nd_ir_gep(l, to, 8ul * i), &nd_type_u64));
}

static void call(struct nd_lower *l)
{
    const struct nd_probe *pr = l->fn.probe;
    LLVMValueRef args[ND_EACH_ARGS];
    uint32_t i;

    for (i = 0; i < pr->nexports; i++)
        args[i] = nd_lower_var_get(l, pr->exports[i]);
    LLVMBuildCall2(l->b, type_of(l), LLVMGetNamedFunction(l->m, name_of(l)), args, pr->nexports,
                   "");
}

// for (at = first->next; at; at = at->next)
static void walk(struct nd_lower *l, struct nd_expr *each, LLVMBasicBlockRef end)
{
    LLVMBasicBlockRef head = nd_ir_bb(l, "list"), body = nd_ir_bb(l, "one"),
                      over = nd_ir_bb(l, "over");
    LLVMValueRef i = nd_lower_register(l, "i"), n;

    LLVMBuildStore(l->b, nd_ir_i64(l, 0), i);
    nd_ir_br(l, head);
    nd_ir_at(l, head);
    LLVMBuildCondBr(l->b, nd_ir_bool(l, nd_lower_var_get(l, each->a->sym)), body, end);
    nd_ir_at(l, body);
    call(l);
    nd_lower_var(l, each->a->sym, nd_lower_int(l, each));
    n = LLVMBuildAdd(l->b, LLVMBuildLoad2(l->b, l->i64, i, ""), nd_ir_i64(l, 1), "");
    LLVMBuildStore(l->b, n, i);
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntULT, n, nd_ir_i64(l, LIST_MAX), ""), head,
                    over);
    nd_ir_at(l, over);
    nd_lower_count_if(l, nd_ir_bool(l, nd_lower_var_get(l, each->a->sym)), ND_SITE_LOOP_BOUND,
                      each->span, ND_MF_NONE);
}

void nd_lower_each_rest(struct nd_lower *l)
{
    struct nd_expr *each = l->fn.probe->via->each;
    LLVMBasicBlockRef first = nd_ir_bb(l, "first"), more = nd_ir_bb(l, "more"),
                      end = nd_ir_bb(l, "seen");
    LLVMValueRef next;

    l->fn.scratch = NULL; // it is given back
    l->fn.temps.n = 0;
    as_noted(l);
    // The export is not set where the alternative's predicate did not hold.
    LLVMBuildCondBr(l->b, nd_ir_bool(l, nd_lower_var_get(l, each->a->sym)), first, end);
    nd_ir_at(l, first);
    next = nd_lower_int(l, each);
    LLVMBuildCondBr(l->b, nd_ir_bool(l, next), more, end);
    nd_ir_at(l, more);
    as_numbers(l, each->a->sym, next);
    l->fn.numbers = true;
    walk(l, each, end);
    nd_ir_br(l, end);
    nd_ir_at(l, end);
    nd_lower_feature(l, ND_F_GLOBAL_FUNC);
    nd_lower_feature(l, ND_F_LOOPS);
}

static const char *why_not(const struct nd_lower *l)
{
    if (l->first_only)
        return "the stack is too small to look at the others; keep less at a time";
    if (nd_without(l->p, ND_F_GLOBAL_FUNC))
        return "programs of this kernel have no functions to walk the list (Linux 5.6)";
    if (nd_without(l->p, ND_F_LOOPS))
        return "programs of this kernel have no loops to walk the list (Linux 5.3)";
    if (!fits(l->fn.probe))
        return "the stage exports more than five values, or more than numbers and pointers";
    if (nd_without(l->p, ND_F_RINGBUF))
        return "stacks, arguments, and on this kernel events, are those of the whole list";
    return "stacks and arguments are those of the whole list, so it is not walked";
}

void nd_lower_each_refuse(struct nd_lower *l)
{
    struct nd_probe *pr = l->fn.probe;

    if (pr->said_first_only)
        return;
    pr->said_first_only = true;
    nd_help(
        l->d,
        nd_error(l->d, ND_W0905, pr->decl->name_span, "only the first packet of each list is seen"),
        "%s", why_not(l));
}
