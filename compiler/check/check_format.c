// SPDX-License-Identifier: GPL-2.0-or-later
// Formats of printf(): does each conversion fit its argument? Must not know how they are printed.
// Serves check_builtin.c.
#include "compiler/check/check_impl.h"
#include "runtime/common/spec.h"

static bool arg_fits(char conv, const struct nd_type *t)
{
    switch (nd_spec_class(conv)) {
    case ND_SPEC_INTEGER:
    case ND_SPEC_REAL:
        return nd_type_is_int(t) || t->kind == ND_T_DOUBLE || nd_typekind_is(t->kind, ND_IS_NUMBER);
    case ND_SPEC_CHAR:
        return nd_type_is_int(t) || nd_type_is_text(t);
    case ND_SPEC_TIME:
        return t->kind == ND_T_TIME || t->kind == ND_T_INT;
    case ND_SPEC_RAW:
        return t->kind == ND_T_BUF || nd_type_is_text(t) || t->kind == ND_T_ARRAY;
    default:
        return true; // %s prints anything
    }
}

static void spec_error(struct nd_check *c, const struct nd_expr *fmt, const struct nd_spec *p,
                       const char *text, const char *help)
{
    struct nd_span at = fmt->span;

    // Exact when the literal has no escapes before this place.
    if (fmt->span.len == fmt->len + 2) {
        at.off += 1 + (uint32_t)(p->lit + p->nlit - fmt->str);
        at.len = p->len;
    }
    nd_help(c->d, nd_error(c->d, ND_E0314, at, "%s", text), "%s", help);
}

void nd_check_no_value(struct nd_check *c, const struct nd_expr *e, struct nd_diag *d)
{
    if (e->type->kind == ND_T_ARGS || e->type->kind == ND_T_OPTS)
        nd_help(c->d, d, "name one of them: %s.NAME", e->type->kind == ND_T_ARGS ? "args" : "opt");
}

static void check_arg(struct nd_check *c, const struct nd_expr *x, char conv)
{
    if (x->type->kind != ND_T_ERROR && !arg_fits(conv, x->type))
        nd_help(c->d,
                nd_error(c->d, ND_E0314, x->span, "'%%%c' does not print %s", conv,
                         nd_type_text(c->t, x->type)),
                "%%s prints any value");
    if (x->type->kind == ND_T_NONE)
        nd_error(c->d, ND_E0302, x->span, "this has no value");
    else if (x->type->kind == ND_T_ARGS || x->type->kind == ND_T_OPTS)
        nd_check_no_value(
            c, x,
            nd_error(c->d, ND_E0302, x->span, "%s is not one value", nd_type_text(c->t, x->type)));
}

void nd_check_format(struct nd_check *c, struct nd_expr *call, uint32_t at)
{
    struct nd_expr *fmt = call->args.v[at];
    uint32_t arg = at + 1;
    struct nd_spec p;
    const char *s;

    if (fmt->kind != ND_E_STRING) {
        if (fmt->type->kind != ND_T_ERROR)
            nd_help(c->d,
                    nd_error(c->d, ND_E0314, fmt->span, "the format must be a string literal"),
                    "printf(\"%%s\", x)");
        return;
    }
    for (s = nd_spec_next(fmt->str, &p); s; s = nd_spec_next(s, &p)) {
        if (!p.len)
            continue;
        if (nd_spec_class(p.conv) == ND_SPEC_UNKNOWN) {
            spec_error(c, fmt, &p,
                       p.conv ? nd_arena_printf(c->a, "unknown conversion '%.*s'", (int)p.len,
                                                p.lit + p.nlit)
                              : "this conversion has no letter",
                       "known: " ND_SPEC_KNOWN);
            return;
        }
        arg += (p.width == ND_SPEC_STAR) + (p.prec == ND_SPEC_STAR);
        if (arg >= call->args.n) {
            spec_error(c, fmt, &p, "there is no argument for this conversion",
                       "each conversion takes one argument");
            return;
        }
        check_arg(c, call->args.v[arg++], p.conv);
    }
    if (arg < call->args.n)
        nd_error(c->d, ND_E0314, call->args.v[arg]->span,
                 "the format has no conversion for this argument");
}
