// SPDX-License-Identifier: GPL-2.0-or-later
// Objects for other kernels: where fields are, how large types are and what enumerators stand for
// are CO-RE relocations, which libbpf resolves when the object is loaded. Serves the lowering.
//
// LLVM makes a relocation of a chain of llvm.preserve.struct.access.index calls whose metadata
// names the types. libbpf looks types and members up by name, also inside anonymous structs and
// unions; so the types here hold no more than the members that the programs ask for.
#include "compiler/lower/lower_impl.h"

#include "compiler/check/need.h"
#include "compiler/kernel/btf.h"

#include <stdlib.h>
#include <string.h>

enum {
    INFO_OFFSET = 0,
    INFO_SIZE = 1,
    INFO_EXISTS = 2,
    INFO_SHIFT_LEFT = 4,
    INFO_SHIFT_RIGHT = 5
};                                                                // enum bpf_core_relo_kind
enum { TYPE_SIZE = 1, ENUM_VALUE = 1 };                           // flags of the intrinsics
enum { DWARF_FLOAT = 4, DWARF_SIGNED = 5, DWARF_UNSIGNED = 7 };   // encodings
enum { DWARF_ENUM = 4, DWARF_STRUCT = 0x13, DWARF_UNION = 0x17 }; // tags

static LLVMValueRef intrinsic(struct nd_lower *l, const char *name, unsigned int nptr,
                              LLVMTypeRef type, LLVMValueRef *args, unsigned int n,
                              LLVMMetadataRef about)
{
    static const char kind[] = "llvm.preserve.access.index";
    LLVMTypeRef over[2] = {l->ptr, l->ptr};
    unsigned int id = LLVMLookupIntrinsicID(name, strlen(name));
    LLVMValueRef call =
        LLVMBuildCall2(l->b, type, LLVMGetIntrinsicDeclaration(l->m, id, over, nptr), args, n, "");

    if (about)
        LLVMSetMetadata(call, LLVMGetMDKindIDInContext(l->cx, kind, sizeof(kind) - 1),
                        LLVMMetadataAsValue(l->cx, about));
    return call;
}

// ---- types -------------------------------------------------------------------------------------

// The innermost type of a chain: what libbpf compares with that of the kernel at hand.
static LLVMMetadataRef leaf(struct nd_lower *l, uint32_t id, uint32_t depth)
{
    const char *why;
    struct nd_btf *btf = nd_kernel_btf(l->p->kernel, &why);
    LLVMMetadataRef one;
    struct nd_btf_type t;

    if (depth > 8 || !id || !btf || !nd_btf_resolve(btf, id, &t))
        return l->di_int;
    switch (t.kind) {
    case ND_BTF_PTR:
        return LLVMDIBuilderCreatePointerType(l->di, NULL, 64, 64, 0, "", 0);
    case ND_BTF_ENUM:
    case ND_BTF_ENUM64:
        one = LLVMDIBuilderCreateEnumerator(l->di, "nd_one", 6, 1, 1);
        return LLVMDIBuilderCreateEnumerationType(l->di, l->files[0], "", 0, l->files[0], 0,
                                                  t.size * 8ul, t.size * 8, &one, 1, l->di_int);
    case ND_BTF_ARRAY:
        one = LLVMDIBuilderGetOrCreateSubrange(l->di, 0, t.nelems);
        return LLVMDIBuilderCreateArrayType(l->di, nd_btf_size(btf, t.id) * 8, 8,
                                            leaf(l, t.type, depth + 1), &one, 1);
    case ND_BTF_STRUCT:
        return LLVMDIBuilderCreateStructType(l->di, l->files[0], t.name, strlen(t.name),
                                             l->files[0], 0, t.size * 8ul, 8, LLVMDIFlagZero, NULL,
                                             NULL, 0, 0, NULL, "", 0);
    case ND_BTF_UNION:
        return LLVMDIBuilderCreateUnionType(l->di, l->files[0], t.name, strlen(t.name), l->files[0],
                                            0, t.size * 8ul, 8, LLVMDIFlagZero, NULL, 0, 0, "", 0);
    case ND_BTF_FLOAT:
        return LLVMDIBuilderCreateBasicType(l->di, t.name, strlen(t.name), t.size * 8ul,
                                            DWARF_FLOAT, LLVMDIFlagZero);
    default:
        return LLVMDIBuilderCreateBasicType(
            l->di, *t.name ? t.name : "int", *t.name ? strlen(t.name) : 3, t.size * 8ul,
            t.is_signed ? DWARF_SIGNED : DWARF_UNSIGNED, LLVMDIFlagZero);
    }
}

// What is known of a struct so far: the members that are asked for. One type for each of the
// kernel's, for libbpf searches the kernel's BTF once for each type; so it is complete only when
// all programs are lowered, and a placeholder stands for it until then.
// As numbers: a second one, in which enums are plain integers; see nd_lower_core_load.
static struct nd_core_type *type_of(struct nd_lower *l, const struct nd_type *s, bool as_numbers)
{
    unsigned int tag = s->kind == ND_T_ENUM ? DWARF_ENUM : s->is_union ? DWARF_UNION : DWARF_STRUCT;
    const char *name = s->name ? s->name : "";
    struct nd_core_type *t;
    uint32_t i;

    for (i = 0; i < l->core.n; i++) {
        t = l->core.v[i];
        if (t->type->btf_id == s->btf_id && t->as_numbers == as_numbers)
            return t;
    }
    t = ND_NEW(l->a, struct nd_core_type);
    t->type = s;
    t->as_numbers = as_numbers;
    t->placeholder = LLVMDIBuilderCreateReplaceableCompositeType(
        l->di, tag, name, strlen(name), l->files[0], l->files[0], 0, 0, s->size * 8ul, 64,
        LLVMDIFlagFwdDecl, "", 0);
    *ND_PUSH(l->a, &l->core) = t;
    return t;
}

static struct nd_core_member *member_of(struct nd_lower *l, struct nd_core_type *t,
                                        const char *name)
{
    struct nd_core_member *m;
    uint32_t i;

    for (i = 0; i < t->members.n; i++) {
        if (!strcmp(t->members.v[i]->name, name))
            return t->members.v[i];
    }
    m = ND_NEW(l->a, struct nd_core_member);
    m->name = name;
    *ND_PUSH(l->a, &t->members) = m;
    return m;
}

static LLVMMetadataRef describe(struct nd_lower *l, const struct nd_field *f, LLVMMetadataRef type)
{
    if (f->bits)
        return LLVMDIBuilderCreateBitFieldMemberType(
            l->di, l->files[0], f->name, strlen(f->name), l->files[0], 0, f->bits,
            f->off * 8ul + f->bit_off, f->off * 8ul, LLVMDIFlagZero, type);
    return LLVMDIBuilderCreateMemberType(l->di, l->files[0], f->name, strlen(f->name), l->files[0],
                                         0, f->type->size * 8ul, 8, f->off * 8ul, LLVMDIFlagZero,
                                         type);
}

static struct nd_core_member *field_of(struct nd_lower *l, struct nd_core_type *in,
                                       const struct nd_field *f, struct nd_span span)
{
    struct nd_core_member *m = member_of(l, in, f->name);
    LLVMMetadataRef type;

    if (m->meta)
        return m;
    m->bit = f->off * 8ul + f->bit_off;
    if (f->type->kind == ND_T_STRUCT && f->type->btf_id)
        type = type_of(l, f->type, in->as_numbers)->placeholder;
    else if (f->type->kind == ND_T_ENUM && in->as_numbers)
        type = LLVMDIBuilderCreateBasicType(l->di, "int", 3, f->type->size * 8ul, DWARF_UNSIGNED,
                                            LLVMDIFlagZero);
    else
        type = leaf(l, f->btf_type, 0);
    m->meta = describe(l, f, type);
    if (in->type->is_union && m->bit)
        nd_error(l->d, ND_E0609, span,
                 "a field of an anonymous struct in a union cannot be found on another kernel");
    return m;
}

// libbpf leaves out what follows three underscores; LLVM tells types apart by it.
static const char *variant(struct nd_lower *l, const struct nd_core_type *t, const char *name)
{
    if (!*name || (!t->as_numbers && !l->module))
        return name;
    return nd_arena_printf(l->a, "%s___%s%u", name, t->as_numbers ? "numbers" : "", l->module);
}

static LLVMMetadataRef typedef_of(struct nd_lower *l, const struct nd_core_type *t,
                                  const char *name)
{
    name = variant(l, t, name);
    return LLVMDIBuilderCreateTypedef(l->di, t->placeholder, name, strlen(name), l->files[0], 0,
                                      l->files[0], 0);
}

// The outermost type, under the name that other kernels know it by.
static LLVMMetadataRef root_of(struct nd_lower *l, struct nd_core_type *t, struct nd_span span)
{
    const struct nd_type *s = t->type;
    const char *name;
    uint32_t tag;

    if (t->root)
        return t->root;
    t->root = t->placeholder;
    if (!nd_need_name(l->p, s, &tag, &name))
        nd_help(l->d,
                nd_error(l->d, ND_E0609, span,
                         "a struct without a name cannot be found on another kernel"),
                "if only this kernel matters, no compiled object is needed: run the script");
    else if (tag == ND_TAGGED_TYPEDEF)
        t->root = typedef_of(l, t, name);
    return t->root;
}

static int by_place(const void *a, const void *b)
{
    const struct nd_core_member *x = *(struct nd_core_member *const *)a,
                                *y = *(struct nd_core_member *const *)b;

    return x->bit != y->bit ? (x->bit > y->bit) - (x->bit < y->bit) : strcmp(x->name, y->name);
}

static LLVMMetadataRef complete(struct nd_lower *l, const struct nd_core_type *t,
                                LLVMMetadataRef *m)
{
    const struct nd_type *s = t->type;
    const char *name = variant(l, t, s->name ? s->name : "");
    uint64_t bits = s->size * 8ul;

    if (s->kind == ND_T_ENUM)
        return LLVMDIBuilderCreateEnumerationType(
            l->di, l->files[0], name, strlen(name), l->files[0], 0, bits, (uint32_t)bits, m,
            t->members.n,
            LLVMDIBuilderCreateBasicType(l->di, "int", 3, bits,
                                         s->is_signed ? DWARF_SIGNED : DWARF_UNSIGNED,
                                         LLVMDIFlagZero));
    if (s->is_union)
        return LLVMDIBuilderCreateUnionType(l->di, l->files[0], name, strlen(name), l->files[0], 0,
                                            bits, 64, LLVMDIFlagZero, m, t->members.n, 0, "", 0);
    return LLVMDIBuilderCreateStructType(l->di, l->files[0], name, strlen(name), l->files[0], 0,
                                         bits, 64, LLVMDIFlagZero, NULL, m, t->members.n, 0, NULL,
                                         "", 0);
}

void nd_lower_core_forget(struct nd_lower *l, LLVMValueRef func)
{
    uint32_t i, k, n, kept;

    for (i = 0; i < l->core.n; i++) {
        for (k = 0; k < l->core.v[i]->members.n; k++) {
            struct nd_core_member *m = l->core.v[i]->members.v[k];

            for (n = kept = 0; n < m->calls.n; n++) {
                LLVMBasicBlockRef bb = LLVMGetInstructionParent(m->calls.v[n]);

                if (LLVMGetBasicBlockParent(bb) != func)
                    m->calls.v[kept++] = m->calls.v[n];
            }
            m->calls.n = kept;
        }
    }
}

void nd_lower_core_finish(struct nd_lower *l)
{
    uint32_t i, k, n;

    for (i = 0; i < l->core.n; i++) {
        struct nd_core_type *t = l->core.v[i];
        LLVMMetadataRef *m = ND_NEW_ARRAY(l->a, LLVMMetadataRef, t->members.n + 1);

        // The kernel wants the members of a struct in the order of their places.
        if (t->members.n)
            qsort(t->members.v, t->members.n, sizeof(*t->members.v), by_place);
        for (k = 0; k < t->members.n; k++) {
            m[k] = t->members.v[k]->meta;
            for (n = 0; n < t->members.v[k]->calls.n; n++)
                LLVMSetOperand(t->members.v[k]->calls.v[n], 2, nd_ir_i32(l, k));
        }
        LLVMMetadataReplaceAllUsesWith(t->placeholder, complete(l, t, m));
    }
}

// ---- fields ------------------------------------------------------------------------------------

#define STEPS_MAX 12

struct chain { // from a pointer to the field: steps[0] is the outermost
    const struct nd_expr *step[STEPS_MAX];
    uint32_t n;
    struct nd_expr *base; // the pointer or the struct in memory
};

static struct nd_type *container(struct nd_lower *l, const struct nd_expr *e)
{
    struct nd_type *t = e->a->type;

    return t->kind == ND_T_PTR ? nd_type_elem(&l->p->types, t) : t;
}

bool nd_lower_core_wanted(struct nd_lower *l, const struct nd_expr *e)
{
    struct nd_type *s;

    if (!l->p->portable || e->kind != ND_E_FIELD || !e->field || e->as == ND_AS_BPF ||
        e->as == ND_AS_CTX || e->a->type->kind == ND_T_ARGS || e->a->type->kind == ND_T_OPTS)
        return false;
    s = container(l, e);
    return s->kind == ND_T_STRUCT && s->btf_id;
}

static void find_chain(struct nd_lower *l, struct nd_expr *e, struct chain *c)
{
    struct nd_expr *x = e;
    uint32_t i;

    c->n = 1;
    while (x->a->type->kind != ND_T_PTR && c->n < STEPS_MAX && nd_lower_core_wanted(l, x->a)) {
        x = x->a;
        c->n++;
    }
    c->base = x->a;
    for (i = c->n, x = e; i-- > 0; x = x->a)
        c->step[i] = x;
}

struct nd_expr *nd_lower_core_base(struct nd_lower *l, struct nd_expr *e)
{
    struct chain c;

    find_chain(l, e, &c);
    if (c.base->kind == ND_E_UNARY && c.base->op == ND_OP_DEREF) // (*p).x: nothing is copied
        return c.base->a;
    return c.base;
}

static const char *path_of(struct nd_lower *l, const struct chain *c)
{
    const char *path = c->step[0]->field->name;
    uint32_t i;

    for (i = 1; i < c->n; i++)
        path = nd_arena_printf(l->a, "%s.%s", path, c->step[i]->field->name);
    return path;
}

static LLVMValueRef follow(struct nd_lower *l, const struct chain *c, LLVMValueRef at,
                           bool as_numbers)
{
    static const char name[] = "llvm.preserve.struct.access.index";
    unsigned int elem = LLVMGetEnumAttributeKindForName("elementtype", 11);
    LLVMTypeRef params[3] = {l->ptr, l->i32, l->i32};
    LLVMTypeRef type = LLVMFunctionType(l->ptr, params, 3, 0);
    uint32_t i;

    for (i = 0; i < c->n; i++) {
        const struct nd_expr *e = c->step[i];
        struct nd_core_type *t = type_of(l, container(l, e), as_numbers);
        struct nd_core_member *m = field_of(l, t, e->field, e->span);
        LLVMValueRef args[3] = {at, nd_ir_i32(l, 0),
                                nd_ir_i32(l, 0)}; // [2]: see nd_lower_core_finish

        at = intrinsic(l, name, 2, type, args, 3, i ? t->placeholder : root_of(l, t, e->span));
        // What LLVM takes the alignment of a struct from.
        LLVMAddCallSiteAttribute(at, 1, LLVMCreateTypeAttribute(l->cx, elem, l->i64));
        *ND_PUSH(l->a, &m->calls) = at;
    }
    return at;
}

static int64_t form_of(const struct nd_type *t)
{
    switch (t->kind) {
    case ND_T_PTR:
        return ND_FORM_PTR;
    case ND_T_ENUM:
        return ND_FORM_ENUM;
    case ND_T_ARRAY:
    case ND_T_STRING:
        return ND_FORM_ARRAY;
    case ND_T_INT:
    case ND_T_BOOL:
        return ND_FORM_INT;
    default:
        return ND_FORM_ANY;
    }
}

// Numbers may have another size elsewhere, which the relocations tell; texts and arrays are read in
// their size, which must be the same.
static void need_field(struct nd_lower *l, const struct chain *c, const struct nd_expr *e)
{
    const struct nd_type *t = e->field->type;
    struct nd_need n = {
        .kind = ND_NEED_FIELD, .path = path_of(l, c), .value = form_of(t), .span = e->name_span};

    if (n.value == ND_FORM_ARRAY)
        n.bytes = t->size;
    if (nd_need_name(l->p, container(l, c->step[0]), &n.tag, &n.type))
        nd_need_note(l->p, &n);
}

LLVMValueRef nd_lower_core_address(struct nd_lower *l, struct nd_expr *e, LLVMValueRef base)
{
    struct chain c;

    find_chain(l, e, &c);
    need_field(l, &c, e);
    return follow(l, &c, base, false);
}

// What a relocation tells about a field, as i64.
static LLVMValueRef info(struct nd_lower *l, LLVMValueRef at, uint32_t what)
{
    LLVMTypeRef params[2] = {l->ptr, l->i64};
    LLVMValueRef args[2] = {at, nd_ir_i64(l, what)};

    return LLVMBuildZExt(l->b,
                         intrinsic(l, "llvm.bpf.preserve.field.info", 1,
                                   LLVMFunctionType(l->i32, params, 2, 0), args, 2, NULL),
                         l->i64, "");
}

LLVMValueRef nd_lower_core_offset(struct nd_lower *l, struct nd_expr *e)
{
    struct nd_expr base = {.kind = ND_E_INT, .type = e->of};
    struct nd_expr field = {.kind = ND_E_FIELD, .span = e->span, .a = &base, .field = e->field};
    struct chain c = {.step = {&field}, .n = 1, .base = &base};

    return info(l, follow(l, &c, LLVMConstNull(l->ptr), false), INFO_OFFSET);
}

// From the start of its struct.
static LLVMValueRef place_of(struct nd_lower *l, struct nd_expr *e)
{
    struct chain c;

    find_chain(l, e, &c);
    return info(l, follow(l, &c, LLVMConstNull(l->ptr), false), INFO_OFFSET);
}

// Numbers and bit-fields alike: the unit that holds it, its bits moved to the top and down again.
static LLVMValueRef read_number(struct nd_lower *l, struct nd_expr *e, LLVMValueRef at)
{
    LLVMValueRef size = info(l, at, INFO_SIZE), up = info(l, at, INFO_SHIFT_LEFT),
                 down = info(l, at, INFO_SHIFT_RIGHT), tmp = nd_lower_temp(l, 8), v;
    struct nd_window_unit w;
    bool copied = nd_lower_window_unit(l, e, size, place_of, &w);

    nd_ir_zero(l, tmp, 0, 8);
    nd_lower_probe_read(l, tmp, LLVMBuildTrunc(l->b, size, l->i32, ""), at,
                        nd_lower_as(l, (enum nd_as)e->as), e->span);
    v = LLVMBuildLoad2(l->b, l->i64, tmp, "");
    if (copied) {
        LLVMValueRef both[2] = {w.v, v};
        LLVMBasicBlockRef from[2] = {w.from, LLVMGetInsertBlock(l->b)};

        nd_ir_br(l, w.done);
        nd_ir_at(l, w.done);
        v = LLVMBuildPhi(l->b, l->i64, "");
        LLVMAddIncoming(v, both, from, 2);
    }
    v = LLVMBuildShl(l->b, v, up, "");
    return e->field->type->is_signed ? LLVMBuildAShr(l->b, v, down, "")
                                     : LLVMBuildLShr(l->b, v, down, "");
}

// Through a pointer that the verifier follows without a helper, if the number has the size that it
// had where this was compiled. The verifier sees which way is dead.
static LLVMValueRef load_number(struct nd_lower *l, struct nd_expr *e, LLVMValueRef at)
{
    LLVMBasicBlockRef same, other, done, from[2];
    const struct nd_type *t = e->field->type;
    LLVMValueRef v[2], is_same;

    if (nd_lower_as(l, (enum nd_as)e->as) != ND_AS_BTF || e->field->bits)
        return read_number(l, e, at);
    same = nd_ir_bb(l, "as_compiled");
    other = nd_ir_bb(l, "resized");
    done = nd_ir_bb(l, "loaded");
    is_same = LLVMBuildICmp(l->b, LLVMIntEQ, info(l, at, INFO_SIZE), nd_ir_i64(l, t->size), "");
    LLVMBuildCondBr(l->b, is_same, same, other);
    nd_ir_at(l, same);
    nd_lower_reads_bytes(l, t->size, ND_AS_BTF, e->span);
    v[0] = nd_lower_load_int(l, at, t);
    from[0] = LLVMGetInsertBlock(l->b);
    nd_ir_br(l, done);
    nd_ir_at(l, other);
    v[1] = read_number(l, e, at);
    return nd_ir_join(l, v, from, done);
}

// Fields change between enum and integer, which for libbpf are two things: both ways, and the
// verifier sees at the field's existence which one is dead.
LLVMValueRef nd_lower_core_load(struct nd_lower *l, struct nd_expr *e, LLVMValueRef base)
{
    LLVMBasicBlockRef is_enum, is_int, done, from[2];
    LLVMValueRef at, v[2];
    struct chain c;

    find_chain(l, e, &c);
    need_field(l, &c, e);
    at = follow(l, &c, base, false);
    if (e->field->type->kind != ND_T_ENUM)
        return load_number(l, e, at);
    is_enum = nd_ir_bb(l, "enum");
    is_int = nd_ir_bb(l, "int");
    done = nd_ir_bb(l, "number");
    LLVMBuildCondBr(l->b, nd_ir_bool(l, info(l, at, INFO_EXISTS)), is_enum, is_int);
    nd_ir_at(l, is_enum);
    v[0] = load_number(l, e, follow(l, &c, base, false));
    from[0] = LLVMGetInsertBlock(l->b);
    nd_ir_br(l, done);
    nd_ir_at(l, is_int);
    v[1] = load_number(l, e, follow(l, &c, base, true));
    return nd_ir_join(l, v, from, done);
}

// ---- sizes and enumerators ---------------------------------------------------------------------

LLVMValueRef nd_lower_core_size(struct nd_lower *l, const struct nd_type *t, struct nd_span span)
{
    LLVMTypeRef params[2] = {l->i32, l->i64};
    LLVMValueRef args[2] = {nd_ir_i32(l, l->relocs++), nd_ir_i64(l, TYPE_SIZE)};

    if (!l->p->portable || t->kind != ND_T_STRUCT || !t->btf_id)
        return nd_ir_i64(l, t->kind == ND_T_STRING ? 1 : t->size);
    return LLVMBuildZExt(l->b,
                         intrinsic(l, "llvm.bpf.preserve.type.info", 0,
                                   LLVMFunctionType(l->i32, params, 2, 0), args, 2,
                                   root_of(l, type_of(l, t, false), span)),
                         l->i64, "");
}

static LLVMValueRef enumerator(struct nd_lower *l, struct nd_expr *e)
{
    LLVMTypeRef params[3] = {l->i32, l->ptr, l->i64};
    const char *text = nd_arena_printf(l->a, "%s:%lld", e->name, (long long)(int64_t)e->num);
    LLVMValueRef c = LLVMConstStringInContext(l->cx, text, (unsigned int)strlen(text), 0);
    LLVMValueRef g = LLVMAddGlobal(l->m, LLVMTypeOf(c), "nd_enumerator"), args[3];
    struct nd_core_type *t = type_of(l, e->type, false);
    struct nd_core_member *m = member_of(l, t, e->name);

    LLVMSetInitializer(g, c);
    LLVMSetLinkage(g, LLVMPrivateLinkage);
    LLVMSetGlobalConstant(g, 1);
    if (!m->meta)
        m->meta = LLVMDIBuilderCreateEnumerator(l->di, e->name, strlen(e->name), (int64_t)e->num,
                                                !e->type->is_signed);
    args[0] = nd_ir_i32(l, l->relocs++);
    args[1] = g;
    args[2] = nd_ir_i64(l, ENUM_VALUE);
    return intrinsic(l, "llvm.bpf.preserve.enum.value", 0, LLVMFunctionType(l->i64, params, 3, 0),
                     args, 3, t->placeholder);
}

LLVMValueRef nd_lower_core_const(struct nd_lower *l, struct nd_expr *e)
{
    const struct nd_type *t = e->of;

    if (!l->p->portable)
        return NULL;
    if (e->kind == ND_E_SIZEOF && t && t->kind == ND_T_STRUCT && t->btf_id) {
        e->relocated = true;
        return nd_lower_core_size(l, t, e->span);
    }
    if (e->kind == ND_E_IDENT && e->type->kind == ND_T_ENUM && e->type->btf_id && e->type->name &&
        *e->type->name) {
        e->relocated = true;
        return enumerator(l, e);
    }
    return NULL;
}
