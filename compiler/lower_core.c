// SPDX-License-Identifier: GPL-2.0-or-later
// Objects for other kernels: where fields are, how large types are and what enumerators stand for
// are CO-RE relocations, which libbpf resolves when the object is loaded. Serves the lowering.
//
// LLVM makes a relocation of a chain of llvm.preserve.struct.access.index calls whose metadata
// names the types. libbpf looks types and members up by name, also inside anonymous structs and
// unions; so each access gets types of its own that hold no more than the member on its way. LLVM
// keeps relocations apart by the type's name and numbers alone, which such types have in common; so
// their names end in "___NUMBER", which libbpf leaves out.
#include "lower.h"

#include "btf.h"
#include "needs.h"

#include <string.h>

enum { INFO_OFFSET = 0, INFO_SIZE = 1, INFO_SHIFT_LEFT = 4, INFO_SHIFT_RIGHT = 5 }; // enum bpf_core_relo_kind
enum { TYPE_SIZE = 1, ENUM_VALUE = 1 };                            // flags of the intrinsics
enum { DWARF_FLOAT = 4, DWARF_SIGNED = 5, DWARF_UNSIGNED = 7 };

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

static LLVMMetadataRef member(struct nd_lower *l, const struct nd_field *f, LLVMMetadataRef type)
{
    if (f->bits)
        return LLVMDIBuilderCreateBitFieldMemberType(
            l->di, l->files[0], f->name, strlen(f->name), l->files[0], 0, f->bits,
            f->off * 8ul + f->bit_off, f->off * 8ul, LLVMDIFlagZero, type);
    return LLVMDIBuilderCreateMemberType(l->di, l->files[0], f->name, strlen(f->name), l->files[0],
                                         0, f->type->size * 8ul, 8, f->off * 8ul, LLVMDIFlagZero,
                                         type);
}

static LLVMMetadataRef composite(struct nd_lower *l, const struct nd_type *s, const char *name,
                                 LLVMMetadataRef *m)
{
    if (s->is_union)
        return LLVMDIBuilderCreateUnionType(l->di, l->files[0], name, strlen(name), l->files[0], 0,
                                            s->size * 8ul, 64, LLVMDIFlagZero, m, !!m, 0, "", 0);
    return LLVMDIBuilderCreateStructType(l->di, l->files[0], name, strlen(name), l->files[0], 0,
                                         s->size * 8ul, 64, LLVMDIFlagZero, NULL, m, !!m, 0, NULL,
                                         "", 0);
}

// The name with the number of what is asked of the type.
static const char *flavour(struct nd_lower *l, const char *name, const char *what)
{
    const char *key = nd_arena_printf(l->a, "%s %s", name, what);
    uint32_t i;

    for (i = 0; i < l->flavours.n && strcmp(l->flavours.v[i], key); i++)
        ;
    if (i == l->flavours.n)
        *ND_PUSH(l->a, &l->flavours) = key;
    return nd_arena_printf(l->a, "%s___%u", name, i);
}

// The outermost type, under the name that other kernels know it by.
static LLVMMetadataRef root_of(struct nd_lower *l, const struct nd_type *s, LLVMMetadataRef *m,
                               LLVMMetadataRef *inside, const char *what, struct nd_span span)
{
    const char *name = "";
    uint32_t tag;

    if (!nd_need_name(l->p, s, &tag, &name)) {
        nd_help(l->d,
                nd_error(l->d, ND_E0606, span,
                         "a struct without a name cannot be found on another kernel"),
                "an object for this kernel only needs no compile: run the script");
        name = "nd_nameless";
    }
    name = flavour(l, name, what);
    if (tag != ND_TAGGED_TYPEDEF)
        return *inside = composite(l, s, name, m);
    *inside = composite(l, s, "", m);
    return LLVMDIBuilderCreateTypedef(l->di, *inside, name, strlen(name), l->files[0], 0,
                                      l->files[0], 0);
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

    return t->kind == ND_TY_PTR ? nd_type_elem(&l->p->types, t) : t;
}

bool nd_core_wanted(struct nd_lower *l, const struct nd_expr *e)
{
    struct nd_type *s;

    if (!l->p->portable || e->kind != ND_E_FIELD || !e->field || e->aux == ND_AS_BPF ||
        e->aux == ND_AS_CTX || e->a->type->kind == ND_TY_ARGS || e->a->type->kind == ND_TY_OPTS)
        return false;
    s = container(l, e);
    return s->kind == ND_TY_STRUCT && s->btf_id;
}

static void find_chain(struct nd_lower *l, struct nd_expr *e, struct chain *c)
{
    struct nd_expr *x = e;
    uint32_t i;

    c->n = 1;
    while (x->a->type->kind != ND_TY_PTR && c->n < STEPS_MAX && nd_core_wanted(l, x->a)) {
        x = x->a;
        c->n++;
    }
    c->base = x->a;
    for (i = c->n, x = e; i-- > 0; x = x->a)
        c->step[i] = x;
}

static LLVMValueRef base_address(struct nd_lower *l, struct chain *c)
{
    struct nd_expr *b = c->base;

    if (b->kind == ND_E_UNARY && b->op == ND_OP_DEREF) // (*p).x: nothing is copied
        b = b->a;
    return nd_ptr(l, nd_lower_expr(l, b).v);
}

static const char *path_of(struct nd_lower *l, const struct chain *c)
{
    const char *path = c->step[0]->field->name;
    uint32_t i;

    for (i = 1; i < c->n; i++)
        path = nd_arena_printf(l->a, "%s.%s", path, c->step[i]->field->name);
    return path;
}

// The calls from the innermost type outwards, then the addresses from the base inwards.
static LLVMValueRef follow(struct nd_lower *l, struct chain *c, LLVMValueRef at)
{
    static const char name[] = "llvm.preserve.struct.access.index";
    LLVMTypeRef params[3] = {l->ptr, l->i32, l->i32};
    LLVMTypeRef type = LLVMFunctionType(l->ptr, params, 3, 0);
    LLVMMetadataRef meta[STEPS_MAX], inside, m;
    const struct nd_expr *last = c->step[c->n - 1];
    unsigned int elem = LLVMGetEnumAttributeKindForName("elementtype", 11);
    uint32_t i;

    inside = leaf(l, last->field->btf_type, 0);
    for (i = c->n; i-- > 0;) {
        m = member(l, c->step[i]->field, inside);
        if (i)
            meta[i] = inside = composite(l, container(l, c->step[i]),
                                         container(l, c->step[i])->name, &m);
        else
            meta[0] = root_of(l, container(l, c->step[0]), &m, &inside, path_of(l, c), last->span);
    }
    for (i = 0; i < c->n; i++) {
        LLVMValueRef args[3] = {at, nd_i32(l, 0), nd_i32(l, 0)};

        at = intrinsic(l, name, 2, type, args, 3, meta[i]);
        // What LLVM takes the alignment of a struct from.
        LLVMAddCallSiteAttribute(at, 1, LLVMCreateTypeAttribute(l->cx, elem, l->i64));
    }
    return at;
}

// Numbers may have another size elsewhere, which the relocations tell; texts and arrays are read in
// their size, which must be the same.
static void need_size(struct nd_lower *l, const struct chain *c, const struct nd_expr *e)
{
    const struct nd_type *t = e->field->type;
    struct nd_need n = {.kind = ND_NEED_FIELD, .path = path_of(l, c), .span = e->name_span};

    if (t->kind == ND_TY_ARRAY || t->kind == ND_TY_STRING)
        n.bytes = t->size;
    if (nd_need_name(l->p, container(l, c->step[0]), &n.tag, &n.type))
        nd_need(l->p, &n);
}

LLVMValueRef nd_core_address(struct nd_lower *l, struct nd_expr *e)
{
    struct chain c;

    find_chain(l, e, &c);
    need_size(l, &c, e);
    return follow(l, &c, base_address(l, &c));
}

// What a relocation tells about a field, as i64.
static LLVMValueRef info(struct nd_lower *l, LLVMValueRef at, uint32_t what)
{
    LLVMTypeRef params[2] = {l->ptr, l->i64};
    LLVMValueRef args[2] = {at, nd_i64(l, what)};

    return LLVMBuildZExt(l->b,
                         intrinsic(l, "llvm.bpf.preserve.field.info", 1,
                                   LLVMFunctionType(l->i32, params, 2, 0), args, 2, NULL),
                         l->i64, "");
}

LLVMValueRef nd_core_offset(struct nd_lower *l, struct nd_expr *e)
{
    struct nd_expr base = {.kind = ND_E_INT, .type = e->info};
    struct nd_expr field = {.kind = ND_E_FIELD, .span = e->span, .a = &base, .field = e->field};
    struct chain c = {.step = {&field}, .n = 1, .base = &base};

    return info(l, follow(l, &c, LLVMConstNull(l->ptr)), INFO_OFFSET);
}

// One load for each size that the number may have; the verifier drops those that do not apply.
static LLVMValueRef load_direct(struct nd_lower *l, LLVMValueRef at, LLVMValueRef size)
{
    LLVMTypeRef types[4] = {l->i8, l->i16, l->i32, l->i64};
    LLVMBasicBlockRef done = nd_bb(l, "loaded"), from[4];
    LLVMValueRef v[4], phi;
    uint32_t i;

    for (i = 0; i < 4; i++) {
        LLVMBasicBlockRef load = nd_bb(l, "load"), next = i < 3 ? nd_bb(l, "other") : NULL;
        LLVMValueRef x;

        if (next)
            LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, size, nd_i64(l, 1ul << i), ""),
                            load, next);
        else
            nd_br(l, load);
        nd_at(l, load);
        x = LLVMBuildLoad2(l->b, types[i], at, "");
        LLVMSetAlignment(x, 1u << i);
        v[i] = i < 3 ? LLVMBuildZExt(l->b, x, l->i64, "") : x;
        from[i] = load;
        nd_br(l, done);
        if (next)
            nd_at(l, next);
    }
    nd_at(l, done);
    phi = LLVMBuildPhi(l->b, l->i64, "");
    LLVMAddIncoming(phi, v, from, 4);
    return phi;
}

// Numbers and bit-fields alike: the unit that holds it, its bits moved to the top and down again.
LLVMValueRef nd_core_load(struct nd_lower *l, struct nd_expr *e)
{
    const struct nd_type *t = e->field->type;
    LLVMValueRef at = nd_core_address(l, e), size = info(l, at, INFO_SIZE), v;
    LLVMValueRef up = info(l, at, INFO_SHIFT_LEFT), down = info(l, at, INFO_SHIFT_RIGHT);

    if (e->aux == ND_AS_BTF) {
        v = load_direct(l, at, size);
    } else {
        LLVMValueRef tmp = nd_temp(l, 8);

        nd_zero(l, tmp, 0, 8);
        nd_probe_read(l, tmp, LLVMBuildTrunc(l->b, size, l->i32, ""), at, (enum nd_as)e->aux,
                      e->span);
        v = LLVMBuildLoad2(l->b, l->i64, tmp, "");
    }
    v = LLVMBuildShl(l->b, v, up, "");
    return t->is_signed ? LLVMBuildAShr(l->b, v, down, "") : LLVMBuildLShr(l->b, v, down, "");
}

// ---- sizes and enumerators ---------------------------------------------------------------------

LLVMValueRef nd_core_size(struct nd_lower *l, const struct nd_type *t, struct nd_span span)
{
    LLVMTypeRef params[2] = {l->i32, l->i64};
    LLVMValueRef args[2] = {nd_i32(l, l->relocs++), nd_i64(l, TYPE_SIZE)};
    LLVMMetadataRef inside;

    if (!l->p->portable || t->kind != ND_TY_STRUCT || !t->btf_id)
        return nd_i64(l, t->kind == ND_TY_STRING ? 1 : t->size);
    return LLVMBuildZExt(l->b,
                         intrinsic(l, "llvm.bpf.preserve.type.info", 0,
                                   LLVMFunctionType(l->i32, params, 2, 0), args, 2,
                                   root_of(l, t, NULL, &inside, "", span)),
                         l->i64, "");
}

static LLVMValueRef enumerator(struct nd_lower *l, struct nd_expr *e)
{
    LLVMTypeRef params[3] = {l->i32, l->ptr, l->i64};
    const char *text =
        nd_arena_printf(l->a, "%s:%lld", e->name, (long long)(int64_t)e->num);
    LLVMValueRef c = LLVMConstStringInContext(l->cx, text, (unsigned int)strlen(text), 0);
    LLVMValueRef g = LLVMAddGlobal(l->m, LLVMTypeOf(c), "nd_enumerator"), args[3];
    const char *name = flavour(l, e->type->name, e->name);
    uint64_t bits = e->type->size * 8ul;
    LLVMMetadataRef one, type, base;

    LLVMSetInitializer(g, c);
    LLVMSetLinkage(g, LLVMPrivateLinkage);
    LLVMSetGlobalConstant(g, 1);
    base = LLVMDIBuilderCreateBasicType(l->di, "int", 3, bits,
                                        e->type->is_signed ? DWARF_SIGNED : DWARF_UNSIGNED,
                                        LLVMDIFlagZero);
    one = LLVMDIBuilderCreateEnumerator(l->di, e->name, strlen(e->name), (int64_t)e->num,
                                        !e->type->is_signed);
    type = LLVMDIBuilderCreateEnumerationType(l->di, l->files[0], name, strlen(name), l->files[0],
                                              0, bits, (uint32_t)bits, &one, 1, base);
    args[0] = nd_i32(l, l->relocs++);
    args[1] = g;
    args[2] = nd_i64(l, ENUM_VALUE);
    return intrinsic(l, "llvm.bpf.preserve.enum.value", 0,
                     LLVMFunctionType(l->i64, params, 3, 0), args, 3, type);
}

LLVMValueRef nd_core_const(struct nd_lower *l, struct nd_expr *e)
{
    const struct nd_type *t = e->info;

    if (!l->p->portable)
        return NULL;
    if (e->kind == ND_E_SIZEOF && t && t->kind == ND_TY_STRUCT && t->btf_id) {
        e->relocated = true;
        return nd_core_size(l, t, e->span);
    }
    if (e->kind == ND_E_IDENT && e->type->kind == ND_TY_ENUM && e->type->btf_id &&
        e->type->name && *e->type->name) {
        e->relocated = true;
        return enumerator(l, e);
    }
    return NULL;
}
