// SPDX-License-Identifier: GPL-2.0-or-later
// The passes that use LLVM, up to the BPF ELF with the manifest inside. A short list of passes:
// what they gain per event is worth their time at start, and none of them makes code that the
// verifier cannot follow.
#include "compiler/lower/lower.h"

#include "compiler/lower/lower_impl.h"
#include "compiler/user/mfwrite.h"

#include <llvm-c/Analysis.h>
#include <llvm-c/ErrorHandling.h>
#include <llvm-c/Support.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#define PASSES "function(sroa,early-cse,simplifycfg,early-cse,dse,adce,simplifycfg)"
// For kernels that take no loops: all of them are unrolled, unless that makes far more than the
// instructions such a kernel takes.
#define PASSES_UNROLL                                                                     \
    "function(sroa,early-cse,simplifycfg,loop-unroll<O3;full-unroll-max=1000;no-runtime;" \
    "no-partial;no-peeling;upperbound>,early-cse,simplifycfg,early-cse,dse,adce,simplifycfg)"

struct nd_lowered {
    struct nd_program *p;
    struct nd_lower_opts o;
    LLVMTargetMachineRef tm;
    struct nd_lower l;
    bool open;       // l has a module
    bool scratch;    // everything larger than a register goes to per-CPU memory
    bool first_only; // of a list, only its first packet
    bool deep;       // a program and its function do not fit the stack together
    void *elf;
    size_t size;
};

void LLVMInitializeBPFTargetInfo(void);
void LLVMInitializeBPFTarget(void);
void LLVMInitializeBPFTargetMC(void);
void LLVMInitializeBPFAsmPrinter(void);

static void fail(struct nd_program *p, const char *what, char *why)
{
    struct nd_span at = ND_NO_SPAN;

    nd_error(p->diags, ND_E0801, at, "%s: %s", what, why ? why : "unknown error");
    if (why)
        LLVMDisposeMessage(why);
}

// LLVM has no other way to set these than for the whole process, and accepts them only once.
static void set_llvm_options(void)
{
    static const char *const args[] = {
        "ndtrace",
        // Verifiers before Linux 6.13 or so take a loop only if a jump closes it. LLVM's placement
        // of blocks likes to put a loop's last block above its first, which then falls into it.
        "-disable-block-placement",
        // Each pass costs time at the start, if only to be set up. These find nothing to do in BPF.
        "-disable-partial-libcall-inlining", "-disable-constant-hoisting",
        "-disable-expand-reductions", "-disable-mergeicmps", "-disable-postra-machine-licm",
        "-disable-postra-machine-sink", "-disable-post-ra", "-enable-shrink-wrap=false",
        // These make programs longer.
        "-disable-tail-duplicate", "-disable-early-taildup",
        // for PASSES_UNROLL only
        "-unroll-threshold=20000", "-unroll-max-upperbound=1000"};

    LLVMParseCommandLineOptions(sizeof(args) / sizeof(args[0]), args, NULL);
}

static LLVMTargetMachineRef machine(struct nd_program *p)
{
    static once_flag once = ONCE_FLAG_INIT;
    LLVMTargetMachineRef tm;
    LLVMTargetRef target;
    char *why = NULL;

    call_once(&once, set_llvm_options);

    LLVMInitializeBPFTargetInfo();
    LLVMInitializeBPFTarget();
    LLVMInitializeBPFTargetMC();
    LLVMInitializeBPFAsmPrinter();
    if (LLVMGetTargetFromTriple("bpfel", &target, &why)) {
        fail(p, "LLVM has no BPF target", why);
        return NULL;
    }
    tm = LLVMCreateTargetMachine(target, "bpfel", nd_without(p, ND_F_JMP32) ? "v2" : "v3", "",
                                 LLVMCodeGenLevelDefault, LLVMRelocDefault, LLVMCodeModelDefault);
    if (!tm)
        fail(p, "LLVM makes no code for BPF", NULL);
    return tm;
}

static void layout_of(struct nd_lower *l, struct nd_layout *out)
{
    uint32_t i;

    memset(out, 0, sizeof(*out));
    out->state_size = l->state_size;
    out->words_size = l->words_size;
    out->features = l->features;
    out->exit_off = l->exit_off;
    out->ring_bytes = l->ring ? l->ring_bytes : 0;
    out->maps = ND_NEW_ARRAY(l->a, struct nd_layout_map, l->p->maps.n + 1);
    for (i = 0; i < l->p->maps.n; i++)
        out->maps[i] = (struct nd_layout_map){l->maps[i].kind,
                                              l->maps[i].max_entries,
                                              l->maps[i].gen_off,
                                              l->maps[i].pop_off,
                                              {l->maps[i].pop_less[0], l->maps[i].pop_less[1]}};
    for (i = 0; i < l->stacks.n; i++)
        *ND_PUSH(l->a, &out->stacks) = (struct nd_layout_stack){
            l->stacks.v[i].sym, l->stacks.v[i].depth, l->stacks.v[i].kernel};
    for (i = 0; i < l->sites.n; i++)
        *ND_PUSH(l->a, &out->sites) = (struct nd_layout_site){
            l->sites.v[i].kind, l->sites.v[i].span, l->sites.v[i].map, l->sites.v[i].off};
}

static void add_manifest(struct nd_lower *l)
{
    struct nd_layout layout;
    LLVMValueRef g, c;
    uint32_t size;
    void *blob;

    layout_of(l, &layout);
    layout.paths = l->paths;
    blob = nd_mfw_manifest(l->p, &layout, &size);
    c = LLVMConstStringInContext(l->cx, blob, size, 1);
    g = LLVMAddGlobal(l->m, LLVMTypeOf(c), "nd_manifest");
    LLVMSetInitializer(g, c);
    LLVMSetSection(g, ND_MF_ELF_SECTION);
    LLVMSetAlignment(g, 8);
    LLVMSetGlobalConstant(g, 1);
}

static bool run_passes(struct nd_lower *l, LLVMTargetMachineRef tm)
{
    LLVMPassBuilderOptionsRef o = LLVMCreatePassBuilderOptions();
    const char *passes = nd_without(l->p, ND_F_LOOPS) ? PASSES_UNROLL : PASSES;
    LLVMErrorRef err = NULL;

    // Makes relocations of accesses, see lower_core.c.
    if (l->p->portable)
        err = LLVMRunPasses(l->m, "default<O0>", tm, o);
    if (!err)
        err = LLVMRunPasses(l->m, passes, tm, o);
    if (!err && l->p->portable)
        err = LLVMRunPasses(l->m, "globaldce", tm, o);

    LLVMDisposePassBuilderOptions(o);
    if (err) {
        char *msg = LLVMGetErrorMessage(err);
        struct nd_span at = ND_NO_SPAN;

        nd_error(l->d, ND_E0801, at, "optimising: %s", msg);
        LLVMDisposeErrorMessage(msg);
        return false;
    }
    return true;
}

// LLVM reports what it cannot translate for BPF (a call too wide, the stack) through this.
static void on_diagnostic(LLVMDiagnosticInfoRef info, void *arg)
{
    struct nd_lower *l = arg;
    char *text = LLVMGetDiagInfoDescription(info);
    struct nd_span at = ND_NO_SPAN;

    if (text && strstr(text, "stack limit"))
        l->over_stack = true;
    else if (LLVMGetDiagInfoSeverity(info) == LLVMDSError)
        nd_error(l->p->diags, ND_E0801, at, "%s", text ? text : "out of memory");
    LLVMDisposeMessage(text);
}

static void begin_module(struct nd_lower *l, LLVMTargetMachineRef tm)
{
    LLVMTargetDataRef td = LLVMCreateTargetDataLayout(tm);

    l->cx = LLVMContextCreate();
    LLVMContextSetDiagnosticHandler(l->cx, on_diagnostic, l);
    l->m = LLVMModuleCreateWithNameInContext("ndtrace", l->cx);
    LLVMSetModuleDataLayout(l->m, td);
    LLVMSetTarget(l->m, "bpfel");
    LLVMDisposeTargetData(td);
    l->b = LLVMCreateBuilderInContext(l->cx);
}

static void end_module(struct nd_lower *l)
{
    LLVMDisposeDIBuilder(l->di);
    LLVMDisposeBuilder(l->b);
    LLVMDisposeModule(l->m);
    LLVMContextDispose(l->cx);
}

static void tell_plan(struct nd_lower *l, const struct nd_lower_opts *o)
{
    const struct nd_plan plan = {.magic = ND_PLAN_MAGIC,
                                 .kind = ND_PLAN_MAPS,
                                 .features = l->features,
                                 .n = l->plan.n < ND_PLAN_MAPS_MAX ? l->plan.n : ND_PLAN_MAPS_MAX};

    if (o->planned)
        o->planned(o->arg, &plan, l->plan.v);
}

// LLVM keeps what it made for relocations by the names of types, also from modules that are gone:
// types of another module must have other names.
static uint32_t module_number(void)
{
    static atomic_uint made;

    return atomic_fetch_add(&made, 1);
}

struct nd_lowered *nd_lower_new(struct nd_program *p, const struct nd_lower_opts *o)
{
    struct nd_lowered *x = ND_NEW(p->arena, struct nd_lowered);

    x->p = p;
    x->o = *o;
    x->tm = machine(p);
    return x->tm ? x : NULL;
}

static void close_module(struct nd_lowered *x)
{
    if (x->open && !x->o.last)
        end_module(&x->l);
    x->open = false;
}

void nd_lower_free(struct nd_lowered *x)
{
    if (!x)
        return;
    close_module(x);
    free(x->elf);
    if (!x->o.last)
        LLVMDisposeTargetMachine(x->tm);
}

void nd_lower(struct nd_lowered *x)
{
    char *why = NULL;

    close_module(x);
    x->l = (struct nd_lower){.p = x->p,
                             .force_scratch = x->scratch,
                             .first_only = x->first_only,
                             .note_reads = x->o.reads,
                             .module = module_number()};
    begin_module(&x->l, x->tm);
    x->open = true;
    if (!nd_lower_program(&x->l))
        return;
    tell_plan(&x->l, &x->o);
    add_manifest(&x->l);
    if (x->o.verify && LLVMVerifyModule(x->l.m, LLVMReturnStatusAction, &why))
        fail(x->p, "internal error, please report it", why);
    else
        LLVMDisposeMessage(why);
}

void nd_lower_optimise(struct nd_lowered *x)
{
    if (!run_passes(&x->l, x->tm) || (nd_without(x->p, ND_F_LOOPS) && !nd_lower_unrolled(&x->l)))
        return;
    nd_lower_repeat_addresses(x->l.m, x->l.b);
}

// What LLVM cannot encode it reports to a handler that has no argument and must not return.
static thread_local struct {
    jmp_buf back;
    char why[256];
} fatal;

static void on_fatal(const char *why)
{
    snprintf(fatal.why, sizeof(fatal.why), "%s", why);
    longjmp(fatal.back, 1);
}

// The longest probe has the jump that is too long.
static void too_long(struct nd_lowered *x)
{
    const struct nd_probe *longest = NULL;
    uint32_t i, most = 0;

    for (i = 0; i < x->p->probes.n; i++) {
        LLVMValueRef fn = LLVMGetNamedFunction(x->l.m, x->p->probes.v[i]->name);
        uint32_t n = fn ? nd_lower_length(fn) : 0;

        if (n >= most)
            longest = x->p->probes.v[i];
        if (n > most)
            most = n;
    }
    nd_help(x->p->diags,
            nd_error(x->p->diags, ND_E0701, longest ? longest->decl->name_span : ND_NO_SPAN,
                     "the code of this probe is too long: it jumps over more than 32,767 "
                     "instructions"),
            "give loops shorter bodies, or divide the work among several probes");
}

static bool emit(struct nd_lowered *x, LLVMMemoryBufferRef *buf)
{
    char *why = NULL;

    if (setjmp(fatal.back)) {
        LLVMResetFatalErrorHandler();
        if (strstr(fatal.why, "out of insn range"))
            too_long(x);
        else
            nd_error(x->p->diags, ND_E0801, ND_NO_SPAN, "LLVM: %s", fatal.why);
        x->o.last = true; // what it was working on is in no state to be given back
        return false;
    }
    LLVMInstallFatalErrorHandler(on_fatal);
    if (LLVMTargetMachineEmitToMemoryBuffer(x->tm, x->l.m, LLVMObjectFile, &why, buf))
        fail(x->p, "writing the object", why);
    LLVMResetFatalErrorHandler();
    return x->p->diags->errors == 0;
}

void nd_lower_emit(struct nd_lowered *x)
{
    LLVMMemoryBufferRef buf;

    if (!emit(x, &buf))
        return;
    free(x->elf);
    x->size = LLVMGetBufferSize(buf);
    x->elf = malloc(x->size);
    if (x->elf)
        memcpy(x->elf, LLVMGetBufferStart(buf), x->size);
    else
        fail(x->p, "out of memory", NULL);
    LLVMDisposeMemoryBuffer(buf);
}

void nd_lower_finish(struct nd_lowered *x)
{
    x->deep = !nd_lower_object_finish(x->p, x->elf, x->size);
}

static void too_much(struct nd_program *p)
{
    struct nd_span at = p->probes.n ? p->probes.v[0]->decl->name_span : ND_NO_SPAN;

    nd_help(
        p->diags,
        nd_error(p->diags, ND_E0701, at, "a probe needs more than the kernel's 512 bytes of stack"),
        "keep less at a time: split a long expression, use fewer fields in one key or event");
}

// Again with everything larger than a register in per-CPU memory, when LLVM's own needs were too
// much for the stack; again without functions for lists, when it is too small for them.
bool nd_lower_again(struct nd_lowered *x)
{
    bool scratch = x->l.over_stack && !x->scratch;
    bool first_only = (x->l.over_stack || x->deep) && !scratch && !x->first_only;

    if (x->l.over_stack && !scratch && !first_only)
        too_much(x->p);
    x->scratch |= scratch;
    x->first_only |= first_only;
    x->deep = false;
    return scratch || first_only;
}

const struct nd_lower_read *nd_lower_reads(const struct nd_lowered *x, uint32_t *n)
{
    *n = x->l.reads.n;
    return x->l.reads.v;
}

void *nd_lower_object(const struct nd_lowered *x, size_t *size)
{
    *size = x->size;
    return x->elf;
}

void nd_lower_dump_ir(const struct nd_lowered *x, FILE *out)
{
    char *text = LLVMPrintModuleToString(x->l.m);

    fputs(text, out);
    LLVMDisposeMessage(text);
}

void nd_lower_dump_object(const struct nd_lowered *x, FILE *out)
{
    nd_lower_object_dump(x->p, x->elf, x->size, out);
}
