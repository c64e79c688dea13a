// SPDX-License-Identifier: GPL-2.0-or-later
// The typing of what user space reads besides maps and events: counters of devices and paths, bytes
// of a buf, lines of a file. A script reads only files that options name. Serves the
// built-ins.
#include "compiler/check/check_impl.h"

#include <string.h>

static bool is_error(const struct nd_expr *e)
{
    return e->type->kind == ND_T_ERROR;
}

static void want_text(struct nd_check *c, struct nd_expr *e, uint32_t i)
{
    if (!nd_type_is_text(e->args.v[i]->type) && !is_error(e->args.v[i]))
        nd_check_bad_arg(c, e, i, "a string");
}

static const char *const path_counts[ND_PATHC_ASK_MAX] = {
    [ND_PATHC_STARTED] = "started",     [ND_PATHC_DONE] = "done",
    [ND_PATHC_AGAIN] = "again",         [ND_PATHC_UNMATCHED] = "unmatched",
    [ND_PATHC_REHIT] = "rehit",         [ND_PATHC_ORDER] = "order",
    [ND_PATHC_LOST] = "lost",           [ND_PATHC_UNDER_WAY] = "under_way",
    [ND_PATHC_ELSEWHERE] = "elsewhere", [ND_PATHC_VANISHED] = "vanished",
};

static bool is_path(const struct nd_expr *e)
{
    return e->type->kind == ND_T_ENUM && e->type->name && !strcmp(e->type->name, ND_PATH_ENUM);
}

// Both names become numbers; a path can also be a value.
struct nd_type *nd_check_path_count(struct nd_check *c, struct nd_expr *e,
                                    const struct nd_builtin *b)
{
    struct nd_expr **x = e->args.v;
    uint32_t i;

    for (i = is_path(x[0]); i < 2; i++) {
        if (x[i]->kind != ND_E_STRING) {
            if (!is_error(x[i]))
                nd_error(c->d, ND_E0313, x[i]->span, "path_count() expects %s here",
                         i ? "a string literal" : "a path");
            return nd_ty(b->type);
        }
    }
    if (!is_path(x[0])) {
        for (i = 0; i < c->p->paths.n && strcmp(c->p->paths.v[i]->decl->name, x[0]->str) != 0; i++)
            ;
        e->num = i;
        if (i == c->p->paths.n)
            nd_error(c->d, ND_E0212, x[0]->span, "there is no path '%s'", x[0]->str);
    }
    for (i = 0; i < ND_PATHC_ASK_MAX && strcmp(path_counts[i], x[1]->str) != 0; i++)
        ;
    e->index = i;
    if (i == ND_PATHC_ASK_MAX)
        nd_help(c->d, nd_error(c->d, ND_E0212, x[1]->span, "a path has no counter '%s'", x[1]->str),
                "started, done, lost, under_way, again, unmatched, rehit, order");
    return nd_ty(b->type);
}

static const char *const link_names[] = {
#define ND_LINK_NAME(name) #name,
    ND_LINK_STATS(ND_LINK_NAME)
#undef ND_LINK_NAME
};

// The name becomes its number.
struct nd_type *nd_check_link_stat(struct nd_check *c, struct nd_expr *e,
                                   const struct nd_builtin *b)
{
    struct nd_expr *x = e->args.v[1];
    struct nd_near near = {.name = x->kind == ND_E_STRING ? x->str : ""};
    struct nd_diag *d;
    uint32_t i;

    want_text(c, e, 0);
    if (x->kind != ND_E_STRING) {
        if (!is_error(x))
            nd_error(c->d, ND_E0313, x->span, "link_stat() expects a string literal here");
        return nd_ty(b->type);
    }
    for (i = 0; i < ND_LINK_MAX; i++) {
        if (!strcmp(link_names[i], x->str)) {
            e->index = i;
            return nd_ty(b->type);
        }
        nd_near_try(&near, link_names[i]);
    }
    d = nd_error(c->d, ND_E0212, x->span, "a device has no counter '%s'", x->str);
    if (near.n)
        nd_fix(c->d, d, near.best[0]);
    else
        nd_help(c->d, d, "rx_packets, tx_bytes, rx_errors, tx_dropped, …: docs/language.md");
    return nd_ty(b->type);
}

// How many bytes: where the script says it as a constant, it must be one of these.
static void check_width(struct nd_check *c, struct nd_expr *e)
{
    bool ip = e->builtin->id == ND_B_GET_IP;
    int64_t n;

    nd_check_want_int(c, e, 2);
    if (!nd_check_const_int(c, e->args.v[2], &n))
        return;
    if (ip ? n != 4 && n != 16 : n != 1 && n != 2 && n != 4 && n != 8)
        nd_error(c->d, ND_E0317, e->args.v[2]->span,
                 ip ? "an address has 4 or 16 bytes" : "a number has 1, 2, 4 or 8 bytes");
}

struct nd_type *nd_check_get(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    if (e->args.v[0]->type->kind != ND_T_BUF && !is_error(e->args.v[0]))
        nd_check_bad_arg(c, e, 0, "a buf");
    nd_check_want_int(c, e, 1);
    if (e->args.n > 2)
        check_width(c, e);
    return nd_ty(b->type);
}

struct nd_type *nd_check_file(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    const struct nd_expr *x = e->args.v[0];
    uint32_t i;

    if (!is_error(x) && (!x->sym || !x->sym->option || x->sym->option->kind != ND_OPT_PATH))
        nd_help(
            c->d,
            nd_error(c->d, ND_E0302, x->span, "%s() expects an option of type path here", e->name),
            "scripts read only files that were named on the command line: option file: path");
    for (i = 1; i < e->args.n; i++) {
        if (i < 3)
            nd_check_want_int(c, e, i);
        else
            want_text(c, e, i);
    }
    return nd_ty(b->type);
}

// ---- texts of the kernel -----------------------------------------------------------------------

enum of { NONE, NUMBER, NUMBERS, DEVICE };

static const struct {
    const char *name;
    enum of of;
} sources[] = {
#define ND_SOURCE(id, name, of, ...) {name, of},
#include "runtime/common/sources.def"
};

// What it is of: as many as the text needs, a number or a device.
static void check_of(struct nd_check *c, struct nd_expr *e, enum of of, bool line)
{
    static const char *const usage[] = {
        [NONE] = "",
        [NUMBER] = ", number",
        [NUMBERS] = ", process, descriptor",
        [DEVICE] = ", device",
    };
    uint32_t n = 1 + (of == NUMBERS ? 2 : of != NONE) + line, i;
    const char *name = e->args.v[0]->str;

    if (e->args.n != n) {
        nd_help(c->d,
                nd_error(c->d, ND_E0301, e->span, "%s(\"%s\") takes %u argument%s, not %u", e->name,
                         name, n, n == 1 ? "" : "s", e->args.n),
                "usage: %s(\"%s\"%s%s)", e->name, name, usage[of], line ? ", line" : "");
        return;
    }
    for (i = 1; i < e->args.n; i++) {
        if (of == DEVICE && i == 1)
            want_text(c, e, i);
        else
            nd_check_want_int(c, e, i);
    }
}

// The name becomes its number.
struct nd_type *nd_check_source(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    struct nd_expr *x = e->args.v[0];
    struct nd_near near = {.name = x->kind == ND_E_STRING ? x->str : ""};
    struct nd_diag *d;
    uint32_t i;

    if (x->kind != ND_E_STRING) {
        if (!is_error(x))
            nd_error(c->d, ND_E0313, x->span, "%s() expects a string literal here", e->name);
        return nd_ty(b->type);
    }
    for (i = 0; i < ND_LINES_MAX; i++) {
        if (!strcmp(sources[i].name, x->str)) {
            e->index = i;
            c->p->texts |= 1ull << i;
            check_of(c, e, sources[i].of, b->id == ND_B_SOURCE_LINE);
            return nd_ty(b->type);
        }
        nd_near_try(&near, sources[i].name);
    }
    d = nd_error(c->d, ND_E0212, x->span, "there is no source '%s'", x->str);
    if (near.n)
        nd_fix(c->d, d, near.best[0]);
    else
        nd_help(c->d, d, "stat, interrupts, processes, process/stat, …: docs/language.md");
    return nd_ty(b->type);
}

struct nd_type *nd_check_number(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    nd_check_want_int(c, e, 0);
    return nd_ty(b->type);
}

struct nd_type *nd_check_word(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    want_text(c, e, 0);
    nd_check_want_int(c, e, 1);
    if (e->args.n > 2)
        want_text(c, e, 2);
    return nd_ty(b->type);
}
