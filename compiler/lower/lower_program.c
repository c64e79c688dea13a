// SPDX-License-Identifier: GPL-2.0-or-later
// Typed program to an LLVM module: maps, globals, line information, one function for each program.
#include "compiler/lower/lower_callback_impl.h"
#include "compiler/lower/lower_impl.h"

#include <string.h>

// ---- programs -----------------------------------------------------------------------------------

// rest: of the list of which the function has seen the first.
static void close_function(struct nd_lower *l, bool rest)
{
    nd_ir_br(l, l->fn.out);
    nd_ir_at(l, l->fn.out);
    nd_lower_pkt_end(l);
    nd_lower_nest_give_scratch(l);
    if (rest)
        nd_lower_each_rest(l);
    nd_ir_br(l, l->fn.end);
    nd_ir_at(l, l->fn.end);
    LLVMBuildRet(l->b, nd_ir_i32(l, 0));
    LLVMPositionBuilderAtEnd(l->b, l->fn.prologue);
    LLVMBuildBr(l->b, l->fn.start);
    LLVMSetCurrentDebugLocation2(l->b, NULL);
}

static void open_program(struct nd_lower *l, bool direct)
{
    const struct nd_probe *pr = l->fn.probe;
    const char *name = direct ? pr->direct : pr->name;
    LLVMValueRef func = LLVMAddFunction(l->m, name, LLVMFunctionType(l->i32, &l->ptr, 1, 0));

    LLVMSetSection(
        func, nd_arena_printf(l->a, "%s/%s",
                              nd_kind_of_prog[direct ? ND_PROG_TP_BTF : pr->type].section, name));
    nd_lower_function_open(l, func,
                           nd_lower_function_scope(l, name, pr->decl->name_span, l->di_sub, false));
    l->fn.ctx = LLVMGetParam(func, 0);
}

// What comes before the body: arguments recorded at the entry, the stage's exports.
static void way_in(struct nd_lower *l)
{
    struct nd_probe *pr = l->fn.probe;
    uint32_t i;

    if (pr->entry_of)
        nd_lower_note(l);
    if (pr->entry_args)
        nd_lower_note_read(l);
    if (nd_kind_is(pr->type, ND_PF_NULLS))
        nd_lower_test_args(l);
    if (!pr->via)
        return;
    for (i = 0; i < pr->nexports; i++)
        nd_lower_unset(l, pr->exports[i]);
    nd_lower_leave_unless(l, pr->via->pred);
    nd_lower_block(l, pr->via->body);
}

// What a body is lowered as: a program; a program whose stage gives a list, which sees the first of
// it; the function for the others; a second program, for kernels that know the arguments' types.
enum form { PROGRAM, FIRST, OTHERS, DIRECT };

static void lower_body(struct nd_lower *l, bool scratch, enum form form)
{
    struct nd_probe *pr = l->fn.probe;

    l->fn.numbers = form == OTHERS || (pr->typed && form != DIRECT);
    l->fn.spare_stack = form == FIRST || form == OTHERS;
    if (form == OTHERS)
        nd_lower_each_open(l);
    else
        open_program(l, form == DIRECT);
    nd_lower_reuse_plan(l);
    nd_lower_nest_keep_stack(l);
    if (form != OTHERS)
        nd_lower_scope(l);
    if (scratch)
        nd_lower_nest_take_scratch(l);
    if (form == FIRST)
        nd_lower_each_begin(l);
    if (form == OTHERS)
        nd_lower_each_take(l);
    else
        way_in(l);
    if (form == FIRST)
        nd_lower_each_note(l);
    if (!pr->entry_of) {
        nd_lower_leave_unless(l, pr->decl->pred);
        if (pr->path)
            nd_lower_path(l);
        nd_lower_block(l, pr->decl->body);
    }
    close_function(l, form == FIRST);
    l->fn.numbers = false;
}

#define STACK_MAX 320u  // of 512; the rest is for what LLVM spills
#define STACK_FULL 496u // with nothing of ours spilled
#define SCRATCH_MAX 32000u

// Where the memory of a program is: on the stack; the larger pieces in per-CPU memory; all of it.
enum place { ON_STACK, LARGE_IN_SCRATCH, ALL_IN_SCRATCH, PLACES };

// False: as OTHERS it would need the context.
static bool lower_form(struct nd_lower *l, enum form form, enum place place)
{
    static const uint32_t most[PLACES] = {STACK_MAX, STACK_FULL, STACK_FULL};
    struct nd_probe *pr = l->fn.probe;
    uint32_t sites = l->sites.n, state = l->state_size, exit_off = l->exit_off;
    bool forced = l->force_scratch, done = false;

    for (; !done; place++) {
        l->sites.n = sites;
        l->state_size = state;
        l->exit_off = exit_off;
        l->fn.scratch_base = l->scratch_size;
        l->force_scratch = place == ALL_IN_SCRATCH;
        if (place != ON_STACK && !l->scratch_map)
            l->scratch_map = LLVMAddGlobal(l->m, l->ptr, "nd_scratch_tmp");
        lower_body(l, place != ON_STACK, form);
        done = !l->fn.ctx_wanted && (l->fn.stack <= most[place] || place == ALL_IN_SCRATCH);
        if (!done) {
            nd_lower_core_forget(l, l->fn.func);
            LLVMDeleteFunction(l->fn.func);
            nd_lower_callbacks_forget(l);
        }
        if (l->fn.ctx_wanted)
            break;
    }
    l->force_scratch = forced;
    if (!done)
        return false;
    l->scratch_size += l->fn.scratch_top;
    if (l->fn.scratch_top > SCRATCH_MAX || l->fn.stack > STACK_FULL)
        nd_help(l->d,
                nd_error(l->d, ND_E0701, pr->decl->name_span,
                         "this probe keeps %u bytes of strings, tuples and structs at a time",
                         l->fn.scratch_top + l->fn.stack),
                "the limit is %u; use shorter strings: str(pointer, 32)", SCRATCH_MAX);
    return true;
}

static void lower_probe(struct nd_lower *l, struct nd_probe *pr)
{
    enum place place;
    bool each;

    l->fn.probe = pr;
    each = nd_lower_each_can(l) && lower_form(l, OTHERS, ALL_IN_SCRATCH);
    // The stack of a program and its function together is no larger than that of a program. Packets
    // have many addresses that become numbers, see lower_mem.c: scratch is the shortest way.
    place = l->force_scratch || each                                      ? ALL_IN_SCRATCH
            : pr->pkt && !l->p->portable && nd_lower_leaves_are_memory(l) ? LARGE_IN_SCRATCH
                                                                          : ON_STACK;
    lower_form(l, each ? FIRST : PROGRAM, place);
    if (pr->typed && !each) {
        pr->direct = nd_arena_printf(l->a, "%s_d", pr->name);
        lower_form(l, DIRECT, place);
    }
    if (pr->via && pr->via->each && !each)
        nd_lower_each_refuse(l);
}

// The largest scripts whose lines the verifier's log shows.
#define TEXTS_PROBES 64u
#define TEXTS_BYTES (16u << 10)

static void make_debug(struct nd_lower *l)
{
    static const char producer[] = "ndtrace";
    LLVMMetadataRef params[1];
    uint32_t i;

    l->di = LLVMCreateDIBuilder(l->m);
    l->files = ND_NEW_ARRAY(l->a, LLVMMetadataRef, l->p->sources->n + 1);
    for (i = 0; i < l->p->sources->n; i++) {
        const char *path = l->p->sources->v[i].path;

        // LLVM puts the text of each line into the object, for the verifier's log, and looks for it
        // among all those before, one by one. It does not find a file of this name.
        if (l->p->probes.n > TEXTS_PROBES || l->p->sources->v[i].size > TEXTS_BYTES)
            path = nd_arena_printf(l->a, "%s ", path);
        l->files[i] = LLVMDIBuilderCreateFile(l->di, path, strlen(path), "", 0);
    }
    l->cu = LLVMDIBuilderCreateCompileUnit(l->di, LLVMDWARFSourceLanguageC99, l->files[0], producer,
                                           sizeof(producer) - 1, 1, "", 0, 0, "", 0,
                                           LLVMDWARFEmissionFull, 0, 0, 0, "", 0, "", 0);
    l->di_int =
        LLVMDIBuilderCreateBasicType(l->di, "int", 3, 32, 5 /* DW_ATE_signed */, LLVMDIFlagZero);
    params[0] = l->di_int;
    // "int f(void)": the kernel refuses BTF of a function whose parameter has no name.
    l->di_sub = LLVMDIBuilderCreateSubroutineType(l->di, l->files[0], params, 1, LLVMDIFlagZero);
    LLVMAddModuleFlag(l->m, LLVMModuleFlagBehaviorWarning, "Debug Info Version", 18,
                      LLVMValueAsMetadata(nd_ir_i32(l, LLVMDebugMetadataVersion())));
    // BTF is all that anybody reads. This is LLVM's way to say "no DWARF": CodeView, which it
    // writes for Windows only, and no version of DWARF.
    LLVMAddModuleFlag(l->m, LLVMModuleFlagBehaviorWarning, "CodeView", 8,
                      LLVMValueAsMetadata(nd_ir_i32(l, 1)));
}

bool nd_lower_program(struct nd_lower *l)
{
    uint32_t i;

    l->a = l->p->arena;
    l->d = l->p->diags;
    l->i1 = LLVMInt1TypeInContext(l->cx);
    l->i8 = LLVMInt8TypeInContext(l->cx);
    l->i16 = LLVMInt16TypeInContext(l->cx);
    l->i32 = LLVMInt32TypeInContext(l->cx);
    l->i64 = LLVMInt64TypeInContext(l->cx);
    l->ptr = LLVMPointerTypeInContext(l->cx, 0);
    make_debug(l);
    nd_lower_layout_begin(l);
    nd_lower_nest_plan(l);
    for (i = 0; i < l->p->probes.n; i++)
        lower_probe(l, l->p->probes.v[i]);
    if (l->p->probes.n)
        nd_lower_feature(l, ND_F_JMP32);
    nd_lower_layout_end(l);
    nd_lower_core_finish(l);
    LLVMDIBuilderFinalize(l->di);
    return l->d->errors == 0;
}
