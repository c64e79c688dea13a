// SPDX-License-Identifier: GPL-2.0-or-later
// IR to BPF ELF with the manifest inside. A short list of passes: what they gain per event is worth
// their time at start, and none of them makes code that the verifier cannot follow.
#include "object.h"

#include "emit.h"
#include "lower.h"

#include <llvm-c/Analysis.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <stdlib.h>
#include <string.h>

#define PASSES "function(sroa,early-cse,simplifycfg,early-cse,dse,adce,simplifycfg)"

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

static LLVMTargetMachineRef machine(struct nd_program *p)
{
    LLVMTargetRef target;
    char *why = NULL;

    LLVMInitializeBPFTargetInfo();
    LLVMInitializeBPFTarget();
    LLVMInitializeBPFTargetMC();
    LLVMInitializeBPFAsmPrinter();
    if (LLVMGetTargetFromTriple("bpfel", &target, &why)) {
        fail(p, "LLVM has no BPF target", why);
        return NULL;
    }
    return LLVMCreateTargetMachine(target, "bpfel", "v3", "", LLVMCodeGenLevelDefault, LLVMRelocDefault,
                                   LLVMCodeModelDefault);
}

static void layout_of(struct nd_lower *l, struct nd_layout *out)
{
    uint32_t i;

    memset(out, 0, sizeof(*out));
    out->state_size = l->state_size;
    out->exit_off = l->exit_off;
    out->sends = l->ring != NULL;
    out->maps = ND_NEW_ARRAY(l->a, struct nd_layout_map, l->p->maps.n + 1);
    for (i = 0; i < l->p->maps.n; i++)
        out->maps[i] = (struct nd_layout_map){l->maps[i].kind, l->maps[i].max_entries, l->maps[i].gen_off};
    for (i = 0; i < l->stacks.n; i++)
        *ND_PUSH(l->a, &out->stacks) =
            (struct nd_layout_stack){l->stacks.v[i].sym, l->stacks.v[i].depth, l->stacks.v[i].kernel};
    for (i = 0; i < l->sites.n; i++)
        *ND_PUSH(l->a, &out->sites) = (struct nd_layout_site){l->sites.v[i].kind, l->sites.v[i].span, l->sites.v[i].map,
                                                              l->sites.v[i].off};
}

static void add_manifest(struct nd_lower *l)
{
    struct nd_layout layout;
    LLVMValueRef g, c;
    uint32_t size;
    void *blob;

    layout_of(l, &layout);
    blob = nd_emit(l->p, &layout, &size);
    c = LLVMConstStringInContext(l->cx, blob, size, 1);
    g = LLVMAddGlobal(l->m, LLVMTypeOf(c), "nd_manifest");
    LLVMSetInitializer(g, c);
    LLVMSetSection(g, ND_MF_ELF_SECTION);
    LLVMSetAlignment(g, 8);
    LLVMSetGlobalConstant(g, 1);
}

static bool optimise(struct nd_lower *l, LLVMTargetMachineRef tm)
{
    LLVMPassBuilderOptionsRef o = LLVMCreatePassBuilderOptions();
    LLVMErrorRef err = LLVMRunPasses(l->m, PASSES, tm, o);

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

static void *emit_elf(struct nd_lower *l, LLVMTargetMachineRef tm, size_t *size)
{
    LLVMMemoryBufferRef buf;
    char *why = NULL;
    void *copy;

    if (LLVMTargetMachineEmitToMemoryBuffer(tm, l->m, LLVMObjectFile, &why, &buf)) {
        fail(l->p, "writing the object", why);
        return NULL;
    }
    *size = LLVMGetBufferSize(buf);
    copy = malloc(*size);
    if (copy)
        memcpy(copy, LLVMGetBufferStart(buf), *size);
    LLVMDisposeMemoryBuffer(buf);
    return copy;
}

// LLVM reports what it cannot translate for BPF (a call too wide, the stack) through this.
static void on_diagnostic(LLVMDiagnosticInfoRef info, void *arg)
{
    struct nd_program *p = arg;
    char *text = LLVMGetDiagInfoDescription(info);
    struct nd_span at = ND_NO_SPAN;

    if (LLVMGetDiagInfoSeverity(info) == LLVMDSError)
        nd_error(p->diags, ND_E0801, at, "%s", text);
    LLVMDisposeMessage(text);
}

void *nd_object(struct nd_program *p, bool dump_ir, size_t *size)
{
    struct nd_lower l = {.p = p};
    LLVMTargetMachineRef tm = machine(p);
    char *why = NULL;
    void *elf = NULL;
    LLVMTargetDataRef td;

    if (!tm)
        return NULL;
    l.cx = LLVMContextCreate();
    LLVMContextSetDiagnosticHandler(l.cx, on_diagnostic, p);
    l.m = LLVMModuleCreateWithNameInContext("ndtrace", l.cx);
    td = LLVMCreateTargetDataLayout(tm);
    LLVMSetModuleDataLayout(l.m, td);
    LLVMSetTarget(l.m, "bpfel");
    l.b = LLVMCreateBuilderInContext(l.cx);
    if (nd_lower_program(&l)) {
        add_manifest(&l);
        if (dump_ir)
            LLVMDumpModule(l.m);
        if (dump_ir && LLVMVerifyModule(l.m, LLVMReturnStatusAction, &why))
            fail(p, "internal error, please report it", why);
        else if (optimise(&l, tm))
            elf = emit_elf(&l, tm, size);
    }
    if (p->diags->errors) {
        free(elf);
        elf = NULL;
    }
    LLVMDisposeTargetData(td);
    LLVMDisposeDIBuilder(l.di);
    LLVMDisposeBuilder(l.b);
    LLVMDisposeModule(l.m);
    LLVMContextDispose(l.cx);
    LLVMDisposeTargetMachine(tm);
    return elf;
}
