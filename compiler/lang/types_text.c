// SPDX-License-Identifier: GPL-2.0-or-later
// Names of types for messages. Must not know expressions.
#include "compiler/lang/types.h"

#include <string.h>

static const char *const kind_names[ND_TY_KIND_MAX] = {
    [ND_TY_ERROR] = "unknown",     [ND_TY_VOID] = "void",     [ND_TY_INT] = "integer",
    [ND_TY_BOOL] = "bool",         [ND_TY_ENUM] = "enum",     [ND_TY_DOUBLE] = "double",
    [ND_TY_STRING] = "string",     [ND_TY_PTR] = "pointer",   [ND_TY_STRUCT] = "struct",
    [ND_TY_ARRAY] = "array",       [ND_TY_TUPLE] = "tuple",   [ND_TY_IP] = "ip",
    [ND_TY_PREFIX] = "prefix",     [ND_TY_MAC] = "mac",       [ND_TY_PORT] = "port",
    [ND_TY_PROTO] = "proto",       [ND_TY_IFNAME] = "ifname", [ND_TY_TIME] = "time",
    [ND_TY_DURATION] = "duration", [ND_TY_KSTACK] = "kstack", [ND_TY_USTACK] = "ustack",
    [ND_TY_KSYM] = "ksym",         [ND_TY_USYM] = "usym",     [ND_TY_BUF] = "buf",
    [ND_TY_STRFTIME] = "strftime", [ND_TY_CGROUP] = "cgroup", [ND_TY_USERNAME] = "username",
    [ND_TY_COUNT] = "count()",     [ND_TY_SUM] = "sum()",     [ND_TY_MIN] = "min()",
    [ND_TY_MAX] = "max()",         [ND_TY_AVG] = "avg()",     [ND_TY_STATS] = "stats()",
    [ND_TY_HIST] = "hist()",       [ND_TY_LHIST] = "lhist()", [ND_TY_DIST] = "dist()",
    [ND_TY_PKT] = "pkt",           [ND_TY_ARGS] = "args",     [ND_TY_OPTS] = "opt",
    [ND_TY_NONE] = "no value",
};

static const char *tuple_text(struct nd_types *t, const struct nd_type *x)
{
    const char *s = "(";
    uint32_t i;

    for (i = 0; i < x->nelems; i++)
        s = nd_arena_printf(t->arena, "%s%s%s", s, i ? ", " : "",
                            nd_type_text(t, x->fields[i].type));
    return nd_arena_printf(t->arena, "%s)", s);
}

const char *nd_type_text(struct nd_types *t, const struct nd_type *x)
{
    switch (x->kind) {
    case ND_TY_INT:
        return nd_arena_printf(t->arena, "%c%u", x->is_signed ? 'i' : 'u', x->size * 8);
    case ND_TY_STRING:
        return x->size ? nd_arena_printf(t->arena, "string[%u]", x->size) : "string";
    case ND_TY_ENUM:
        return nd_arena_printf(t->arena, "enum %s", x->name && *x->name ? x->name : "(anonymous)");
    case ND_TY_STRUCT:
        return nd_arena_printf(t->arena, "%s %s", x->is_union ? "union" : "struct",
                               x->name && *x->name ? x->name : "(anonymous)");
    case ND_TY_PTR: {
        const char *e = nd_type_text(t, nd_type_elem(t, x));

        return nd_arena_printf(t->arena, "%s%s*", e, e[strlen(e) - 1] == '*' ? "" : " ");
    }
    case ND_TY_ARRAY:
        return nd_arena_printf(t->arena, "%s[%u]", nd_type_text(t, x->elem), x->nelems);
    case ND_TY_TUPLE:
        return tuple_text(t, x);
    default:
        return kind_names[x->kind];
    }
}
