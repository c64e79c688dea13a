// SPDX-License-Identifier: GPL-2.0-or-later
// One line for each thing, indented by depth.
#include "compiler/dump.h"

#include "compiler/lower/lower.h"

void nd_dump_sources(const struct nd_unit *u, FILE *out)
{
    uint32_t i;

    for (i = 0; i < u->sources.n; i++)
        fprintf(out, "source %u %s, %zu bytes\n", i, u->sources.v[i].path, u->sources.v[i].size);
}

// ---- the tree -----------------------------------------------------------------------------------

static void indent(FILE *out, uint32_t depth)
{
    fprintf(out, "%*s", (int)depth * 2, "");
}

static void expr(struct nd_expr *e, FILE *out, uint32_t depth)
{
    static const char *const kinds[] = {
        [ND_E_INT] = "int",          [ND_E_DOUBLE] = "double",
        [ND_E_STRING] = "string",    [ND_E_IDENT] = "name",
        [ND_E_VAR] = "variable",     [ND_E_MAP] = "map",
        [ND_E_UNARY] = "unary",      [ND_E_BINARY] = "binary",
        [ND_E_COND] = "cond",        [ND_E_CAST] = "cast",
        [ND_E_SIZEOF] = "sizeof",    [ND_E_OFFSETOF] = "offsetof",
        [ND_E_HAS_FIELD] = "field?", [ND_E_CONTAINER_OF] = "container_of",
        [ND_E_CALL] = "call",        [ND_E_FIELD] = "field",
        [ND_E_INDEX] = "index",      [ND_E_TUPLE] = "tuple",
        [ND_E_BLOCK] = "block",      [ND_E_IN] = "in",
        [ND_E_ERROR] = "error",
    };
    uint32_t i;

    if (!e)
        return;
    indent(out, depth);
    fprintf(out, "%s", kinds[e->kind]);
    if (e->op)
        fprintf(out, " %s", nd_op_text(e->op));
    if (e->name)
        fprintf(out, " %s", e->name);
    if (e->kind == ND_E_INT)
        fprintf(out, " %llu", (unsigned long long)e->num);
    if (e->kind == ND_E_STRING)
        fprintf(out, " \"%.*s\"", (int)e->len, e->str);
    fputc('\n', out);
    expr(e->a, out, depth + 1);
    expr(e->b, out, depth + 1);
    expr(e->c, out, depth + 1);
    for (i = 0; i < e->args.n; i++)
        expr(e->args.v[i], out, depth + 1);
}

static void block(const struct nd_block *b, FILE *out, uint32_t depth)
{
    static const char *const kinds[] = {
        [ND_S_EXPR] = "expression", [ND_S_ASSIGN] = "assign",
        [ND_S_LET] = "let",         [ND_S_IF] = "if",
        [ND_S_WHILE] = "while",     [ND_S_FOR_RANGE] = "for range",
        [ND_S_FOR_MAP] = "for map", [ND_S_UNROLL] = "unroll",
        [ND_S_BREAK] = "break",     [ND_S_CONTINUE] = "continue",
        [ND_S_RETURN] = "return",   [ND_S_BLOCK] = "block",
        [ND_S_SEND] = "send",       [ND_S_TEXT] = "text",
    };
    uint32_t i, k;

    for (i = 0; b && i < b->n; i++) {
        const struct nd_stmt *s = b->v[i];

        indent(out, depth);
        fprintf(out, "%s %s\n", s->kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[s->kind] : "?",
                s->name ? s->name : "");
        expr(s->expr, out, depth + 1);
        expr(s->rhs, out, depth + 1);
        expr(s->hi, out, depth + 1);
        for (k = 0; k < s->fields.n; k++)
            expr(s->fields.v[k].expr, out, depth + 1);
        block(s->body, out, depth + 1);
        block(s->else_body, out, depth + 1);
    }
}

static void decl(const struct nd_decl *d, FILE *out)
{
    static const char *const kinds[] = {
        [ND_D_USE] = "use",     [ND_D_OPTION] = "option", [ND_D_CONST] = "const",
        [ND_D_FN] = "fn",       [ND_D_STRUCT] = "struct", [ND_D_EVENT] = "event",
        [ND_D_MAP] = "map",     [ND_D_PROBE] = "probe",   [ND_D_BEGIN] = "begin",
        [ND_D_END] = "end",     [ND_D_EVERY] = "every",   [ND_D_ON] = "on",
        [ND_D_TABLE] = "table", [ND_D_PATH] = "path",     [ND_D_STAGE] = "stage",
        [ND_D_NEEDS] = "needs",
    };
    uint32_t i;

    fprintf(out, "%s %s", kinds[d->kind], d->name ? d->name : "");
    for (i = 0; i < d->points.n; i++)
        fprintf(out, " %s", d->points.v[i].text);
    fputc('\n', out);
    expr(d->expr, out, 1);
    expr(d->when, out, 1);
    expr(d->pred, out, 1);
    for (i = 0; i < d->fields.n; i++)
        fprintf(out, "  field %s: %s\n", d->fields.v[i].name,
                d->fields.v[i].texpr ? d->fields.v[i].texpr->name : "?");
    for (i = 0; i < d->tries.n; i++) {
        fprintf(out, "  try %s\n", d->tries.v[i].points.n ? d->tries.v[i].points.v[0].text : "");
        expr(d->tries.v[i].pred, out, 2);
        block(d->tries.v[i].body, out, 2);
    }
    for (i = 0; d->path && i < d->path->stages.n; i++) {
        fprintf(out, "  -> %s\n", d->path->stages.v[i].point.text);
        expr(d->path->stages.v[i].cond, out, 2);
    }
    block(d->body, out, 1);
}

void nd_dump_tree(const struct nd_unit *u, FILE *out)
{
    uint32_t i;

    for (i = 0; i < u->program.decls.n; i++)
        decl(u->program.decls.v[i], out);
}

// ---- the program --------------------------------------------------------------------------------

void nd_dump_options(const struct nd_unit *u, FILE *out)
{
    uint32_t i;

    for (i = 0; i < u->program.options.n; i++) {
        const struct nd_option *o = u->program.options.v[i];

        fprintf(out, "option %s: %s, %u x %u bytes at %u\n", o->decl->name, o->decl->texpr->name,
                o->cap, o->stride, o->off);
    }
}

void nd_dump_names(const struct nd_unit *u, FILE *out)
{
    static const char *const kinds[] = {
        [ND_SYM_VAR] = "variable",  [ND_SYM_CONST] = "const", [ND_SYM_MAP] = "map",
        [ND_SYM_OPTION] = "option", [ND_SYM_EVENT] = "event", [ND_SYM_FN] = "fn",
        [ND_SYM_FIELD] = "field",
    };
    uint32_t i;

    for (i = 0; i < u->program.globals.n; i++)
        fprintf(out, "%s %s\n", kinds[u->program.globals.v[i]->kind],
                u->program.globals.v[i]->name);
    for (i = 0; i < u->program.paths.n; i++)
        fprintf(out, "path %s\n", u->program.paths.v[i]->decl->name);
}

void nd_dump_probes(const struct nd_unit *u, FILE *out)
{
    uint32_t i, k;

    for (i = 0; i < u->program.probes.n; i++) {
        const struct nd_probe *pr = u->program.probes.v[i];

        fprintf(out, "program %s\n", pr->name);
        for (k = 0; k < pr->targets.n; k++)
            fprintf(out, "  %s\n", pr->targets.v[k].spec);
        for (k = 0; k < pr->failed.n; k++)
            fprintf(out, "  not %s: %s\n", pr->failed.v[k].spec, pr->failed.v[k].why);
    }
    fprintf(out, "%u left out\n", u->program.left_out.n);
}

void nd_dump_maps(const struct nd_unit *u, FILE *out)
{
    struct nd_types *t = &((struct nd_unit *)(uintptr_t)u)->program.types; // texts are on its arena
    uint32_t i;

    for (i = 0; i < u->program.maps.n; i++) {
        const struct nd_map *m = u->program.maps.v[i];

        fprintf(out, "map %s[%s] = %s, %u entries\n", m->name,
                m->key ? nd_type_text(t, m->key) : "", m->val ? nd_type_text(t, m->val) : "?",
                nd_map_entries(m));
    }
    for (i = 0; i < u->program.events.n; i++) {
        const struct nd_event *ev = u->program.events.v[i];

        fprintf(out, "event %s, %u bytes\n", ev->name, ev->type ? ev->type->size : 0);
    }
    for (i = 0; i < u->program.fns.n; i++) {
        const struct nd_fn *fn = u->program.fns.v[i];

        fprintf(out, "fn %s -> %s\n", fn->decl->name, fn->ret ? nd_type_text(t, fn->ret) : "?");
    }
}

void nd_dump_ir(const struct nd_unit *u, FILE *out)
{
    nd_lower_dump_ir(u->lowered, out);
}

void nd_dump_object(const struct nd_unit *u, FILE *out)
{
    nd_lower_dump_object(u->lowered, out);
}
