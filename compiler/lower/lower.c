// SPDX-License-Identifier: GPL-2.0-or-later
// Typed program to an LLVM module: maps, globals, line information, one function for each program.
#include "compiler/lower/lower_impl.h"

#include "compiler/net/paths.h"

#include <string.h>

// ---- small builders -----------------------------------------------------------------------------

LLVMValueRef nd_ir_i64(struct nd_lower *l, uint64_t v)
{
    return LLVMConstInt(l->i64, v, 0);
}

LLVMValueRef nd_ir_i32(struct nd_lower *l, uint32_t v)
{
    return LLVMConstInt(l->i32, v, 0);
}

LLVMValueRef nd_ir_gep(struct nd_lower *l, LLVMValueRef base, uint64_t off)
{
    LLVMValueRef i = nd_ir_i64(l, off);

    return off ? LLVMBuildGEP2(l->b, l->i8, base, &i, 1, "") : base;
}

LLVMValueRef nd_ir_bool(struct nd_lower *l, LLVMValueRef v)
{
    return LLVMBuildICmp(l->b, LLVMIntNE, v, nd_ir_i64(l, 0), "");
}

LLVMBasicBlockRef nd_ir_bb(struct nd_lower *l, const char *name)
{
    return LLVMAppendBasicBlockInContext(l->cx, l->fn.func, name);
}

void nd_ir_at(struct nd_lower *l, LLVMBasicBlockRef bb)
{
    LLVMMoveBasicBlockAfter(bb, LLVMGetLastBasicBlock(l->fn.func));
    LLVMPositionBuilderAtEnd(l->b, bb);
}

void nd_ir_br(struct nd_lower *l, LLVMBasicBlockRef bb)
{
    if (!LLVMGetBasicBlockTerminator(LLVMGetInsertBlock(l->b)))
        LLVMBuildBr(l->b, bb);
}

void nd_ir_line(struct nd_lower *l, struct nd_span span)
{
    struct nd_pos pos;

    if (span.src >= l->p->sources->n || !l->fn.scope)
        return;
    pos = nd_source_pos(l->p->sources, span.src, span.off);
    LLVMSetCurrentDebugLocation2(
        l->b, LLVMDIBuilderCreateDebugLocation(l->cx, pos.line, pos.col, l->fn.scope, NULL));
}

// Helpers that kernels of interest may lack, and what does the same there.
static const struct {
    enum nd_helper helper;
    enum nd_feature feature;
    enum nd_helper older; // 0: none
} newer[] = {
    {ND_H_PROBE_READ_KERNEL, ND_F_PROBE_READ_KERNEL, ND_H_PROBE_READ},
    {ND_H_PROBE_READ_USER, ND_F_PROBE_READ_KERNEL, ND_H_PROBE_READ},
    {ND_H_PROBE_READ_KERNEL_STR, ND_F_PROBE_READ_KERNEL, ND_H_PROBE_READ_STR},
    {ND_H_PROBE_READ_USER_STR, ND_F_PROBE_READ_KERNEL, ND_H_PROBE_READ_STR},
    {ND_H_KTIME_GET_BOOT_NS, ND_F_BOOT_CLOCK, 0},
    {ND_H_KTIME_GET_TAI_NS, ND_F_TAI_CLOCK, 0},
};

static enum nd_helper helper_of(struct nd_lower *l, enum nd_helper h)
{
    size_t i;

    for (i = 0; i < sizeof(newer) / sizeof(newer[0]); i++) {
        if (newer[i].helper != h)
            continue;
        if (newer[i].older && nd_without(l->p, newer[i].feature))
            return newer[i].older;
        nd_lower_need(l, newer[i].feature);
    }
    return h;
}

// A helper call: the number is the address. Pointers and integers go as they are.
LLVMValueRef nd_ir_call(struct nd_lower *l, enum nd_helper h, LLVMValueRef *args, unsigned int n)
{
    LLVMTypeRef types[5], ft;
    unsigned int i;

    for (i = 0; i < n; i++)
        types[i] = LLVMTypeOf(args[i]);
    ft = LLVMFunctionType(l->i64, types, n, 0);
    return LLVMBuildCall2(l->b, ft, LLVMConstIntToPtr(nd_ir_i64(l, helper_of(l, h)), l->ptr), args,
                          n, "");
}

// ---- maps: variables in .maps whose debug type spells the attributes, as libbpf reads them
// -----------

static LLVMMetadataRef attr_member(struct nd_lower *l, const char *name, uint32_t value,
                                   unsigned int i)
{
    LLVMMetadataRef range = LLVMDIBuilderGetOrCreateSubrange(l->di, 0, value), array, ptr;

    array = LLVMDIBuilderCreateArrayType(l->di, (uint64_t)value * 32, 32, l->di_int, &range, 1);
    ptr = LLVMDIBuilderCreatePointerType(l->di, array, 64, 64, 0, "", 0);
    return LLVMDIBuilderCreateMemberType(l->di, l->files[0], name, strlen(name), l->files[0], 0, 64,
                                         64, i * 64ul, LLVMDIFlagZero, ptr);
}

static void describe(struct nd_lower *l, LLVMValueRef g, const char *name, LLVMMetadataRef type)
{
    LLVMMetadataRef expr = LLVMDIBuilderCreateExpression(l->di, NULL, 0);

    LLVMGlobalSetMetadata(g, LLVMGetMDKindIDInContext(l->cx, "dbg", 3),
                          LLVMDIBuilderCreateGlobalVariableExpression(
                              l->di, l->cu, name, strlen(name), name, strlen(name), l->files[0], 0,
                              type, 0, expr, NULL, 64));
}

// A block of data as int[n]: libbpf maps a section into our memory only if it knows its variables.
void nd_lower_describe_data(struct nd_lower *l, LLVMValueRef g, const char *name, uint32_t bytes)
{
    LLVMMetadataRef range = LLVMDIBuilderGetOrCreateSubrange(l->di, 0, bytes / 4);

    describe(l, g, name,
             LLVMDIBuilderCreateArrayType(l->di, (uint64_t)bytes * 8, 32, l->di_int, &range, 1));
}

static const uint32_t bpf_map_types[] = {
    // BPF_MAP_TYPE_* of linux/bpf.h
    [ND_MAP_HASH] = 1,           [ND_MAP_LRUHASH] = 9, [ND_MAP_PERCPUHASH] = 5,
    [ND_MAP_PERCPULRUHASH] = 10, [ND_MAP_ARRAY] = 2,   [ND_MAP_PERCPUARRAY] = 6,
    [ND_MAP_STACK] = 7,          [ND_MAP_SCRATCH] = 6,
};
#define BPF_PERF_EVENT_ARRAY 4u
#define BPF_RINGBUF 27u

LLVMValueRef nd_lower_define_map(struct nd_lower *l, const char *name, uint32_t type, uint32_t key,
                                 uint32_t val, uint32_t entries)
{
    struct {
        const char *name;
        uint32_t v;
    } attrs[] = {{"type", type}, {"max_entries", entries}, {"key_size", key}, {"value_size", val}};
    LLVMMetadataRef m[4], st;
    LLVMTypeRef ptrs[4];
    LLVMValueRef g;
    unsigned int i, n = 0;

    for (i = 0; i < 4; i++) {
        if (attrs[i].v)
            m[n] = attr_member(l, attrs[i].name, attrs[i].v, n), n++;
        ptrs[i] = l->ptr;
    }
    st = LLVMDIBuilderCreateStructType(l->di, l->files[0], "", 0, l->files[0], 0, n * 64ul, 64,
                                       LLVMDIFlagZero, NULL, m, n, 0, NULL, "", 0);
    g = LLVMAddGlobal(l->m, LLVMStructTypeInContext(l->cx, ptrs, n, 0), name);
    LLVMSetInitializer(g, LLVMConstNull(LLVMGlobalGetValueType(g)));
    LLVMSetSection(g, ".maps");
    describe(l, g, name, st);
    return g;
}

static void choose_kind(struct nd_map *m, struct nd_lmap *lm)
{
    bool agg = m->val && nd_type_is_agg(m->val);

    if (!m->key)
        lm->kind = agg ? ND_MAP_PERCPUARRAY : ND_MAP_ARRAY;
    else if (!m->has_decl)
        lm->kind = agg ? ND_MAP_PERCPUHASH : ND_MAP_HASH;
    else if (agg) // aggregations are always kept per CPU
        lm->kind = m->decl_kind == ND_MAP_LRUHASH || m->decl_kind == ND_MAP_PERCPULRUHASH
                       ? ND_MAP_PERCPULRUHASH
                       : ND_MAP_PERCPUHASH;
    else // and other values never: their parts could not be put together
        lm->kind = m->decl_kind == ND_MAP_LRUHASH || m->decl_kind == ND_MAP_PERCPULRUHASH
                       ? ND_MAP_LRUHASH
                       : ND_MAP_HASH;
    lm->percpu = agg;
}

static void make_map(struct nd_lower *l, struct nd_map *m)
{
    struct nd_lmap *lm = &l->maps[m->index];
    uint32_t type;
    const char *name = nd_arena_printf(l->a, "nd_m%u", m->index);

    choose_kind(m, lm);
    lm->gen_off = ND_MF_NONE;
    lm->key_size = m->key ? m->key->size : 4;
    lm->val_size = m->val ? m->val->size : 8;
    lm->max_entries = nd_map_entries(m);
    if (!(m->worlds & ND_KERNEL)) {
        lm->kind = ND_MAP_USER;
        return;
    }
    if (lm->kind == ND_MAP_ARRAY)
        lm->pop_off = nd_lower_state_alloc(l, 8);
    type = bpf_map_types[lm->kind];
    lm->g = nd_lower_define_map(l, name, type, lm->key_size, lm->val_size, lm->max_entries);
    if (m->gen) {
        lm->gen_off = nd_lower_state_alloc(l, 8);
        lm->g2 = nd_lower_define_map(l, nd_arena_printf(l->a, "%sb", name), type, lm->key_size,
                                     lm->val_size, lm->max_entries);
    }
}

// Counts of entries are written by programs only.
static void count_entries(struct nd_lower *l, const struct nd_map *m)
{
    struct nd_lmap *lm = &l->maps[m->index];

    if ((lm->kind == ND_MAP_LRUHASH || lm->kind == ND_MAP_PERCPULRUHASH) && !m->hidden)
        lm->pop_off = nd_lower_state_alloc(l, 8);
}

// Packets under way are those that started, not those that did so again, until they are done.
static void count_packets(struct nd_lower *l, const struct nd_path *path)
{
    struct nd_lmap *lm = &l->maps[path->map->index];
    const uint32_t *count = l->paths[path->index].count;

    lm->pop_off = count[ND_PATHC_STARTED];
    lm->pop_less[0] = count[ND_PATHC_AGAIN];
    lm->pop_less[1] = count[ND_PATHC_DONE];
}

#define STACK_ENTRIES 8192u

uint32_t nd_lower_stack_map(struct nd_lower *l, const struct nd_type *t)
{
    bool kernel = t->kind == ND_TY_KSTACK;
    struct nd_stackmap *s;
    uint32_t i;

    for (i = 0; i < l->stacks.n; i++) {
        if (l->stacks.v[i].kernel == kernel && l->stacks.v[i].depth == t->depth)
            return i;
    }
    s = ND_PUSH(l->a, &l->stacks);
    s->kernel = kernel;
    s->depth = t->depth;
    s->sym = nd_arena_printf(l->a, "nd_%cstack%u", kernel ? 'k' : 'u', t->depth);
    s->g =
        nd_lower_define_map(l, s->sym, bpf_map_types[ND_MAP_STACK], 4, t->depth * 8, STACK_ENTRIES);
    return i;
}

// ---- programs -----------------------------------------------------------------------------------

static void add_string_section(struct nd_lower *l, const char *name, const char *section,
                               const void *data, uint32_t size)
{
    LLVMValueRef g, c = LLVMConstStringInContext(l->cx, data, size, 1);

    g = LLVMAddGlobal(l->m, LLVMTypeOf(c), name);
    LLVMSetInitializer(g, c);
    LLVMSetSection(g, section);
    LLVMSetGlobalConstant(g, 1);
}

LLVMMetadataRef nd_lower_function_scope(struct nd_lower *l, const char *name, struct nd_span span,
                                        LLVMMetadataRef type)
{
    struct nd_pos pos = nd_source_pos(l->p->sources, span.src, span.off);
    LLVMMetadataRef file = l->files[span.src < l->p->sources->n ? span.src : 0];

    return LLVMDIBuilderCreateFunction(l->di, file, name, strlen(name), name, strlen(name), file,
                                       pos.line, type, 0, 1, pos.line, LLVMDIFlagZero, 1);
}

static const char *const sections[] = {
    [ND_PROG_TRACEPOINT] = "nd/tp",   [ND_PROG_RAW_TP] = "nd/raw_tp",
    [ND_PROG_TP_BTF] = "nd/tp_btf",   [ND_PROG_KPROBE] = "nd/kprobe",
    [ND_PROG_PERF_EVENT] = "nd/perf", [ND_PROG_FENTRY] = "nd/fentry",
    [ND_PROG_FEXIT] = "nd/fexit",     [ND_PROG_TEST_RUN] = "nd/run",
};

static void take_apart(struct nd_lower *l, struct nd_expr *pred, struct nd_expr_list *parts)
{
    if (pred->kind == ND_E_BINARY && pred->op == ND_OP_LAND && !pred->is_const) {
        take_apart(l, pred->a, parts);
        take_apart(l, pred->b, parts);
        return;
    }
    *ND_PUSH(l->a, parts) = pred;
}

// Before the first part that needs the packet, for all that follow: cheap tests that stand first
// stay first.
static void prepare_parts(struct nd_lower *l, const struct nd_expr_list *parts, uint32_t from)
{
    struct nd_pkt_uses u = {0};
    uint32_t i;

    if (!l->fn.probe->pkt || l->fn.pkt.covered)
        return;
    nd_pkt_uses_expr(l->a, parts->v[from], &u);
    if (!u.layers)
        return;
    for (i = from + 1; i < parts->n; i++)
        nd_pkt_uses_expr(l->a, parts->v[i], &u);
    nd_lower_pkt_prepare(l, &u, parts->v[from]->span);
    l->fn.pkt.covered = true;
}

void nd_lower_leave_unless(struct nd_lower *l, struct nd_expr *pred)
{
    struct nd_expr_list parts = {0};
    bool covered = l->fn.pkt.covered;
    LLVMBasicBlockRef yes;
    uint32_t i;

    if (!pred)
        return;
    take_apart(l, pred, &parts);
    for (i = 0; i < parts.n; i++) {
        yes = nd_ir_bb(l, "match");
        nd_ir_line(l, parts.v[i]->span);
        prepare_parts(l, &parts, i);
        LLVMBuildCondBr(l->b, nd_lower_cond(l, parts.v[i]), yes, l->fn.out);
        nd_lower_temps_release(l);
        nd_ir_at(l, yes);
    }
    l->fn.pkt.covered = covered;
}

enum nd_as nd_lower_as(const struct nd_lower *l, enum nd_as as)
{
    return as == ND_AS_BTF && l->fn.numbers ? ND_AS_KERNEL : as;
}

LLVMValueRef nd_lower_ctx(struct nd_lower *l)
{
    if (l->fn.ctx)
        return l->fn.ctx;
    l->fn.ctx_wanted = true;
    return LLVMGetUndef(l->ptr);
}

void nd_lower_function_open(struct nd_lower *l, LLVMValueRef func, LLVMMetadataRef scope)
{
    l->fn = (struct nd_lower_fn){.probe = l->fn.probe,
                                 .numbers = l->fn.numbers,
                                 .spare_stack = l->fn.spare_stack,
                                 .scratch_base = l->fn.scratch_base,
                                 .func = func,
                                 .scope = scope};
    LLVMSetSubprogram(func, scope);
    l->fn.entry = l->fn.prologue = nd_ir_bb(l, "entry");
    l->fn.start = nd_ir_bb(l, "start");
    l->fn.out = nd_ir_bb(l, "out"); // a handler of a path has one of its own
    l->fn.end = nd_ir_bb(l, "end");
    LLVMPositionBuilderAtEnd(l->b, l->fn.entry);
    nd_ir_at(l, l->fn.start);
    nd_ir_line(l, l->fn.probe->decl->name_span);
}

// rest: of the list of which the function has seen the first.
static void close_function(struct nd_lower *l, bool rest)
{
    nd_ir_br(l, l->fn.out);
    nd_ir_at(l, l->fn.out);
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

static void open_program(struct nd_lower *l)
{
    const struct nd_probe *pr = l->fn.probe;
    LLVMValueRef func = LLVMAddFunction(l->m, pr->name, LLVMFunctionType(l->i32, &l->ptr, 1, 0));

    LLVMSetSection(func, nd_arena_printf(l->a, "%s/%s", sections[pr->type], pr->name));
    nd_lower_function_open(l, func,
                           nd_lower_function_scope(l, pr->name, pr->decl->name_span, l->di_sub));
    l->fn.ctx = LLVMGetParam(func, 0);
}

// What comes before the body: arguments noted at the entry, the stage's exports.
static void way_in(struct nd_lower *l)
{
    struct nd_probe *pr = l->fn.probe;
    uint32_t i;

    if (pr->entry_of)
        nd_lower_note(l);
    if (pr->entry_args)
        nd_lower_note_read(l);
    if (!pr->via)
        return;
    for (i = 0; i < pr->nexports; i++)
        nd_lower_unset(l, pr->exports[i]);
    nd_lower_leave_unless(l, pr->via->pred);
    nd_lower_block(l, pr->via->body);
}

// What a body is lowered as: a program; a program whose stage gives a list, which sees the first of
// it; the function for the others.
enum form { PROGRAM, FIRST, OTHERS };

static void lower_body(struct nd_lower *l, bool scratch, enum form form)
{
    struct nd_probe *pr = l->fn.probe;

    l->fn.numbers = form == OTHERS;
    l->fn.spare_stack = form != PROGRAM;
    if (form == OTHERS)
        nd_lower_each_open(l);
    else
        open_program(l);
    nd_lower_reuse_plan(l);
    nd_lower_nest_keep_stack(l);
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
                "the most is %u; use shorter strings: str(pointer, 32)", SCRATCH_MAX);
    return true;
}

static void lower_probe(struct nd_lower *l, struct nd_probe *pr)
{
    enum place place;
    bool each;

    l->fn.probe = pr;
    each = nd_lower_each_can(l) && lower_form(l, OTHERS, ALL_IN_SCRATCH);
    // Scratch is the short way from addresses in the packet's skb to numbers, see lower_mem.c. And
    // the stack of a program and its function together is no larger than that of a program.
    place = l->force_scratch || each                                      ? ALL_IN_SCRATCH
            : pr->pkt && !l->p->portable && nd_lower_leaves_are_memory(l) ? LARGE_IN_SCRATCH
                                                                          : ON_STACK;
    lower_form(l, each ? FIRST : PROGRAM, place);
    if (pr->via && pr->via->each && !each)
        nd_lower_each_refuse(l);
}

static void finish_globals(struct nd_lower *l)
{
    LLVMValueRef g;

    if (l->scratch_map) {
        g = nd_lower_define_map(l, "nd_scratch", bpf_map_types[ND_MAP_SCRATCH], 4,
                                l->scratch_size ? (l->scratch_size + 7) & ~7u : 8,
                                l->scratch_slots ? l->scratch_slots : 1);
        LLVMReplaceAllUsesWith(l->scratch_map, g);
        LLVMDeleteGlobal(l->scratch_map);
        l->scratch_map = g;
    }
    nd_lower_state_end(l);
}

static LLVMValueRef event_map(struct nd_lower *l)
{
    if (nd_without(l->p, ND_F_RINGBUF)) // libbpf makes an entry for each CPU
        return nd_lower_define_map(l, ND_RINGBUF_SYM, BPF_PERF_EVENT_ARRAY, 4, 4, 0);
    nd_lower_need(l, ND_F_RINGBUF);
    return nd_lower_define_map(l, ND_RINGBUF_SYM, BPF_RINGBUF, 0, 0, ND_RING_BYTES);
}

static void make_globals(struct nd_lower *l)
{
    uint32_t k, i;

    nd_lower_state_begin(l);
    l->maps = ND_NEW_ARRAY(l->a, struct nd_lmap, l->p->maps.n + 1);
    l->paths = ND_NEW_ARRAY(l->a, struct nd_layout_path, l->p->paths.n + 1);
    for (i = 0; i < l->p->paths.n; i++) {
        for (k = 0; k < ND_PATHC_MAX; k++)
            l->paths[i].count[k] = nd_lower_state_alloc(l, 8);
    }
    for (i = 0; i < l->p->maps.n; i++)
        make_map(l, l->p->maps.v[i]);
    nd_lower_state_words_end(l);
    for (i = 0; i < l->p->maps.n; i++)
        count_entries(l, l->p->maps.v[i]);
    for (i = 0; i < l->p->paths.n; i++)
        count_packets(l, l->p->paths.v[i]);
    for (i = 0; i < l->p->events.n && !l->ring; i++) {
        if (l->p->events.v[i]->sent)
            l->ring = event_map(l);
    }
    add_string_section(l, "LICENSE", "license", "GPL", 4);
}

static void make_debug(struct nd_lower *l)
{
    static const char producer[] = "ndtrace";
    LLVMMetadataRef params[1];
    uint32_t i;

    l->di = LLVMCreateDIBuilder(l->m);
    l->files = ND_NEW_ARRAY(l->a, LLVMMetadataRef, l->p->sources->n + 1);
    for (i = 0; i < l->p->sources->n; i++) {
        const char *path = l->p->sources->v[i].path;

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
    LLVMAddModuleFlag(l->m, LLVMModuleFlagBehaviorWarning, "Dwarf Version", 13,
                      LLVMValueAsMetadata(nd_ir_i32(l, 4)));
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
    make_globals(l);
    nd_lower_nest_plan(l);
    for (i = 0; i < l->p->probes.n; i++)
        lower_probe(l, l->p->probes.v[i]);
    if (l->p->probes.n)
        nd_lower_need(l, ND_F_JMP32);
    finish_globals(l);
    nd_lower_core_finish(l);
    LLVMDIBuilderFinalize(l->di);
    return l->d->errors == 0;
}
