// SPDX-License-Identifier: GPL-2.0-or-later
// Formats of printf(): does each conversion fit its argument? Must not know how they are printed.
// Serves check_builtin.c.
#include "compiler/check/check_impl.h"

#include <string.h>

static bool arg_fits(char conv, const struct nd_type *t, enum nd_world world)
{
    bool number =
        nd_type_is_int(t) || t->kind == ND_T_DOUBLE || nd_typekind_is(t->kind, ND_IS_NUMBER);

    (void)world;
    switch (conv) {
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
    case 'p':
    case 'f':
    case 'e':
    case 'g':
    case 'F':
    case 'E':
    case 'G':
        return number;
    case 'c':
        return nd_type_is_int(t) || nd_type_is_text(t);
    case 't':
        return t->kind == ND_T_TIME || t->kind == ND_T_INT;
    case 'r':
        return t->kind == ND_T_BUF || nd_type_is_text(t) || t->kind == ND_T_ARRAY;
    default:
        return true; // %s prints anything
    }
}

static void format_error(struct nd_check *c, struct nd_expr *fmt, size_t off, size_t len,
                         const char *text, const char *help)
{
    struct nd_span at = fmt->span;

    // Exact when the literal has no escapes before this place.
    if (fmt->span.len == fmt->len + 2) {
        at.off += 1 + (uint32_t)off;
        at.len = (uint32_t)len;
    }
    nd_help(c->d, nd_error(c->d, ND_E0314, at, "%s", text), "%s", help);
}

void nd_check_format(struct nd_check *c, struct nd_expr *call, uint32_t at)
{
    struct nd_expr *fmt = call->args.v[at];
    uint32_t arg = at + 1;
    const char *s, *p;

    if (fmt->kind != ND_E_STRING) {
        if (fmt->type->kind != ND_T_ERROR)
            nd_help(c->d,
                    nd_error(c->d, ND_E0314, fmt->span, "the format must be a string literal"),
                    "printf(\"%%s\", x)");
        return;
    }
    for (s = fmt->str; (p = strchr(s, '%'));) {
        const char *start = p++;

        p += strspn(p, "-+ 0#'");
        for (; *p == '*' || *p == '.' || (*p >= '0' && *p <= '9'); p++) {
            if (*p == '*')
                arg++;
        }
        p += strspn(p, "hlLqjz"); // lengths say nothing here; t is the time
        if (*p == '%') {
            s = p + 1;
            continue;
        }
        if (!*p || !strchr("diuxXocspfegFEGtr", *p)) {
            format_error(
                c, fmt, (size_t)(start - fmt->str), (size_t)(p - start) + (*p != 0),
                *p ? nd_arena_printf(c->a, "unknown conversion '%.*s'", (int)(p - start) + 1, start)
                   : "this conversion has no letter",
                "known: d i u x X o c s p f e g t (time) r (raw bytes) %%");
            return;
        }
        if (arg >= call->args.n) {
            format_error(c, fmt, (size_t)(start - fmt->str), (size_t)(p - start) + 1,
                         "there is no argument for this conversion",
                         "each conversion takes one argument");
            return;
        }
        if (call->args.v[arg]->type->kind != ND_T_ERROR &&
            !arg_fits(*p, call->args.v[arg]->type, c->world))
            nd_help(c->d,
                    nd_error(c->d, ND_E0314, call->args.v[arg]->span, "'%%%c' does not print %s",
                             *p, nd_type_text(c->t, call->args.v[arg]->type)),
                    "%%s prints any value");
        if (call->args.v[arg]->type->kind == ND_T_NONE)
            nd_error(c->d, ND_E0302, call->args.v[arg]->span, "this has no value");
        arg++;
        s = p + 1;
    }
    if (arg < call->args.n)
        nd_error(c->d, ND_E0314, call->args.v[arg]->span,
                 "the format has no conversion for this argument");
}
