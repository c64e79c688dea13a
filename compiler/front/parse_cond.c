// SPDX-License-Identifier: GPL-2.0-or-later
// Lines that start with #: definitions and conditions. Headers are not read, because types come
// from the kernel's BTF.
#include "compiler/front/parse_impl.h"

#include <string.h>

#define OPEN_MAX 64u // conditions inside each other

// ---- the value of a condition
// --------------------------------------------------------------------

struct eval {
    struct nd_parse *p;
    struct nd_span span;
    const struct tokens *in;
    uint32_t at;
    uint32_t depth;
    bool bad;
};

static int64_t eval_or(struct eval *e, int least);

static int look(const struct eval *e)
{
    return e->at < e->in->n ? e->in->v[e->at].tok : 0;
}

static bool take(struct eval *e, int tok)
{
    if (look(e) != tok)
        return false;
    e->at++;
    return true;
}

// KERNEL_VERSION(5, 10, 0)
static int64_t version(struct eval *e)
{
    uint64_t v[3] = {0};
    int i;

    e->bad |= !take(e, '(');
    for (i = 0; i < 3; i++) {
        v[i] = (uint64_t)eval_or(e, 0);
        if (i < 2)
            e->bad |= !take(e, ',');
    }
    e->bad |= !take(e, ')');
    return (int64_t)(v[0] << 16 | v[1] << 8 | (v[2] > 255 ? 255 : v[2]));
}

static int64_t eval_unary(struct eval *e)
{
    const struct token *t = e->at < e->in->n ? &e->in->v[e->at] : NULL;
    int64_t v;

    if (!t || ++e->depth > OPEN_MAX) {
        e->bad = true;
        return 0;
    }
    e->at++;
    if (t->tok == '!')
        v = !eval_unary(e);
    else if (t->tok == '-')
        v = (int64_t) - (uint64_t)eval_unary(e);
    else if (t->tok == '~')
        v = ~eval_unary(e);
    else if (t->tok == '+')
        v = eval_unary(e);
    else if (t->tok == T_INT)
        v = (int64_t)t->val.num.v;
    else if (t->tok == '(') {
        v = eval_or(e, 0);
        e->bad |= !take(e, ')');
    } else if (t->word && !strcmp(t->word, "KERNEL_VERSION"))
        v = version(e);
    else if (t->word && !strcmp(t->word, "LINUX_VERSION_CODE"))
        v = e->p->given->version;
    else {
        v = 0; // a name that is not defined
        e->bad |= !t->word;
    }
    e->depth--;
    return v;
}

static const struct {
    int tok, level;
} operators[] = {
    {'?', 1},  {T_LOR, 2}, {T_LAND, 3}, {'|', 4},  {'^', 5},  {'&', 6},   {T_EQ, 7},
    {T_NE, 7}, {'<', 8},   {'>', 8},    {T_LE, 8}, {T_GE, 8}, {T_SHL, 9}, {T_SHR, 9},
    {'+', 10}, {'-', 10},  {'*', 11},   {'/', 11}, {'%', 11},
};

static int level_of(int tok)
{
    size_t i;

    for (i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (operators[i].tok == tok)
            return operators[i].level;
    }
    return 0;
}

static int64_t apply(int tok, int64_t a, int64_t b)
{
    uint64_t x = (uint64_t)a, y = (uint64_t)b;

    switch (tok) {
    case T_LOR:
        return a || b;
    case T_LAND:
        return a && b;
    case '|':
        return a | b;
    case '^':
        return a ^ b;
    case '&':
        return a & b;
    case T_EQ:
        return a == b;
    case T_NE:
        return a != b;
    case '<':
        return a < b;
    case '>':
        return a > b;
    case T_LE:
        return a <= b;
    case T_GE:
        return a >= b;
    case T_SHL:
        return (int64_t)(x << (y & 63));
    case T_SHR:
        return (int64_t)(x >> (y & 63));
    case '+':
        return (int64_t)(x + y);
    case '-':
        return (int64_t)(x - y);
    case '*':
        return (int64_t)(x * y);
    case '/':
        return b && !(b == -1 && a == INT64_MIN) ? a / b : 0;
    default:
        return b && b != -1 ? a % b : 0;
    }
}

// All operators that bind tighter than `least`.
static int64_t eval_or(struct eval *e, int least)
{
    int64_t v = eval_unary(e), b, other;

    while (level_of(look(e)) > least && !e->bad) {
        int tok = look(e);

        e->at++;
        if (tok != '?') {
            v = apply(tok, v, eval_or(e, level_of(tok)));
            continue;
        }
        b = eval_or(e, 0);
        e->bad |= !take(e, ':');
        other = eval_or(e, 0);
        v = v ? b : other;
    }
    return v;
}

static bool defined(const struct nd_parse *p, const char *name)
{
    static const char *const always[] = {
        "BPFTRACE_HAVE_BTF",
#if defined(__x86_64__)
        "__x86_64__",
#elif defined(__aarch64__)
        "__aarch64__",
#endif
    };
    size_t i;

    for (i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
        if (!strcmp(always[i], name))
            return true;
    }
    return nd_parse_macro(p, name) != NULL;
}

// defined NAME, defined(NAME): before macros are expanded.
static void answer_defined(struct nd_parse *p, const struct tokens *in, struct tokens *out)
{
    uint32_t i;

    for (i = 0; i < in->n; i++) {
        struct token t = in->v[i];
        bool paren = i + 3 < in->n && in->v[i + 1].tok == '(' && in->v[i + 3].tok == ')';
        uint32_t name = i + 1 + paren;

        if (t.word && !strcmp(t.word, "defined") && name < in->n && in->v[name].word) {
            t.tok = T_INT;
            t.word = NULL;
            memset(&t.val, 0, sizeof(t.val));
            t.val.num.v = defined(p, in->v[name].word);
            i = name + paren;
        }
        *ND_PUSH(p->arena, out) = t;
    }
}

static bool condition(struct nd_parse *p, struct nd_span span, const char *text, size_t n)
{
    struct tokens raw = {0}, asked = {0}, whole = {0};
    struct eval e = {.p = p, .span = span, .in = &whole};
    int64_t v;

    nd_parse_tokens(p, text, n, span, &raw);
    answer_defined(p, &raw, &asked);
    nd_parse_expand(p, &asked, &whole);
    v = eval_or(&e, 0);
    if (e.bad || e.at < whole.n)
        nd_help(p->diags, nd_error(p->diags, ND_E0111, span, "this condition cannot be evaluated"),
                "it may have numbers, macros, defined(NAME) and the operators of C");
    return v != 0;
}

// ---- directives
// ----------------------------------------------------------------------------------

#define BLANKS " \t\r\f\v"

struct line {
    struct nd_span span;
    const char *s, *end; // what comes after the directive's name
    struct nd_span rest;
};

static size_t skip_blanks(struct line *l)
{
    size_t n = 0;

    while (l->s + n < l->end && strchr(BLANKS, l->s[n]))
        n++;
    l->s += n;
    l->rest.off += (uint32_t)n;
    l->rest.len -= (uint32_t)n;
    return n;
}

static const char *take_name(struct nd_parse *p, struct line *l)
{
    static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    const char *from = l->s;

    skip_blanks(l);
    from = l->s;
    while (l->s < l->end && strchr(chars, *l->s))
        l->s++;
    l->rest.off += (uint32_t)(l->s - from);
    l->rest.len -= (uint32_t)(l->s - from);
    return l->s == from || (*from >= '0' && *from <= '9')
               ? NULL
               : nd_arena_strndup(p->arena, from, (size_t)(l->s - from));
}

static void malformed(struct nd_parse *p, const struct line *l, const char *help)
{
    nd_help(p->diags, nd_error(p->diags, ND_E0111, l->span, "this directive is not complete"), "%s",
            help);
}

static bool take_char(struct line *l, char c)
{
    skip_blanks(l);
    if (l->s >= l->end || *l->s != c)
        return false;
    l->s++;
    l->rest.off++;
    l->rest.len--;
    return true;
}

static bool take_params(struct nd_parse *p, struct line *l, struct macro *m)
{
    m->call = true;
    if (take_char(l, ')'))
        return true;
    do {
        const char *name = take_name(p, l);

        if (!name)
            return false;
        *ND_PUSH(p->arena, &m->params) = (struct nd_point){.text = name, .span = l->span};
    } while (take_char(l, ','));
    return take_char(l, ')');
}

static void define(struct nd_parse *p, struct line *l)
{
    struct macro *m = ND_NEW(p->arena, struct macro);

    m->name = take_name(p, l);
    if (!m->name) {
        malformed(p, l, "#define NAME value, or #define NAME(a, b) expression");
        return;
    }
    if (l->s < l->end && *l->s == '(') {
        take_char(l, '(');
        if (!take_params(p, l, m)) {
            malformed(p, l, "the parameters of a macro are names: #define NAME(a, b) expression");
            return;
        }
    }
    skip_blanks(l);
    m->body = nd_arena_strndup(p->arena, l->s, (size_t)(l->end - l->s));
    m->nbody = (uint32_t)(l->end - l->s);
    m->span = l->rest;
    *ND_PUSH(p->arena, &p->macros->all) = m;
}

static void undef(struct nd_parse *p, struct line *l)
{
    const char *name = take_name(p, l);
    struct macro *m = name ? nd_parse_macro(p, name) : NULL;

    if (!name)
        malformed(p, l, "#undef NAME");
    if (m)
        m->gone = true;
}

static struct condition *innermost(struct nd_parse *p)
{
    return p->macros->conditions.n ? &p->macros->conditions.v[p->macros->conditions.n - 1] : NULL;
}

static void open_condition(struct nd_parse *p, struct line *l,
                           bool (*holds)(struct nd_parse *p, struct line *l))
{
    const struct condition *up = innermost(p);
    struct condition c = {.span = l->span, .skipped = up && (up->skips || up->skipped)};

    if (p->macros->conditions.n >= OPEN_MAX) {
        nd_error(p->diags, ND_E0109, l->span, "conditions are nested more than %u deep", OPEN_MAX);
        p->stopped = true;
        return;
    }
    c.taken = !c.skipped && holds(p, l);
    c.skips = !c.taken;
    *ND_PUSH(p->arena, &p->macros->conditions) = c;
}

static bool holds_if(struct nd_parse *p, struct line *l)
{
    return condition(p, l->rest, l->s, (size_t)(l->end - l->s));
}

static bool holds_ifdef(struct nd_parse *p, struct line *l)
{
    const char *name = take_name(p, l);

    if (!name)
        malformed(p, l, "#ifdef NAME");
    return name && defined(p, name);
}

static bool holds_ifndef(struct nd_parse *p, struct line *l)
{
    return !holds_ifdef(p, l);
}

static void on_if(struct nd_parse *p, struct line *l)
{
    open_condition(p, l, holds_if);
}

static void on_ifdef(struct nd_parse *p, struct line *l)
{
    open_condition(p, l, holds_ifdef);
}

static void on_ifndef(struct nd_parse *p, struct line *l)
{
    open_condition(p, l, holds_ifndef);
}

static struct condition *branch(struct nd_parse *p, const struct line *l)
{
    struct condition *c = innermost(p);

    if (c && !c->last)
        return c;
    nd_help(p->diags,
            nd_error(p->diags, ND_E0111, l->span,
                     c ? "this comes after the #else of its condition"
                       : "there is no condition that this belongs to"),
            "a condition starts with #if, #ifdef or #ifndef and ends with #endif");
    return NULL;
}

static void on_elif(struct nd_parse *p, struct line *l)
{
    struct condition *c = branch(p, l);

    if (!c)
        return;
    c->skips = c->skipped || c->taken || !holds_if(p, l);
    c->taken |= !c->skips;
}

static void on_else(struct nd_parse *p, struct line *l)
{
    struct condition *c = branch(p, l);

    if (!c)
        return;
    c->skips = c->skipped || c->taken;
    c->taken = c->last = true;
}

static void on_endif(struct nd_parse *p, struct line *l)
{
    struct condition *c = innermost(p);

    if (c)
        p->macros->conditions.n--;
    else
        branch(p, l);
}

static void on_error(struct nd_parse *p, struct line *l)
{
    skip_blanks(l);
    nd_error(p->diags, ND_E0111, l->span, "#error %.*s", (int)(l->end - l->s), l->s);
}

static void nothing(struct nd_parse *p, struct line *l)
{
    (void)p;
    (void)l;
}

static const struct {
    const char *name;
    void (*run)(struct nd_parse *p, struct line *l);
    bool condition; // also in what is skipped
} directives[] = {
    {"define", define, false},  {"undef", undef, false},          {"include", nothing, false},
    {"if", on_if, true},        {"ifdef", on_ifdef, true},        {"ifndef", on_ifndef, true},
    {"elif", on_elif, true},    {"else", on_else, true},          {"endif", on_endif, true},
    {"error", on_error, false}, {"warning", nothing, false},      {"pragma", nothing, false},
    {"line", nothing, false},   {"include_next", nothing, false},
};

// The text with blanks where a backslash continues a line.
static const char *joined_lines(struct nd_parse *p, const char *text, size_t n)
{
    char *s = nd_arena_strndup(p->arena, text, n);
    size_t i;

    for (i = 0; i + 1 < n; i++) {
        if (s[i] != '\\' || (s[i + 1] != '\n' && s[i + 1] != '\r'))
            continue;
        s[i] = ' ';
        while (i + 1 < n && (s[i + 1] == '\n' || s[i + 1] == '\r'))
            s[++i] = ' ';
    }
    return s;
}

bool nd_parse_directive(struct nd_parse *p, struct nd_span span, const char *text, size_t n)
{
    struct line l = {.span = span, .rest = span};
    const struct condition *c;
    const char *name;
    bool skips;
    size_t i;

    if (!p->macros)
        p->macros = ND_NEW(p->arena, struct nd_macros);
    if (p->macros->inside) {
        nd_error(p->diags, ND_E0111, span, "macros cannot have # or ## in them");
        return false;
    }
    l.s = joined_lines(p, text, n);
    l.end = l.s + n;
    take_char(&l, '#');
    name = take_name(p, &l);
    c = innermost(p);
    skips = c && (c->skips || c->skipped);
    for (i = 0; i < sizeof(directives) / sizeof(directives[0]); i++) {
        if (name && !strcmp(directives[i].name, name))
            break;
    }
    if (i == sizeof(directives) / sizeof(directives[0])) {
        if (!skips)
            nd_help(p->diags,
                    nd_error(p->diags, ND_E0111, span, "this preprocessor directive is not known"),
                    "known: #define #undef #if #ifdef #ifndef #elif #else #endif #error; #include "
                    "is skipped, because types come from BTF");
    } else if (!skips || directives[i].condition) {
        directives[i].run(p, &l);
    }
    c = innermost(p);
    return c && (c->skips || c->skipped);
}

void nd_parse_end(struct nd_parse *p)
{
    const struct condition *c = p->macros ? innermost(p) : NULL;

    if (!c || p->macros->inside)
        return;
    nd_help(p->diags, nd_error(p->diags, ND_E0111, c->span, "this condition does not end"),
            "close it with #endif");
    p->macros->conditions.n = 0;
}
