// SPDX-License-Identifier: GPL-2.0-or-later
// Names of types for messages. Must not know expressions.
#include "compiler/lang/types.h"

#include <string.h>
#include <time.h>

static const char *tuple_text(struct nd_types *t, const struct nd_type *x)
{
    const char *s = "(";
    uint32_t i;

    for (i = 0; i < x->nelems; i++)
        s = nd_arena_printf(t->arena, "%s%s%s%s%s", s, i ? ", " : "",
                            x->is_record ? x->fields[i].name : "", x->is_record ? ": " : "",
                            nd_type_text(t, x->fields[i].type));
    return nd_arena_printf(t->arena, "%s)", s);
}

const char *nd_type_text(struct nd_types *t, const struct nd_type *x)
{
    switch (x->kind) {
    case ND_T_INT:
        return nd_arena_printf(t->arena, "%c%u", x->is_signed ? 'i' : 'u', x->size * 8);
    case ND_T_STRING:
        return x->size ? nd_arena_printf(t->arena, "string[%u]", x->size) : "string";
    case ND_T_ENUM:
        return nd_arena_printf(t->arena, "enum %s", x->name && *x->name ? x->name : "(anonymous)");
    case ND_T_STRUCT:
        return nd_arena_printf(t->arena, "%s %s", x->is_union ? "union" : "struct",
                               x->name && *x->name ? x->name : "(anonymous)");
    case ND_T_PTR: {
        const char *e = nd_type_text(t, nd_type_elem(t, x));

        return nd_arena_printf(t->arena, "%s%s*", e, e[strlen(e) - 1] == '*' ? "" : " ");
    }
    case ND_T_ARRAY:
        return nd_arena_printf(t->arena, "%s[%u]", nd_type_text(t, x->elem), x->nelems);
    case ND_T_TUPLE:
        return tuple_text(t, x);
    case ND_T_TIME:
        return x->clock == CLOCK_TAI        ? "time of nsecs(tai)"
               : x->clock == CLOCK_BOOTTIME ? "time of nsecs(boot)"
                                            : "time";
    case ND_T_MIN:
    case ND_T_MAX:
        return x->elem ? nd_arena_printf(t->arena, "%s of %s", nd_typekinds[x->kind].text,
                                         nd_type_text(t, x->elem))
                       : nd_typekinds[x->kind].text;
    case ND_T_LHIST:
        return nd_arena_printf(t->arena, "lhist(x, %lld, %lld, %lld)", (long long)x->lo,
                               (long long)x->hi, (long long)x->step);
    case ND_T_SUBHIST:
        return nd_arena_printf(t->arena, "hist(x, %lld)", (long long)x->step);
    default:
        return nd_typekinds[x->kind].text;
    }
}
