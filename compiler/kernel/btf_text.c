// SPDX-License-Identifier: GPL-2.0-or-later
// Sizes of BTF types and their text in C, for messages. Both follow chains of types, so both limit
// how far. Must not know the language. Serves the checker.
#include "compiler/front/arena.h"
#include "compiler/kernel/btf_impl.h"

#define MAX_NODES 64 // types named in one text

uint64_t nd_btf_size(const struct nd_btf *btf, uint32_t id)
{
    struct nd_btf_type t;
    uint64_t n = 1;

    for (int i = 0; i <= ND_BTF_MAX_DEPTH; i++) {
        if (!nd_btf_resolve(btf, id, &t))
            return 0;
        switch (t.kind) {
        case ND_BTF_PTR:
            return n * 8;
        case ND_BTF_ARRAY:
            if (__builtin_mul_overflow(n, (uint64_t)t.nelems, &n))
                return 0;
            break;
        case ND_BTF_VAR:
            break;
        default:
            return __builtin_mul_overflow(n, (uint64_t)t.size, &n) ? 0 : n;
        }
        id = t.type;
    }
    return 0;
}

struct text {
    const struct nd_btf *btf;
    struct nd_arena *a;
    int nodes;
};

static const char *join(struct text *x, const char *before, const char *after)
{
    size_t n = 0;

    while (before[n])
        n++;
    // "char *" + "*" needs no space, "char" + "*" does.
    return nd_arena_printf(x->a, "%s%s%s", before,
                           n && before[n - 1] != '*' && before[n - 1] != '(' ? " " : "", after);
}

// Text of type id around `inner`, what has been written of the declarator so far.
static const char *text_of(struct text *x, uint32_t id, const char *inner);

static const char *proto_text(struct text *x, const struct nd_btf_type *t, const char *inner)
{
    const char *params = "";
    struct nd_btf_param p;

    for (uint32_t i = 0; i < t->vlen && x->nodes > 0 && nd_btf_param(x->btf, t->id, i, &p); i++) {
        bool dots = i + 1 == t->vlen && !p.type;

        params = nd_arena_printf(x->a, "%s%s%s", params, i ? ", " : "",
                                 dots ? "..." : text_of(x, p.type, ""));
    }
    return text_of(x, t->type, nd_arena_printf(x->a, "%s(%s)", inner, params));
}

static const char *named(struct text *x, const struct nd_btf_type *t, const char *inner)
{
    const char *tag = t->kind == ND_BTF_STRUCT                             ? "struct "
                      : t->kind == ND_BTF_UNION                            ? "union "
                      : t->kind == ND_BTF_FWD                              ? "struct "
                      : t->kind == ND_BTF_ENUM || t->kind == ND_BTF_ENUM64 ? "enum "
                                                                           : "";
    const char *name = *t->name ? t->name : "(anonymous)";

    if (t->kind == ND_BTF_FWD && t->kind_flag)
        tag = "union ";
    name = nd_arena_printf(x->a, "%s%s", tag, name);
    if (!*inner)
        return name;
    return *inner == '[' ? nd_arena_printf(x->a, "%s%s", name, inner) : join(x, name, inner);
}

static const char *text_of(struct text *x, uint32_t id, const char *inner)
{
    struct nd_btf_type t, to;
    const char *word = NULL;

    if (x->nodes-- <= 0 || !nd_btf_get(x->btf, id, &t))
        return "?";
    switch (t.kind) {
    case ND_BTF_PTR:
        inner = nd_arena_printf(x->a, "*%s", inner);
        if (nd_btf_get(x->btf, t.type, &to) &&
            (to.kind == ND_BTF_ARRAY || to.kind == ND_BTF_FUNC_PROTO))
            inner = nd_arena_printf(x->a, "(%s)", inner);
        return text_of(x, t.type, inner);
    case ND_BTF_ARRAY:
        return text_of(x, t.type, nd_arena_printf(x->a, "%s[%u]", inner, t.nelems));
    case ND_BTF_FUNC_PROTO:
        return proto_text(x, &t, inner);
    case ND_BTF_CONST:
        word = "const";
        break;
    case ND_BTF_VOLATILE:
        word = "volatile";
        break;
    case ND_BTF_RESTRICT:
        word = "restrict";
        break;
    case ND_BTF_TYPE_TAG:
    case ND_BTF_FUNC:
    case ND_BTF_VAR:
        return text_of(x, t.type, inner);
    default:
        return named(x, &t, inner);
    }
    // A qualifier of a pointer follows the star, any other one leads.
    if (nd_btf_get(x->btf, t.type, &to) && to.kind == ND_BTF_PTR)
        return text_of(x, t.type, *inner ? join(x, word, inner) : word);
    return join(x, word, text_of(x, t.type, inner));
}

const char *nd_btf_type_text(const struct nd_btf *btf, uint32_t id, struct nd_arena *a)
{
    struct text x = {.btf = btf, .a = a, .nodes = MAX_NODES};

    return text_of(&x, id, "");
}
