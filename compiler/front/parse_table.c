// SPDX-License-Identifier: GPL-2.0-or-later
// Declarations of tables: what the words after a column's type say. They are names everywhere else.
// Must not know meaning. Serves the grammar.
#include "compiler/front/parse.h"
#include "runtime/common/spec.h"

#include <string.h>

static void expected(struct nd_parse *p, struct nd_span at, const char *word)
{
    nd_help(
        p->diags, nd_error(p->diags, ND_E0101, at, "unexpected '%s'", word),
        "after a column's type come \"title\", \"%%format\", unit NAME, warn > LIMIT and error > "
        "LIMIT");
}

static void twice(struct nd_parse *p, struct nd_span at, const char *what)
{
    nd_error(p->diags, ND_E0101, at, "this column has a %s already", what);
}

struct nd_decl *nd_parse_table(struct nd_parse *p, struct nd_span span, const char *word,
                               struct nd_span at, const char *name, struct nd_span name_span,
                               const struct nd_columns *columns)
{
    struct nd_decl *d = nd_decl_new(p->arena, ND_D_TABLE, span);

    if (strcmp(word, "table"))
        nd_help(p->diags, nd_error(p->diags, ND_E0101, at, "unexpected '%s'", word),
                "table %s { name: type, ... }, event %s { ... } or struct %s { ... }", name, name,
                name);
    d->name = name;
    d->name_span = name_span;
    d->columns = *columns;
    return d;
}

// Has it a conversion? "FULL%" and "% of all" are titles.
static bool is_format(const char *s)
{
    struct nd_spec spec;

    while ((s = nd_spec_next(s, &spec))) {
        if (nd_spec_class(spec.conv) != ND_SPEC_UNKNOWN && !(spec.flags & ND_SPEC_SPACE))
            return true;
    }
    return false;
}

struct nd_column nd_parse_column_text(struct nd_parse *p, struct nd_column c, struct nd_span at,
                                      const char *text)
{
    if (!c.title && !c.format && !is_format(text)) {
        c.title = text;
        return c;
    }
    if (c.format)
        twice(p, at, "format");
    c.format = text;
    c.format_span = at;
    return c;
}

struct nd_column nd_parse_column_unit(struct nd_parse *p, struct nd_column c, const char *word,
                                      struct nd_span at, const char *unit, struct nd_span unit_span,
                                      bool text)
{
    if (strcmp(word, "unit"))
        expected(p, at, word);
    else if (c.unit)
        twice(p, at, "unit");
    c.unit = unit;
    c.unit_span = unit_span;
    c.unit_text = text;
    return c;
}

struct nd_column nd_parse_column_level(struct nd_parse *p, struct nd_column c, const char *word,
                                       struct nd_span at, enum nd_op op, struct nd_expr *than)
{
    uint32_t i = !strcmp(word, "warn") ? ND_LEVEL_WARN : ND_LEVEL_ERROR;

    if (i == ND_LEVEL_ERROR && strcmp(word, "error") != 0)
        expected(p, at, word);
    else if (c.level[i].op)
        twice(p, at, word);
    c.level[i].op = op;
    c.level[i].than = than;
    return c;
}
