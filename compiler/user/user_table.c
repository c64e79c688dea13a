// SPDX-License-Identifier: GPL-2.0-or-later
// Declared tables in the manifest, and the code of their rows: the struct, then which levels its
// cells are at. Serves mfwrite.c, user_call.c.
#include "compiler/user/user_impl.h"

void nd_mfw_table(struct nd_mfw *e, const struct nd_tabletype *t)
{
    struct nd_mf_table m = {0};
    uint32_t i;

    m.name = nd_mfb_str(e->b, t->decl->name);
    m.type = nd_mfw_type(e, t->type);
    m.first = nd_mfb_count(e->b, ND_SEC_COLUMNS);
    m.count = t->type->nelems - 1;
    m.span = nd_mfw_span(e, t->decl->name_span);
    for (i = 0; i < m.count; i++) {
        const struct nd_table_column *c = &t->columns[i];
        struct nd_mf_column x = {.title = nd_mfb_str(e->b, c->title),
                                 .format = nd_mfb_str(e->b, c->decl->format),
                                 .unit = nd_mfb_str(e->b, c->unit),
                                 .base = nd_mfb_str(e->b, c->base),
                                 .div = c->div,
                                 .flags = c->right ? ND_COLF_RIGHT : 0};

        nd_mfb_add(e->b, ND_SEC_COLUMNS, &x, 1);
    }
    nd_mfb_add(e->b, ND_SEC_TABLES, &m, 1);
}

// Bit `bit` of the number on the stack: is this column of the row beyond the level?
static void add_level(struct nd_user *u, const struct nd_tabletype *t, uint32_t row, uint32_t i,
                      uint32_t level)
{
    const struct nd_level *l = &t->columns[i].decl->level[level];
    const struct nd_type *type = t->type->fields[i].type;
    const struct nd_mf_type *m = nd_mfb_at(u->e->b, ND_SEC_TYPES, nd_mfw_type(u->e, t->type));
    enum nd_vm_domain d;

    if (!l->op)
        return;
    d = nd_u_common(type, l->than->type);
    nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)row);
    nd_u_op(u, ND_VM_FIELD, 0, 0, (int32_t)(m->first + i));
    nd_u_as_domain(u, type, d);
    nd_u_operand(u, l->than, d);
    nd_u_binary(u, l->op, d, l->than->span);
    nd_u_int(u, ND_LEVELS * i + level, &nd_type_u64);
    nd_u_op(u, ND_VM_SHL, ND_D_U64, 0, 0);
    nd_u_op(u, ND_VM_OR, ND_D_U64, 0, 0);
}

void nd_u_row(struct nd_user *u, const struct nd_tabletype *t, struct nd_expr *cells)
{
    uint32_t row = nd_u_new_local(u), i, k;

    if (!cells) {
        nd_u_op(u, ND_VM_HEAD, 0, 0, (int32_t)t->index);
        return;
    }
    nd_u_literal(u, cells);
    nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)row);
    nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)row);
    nd_u_int(u, 0, &nd_type_u64);
    for (i = 0; i + 1 < t->type->nelems; i++) {
        for (k = 0; k < ND_LEVELS; k++)
            add_level(u, t, row, i, k);
    }
    nd_u_op(u, ND_VM_ROW, 0, 0, (int32_t)t->index);
}
