// SPDX-License-Identifier: GPL-2.0-or-later
// Works on the text, not on the tree, so that nothing is lost: indentation by open braces, and
// once more for a line that goes on with what the one before began, one space before '{', after ','
// and before a layout, no blanks at line ends, at most one empty line in a row.
#include "compiler/front/fmt.h"

#include <stdbool.h>
#include <string.h>

#define INDENT 4u
#define GOES_ON 4u // of a line that goes on with a statement
#define OPEN_MAX 256u

struct fmt {
    const char *s, *end;
    FILE *out;
    uint32_t depth;      // brackets open at the start of the line
    char open[OPEN_MAX]; // they themselves, as far as there is room
    char last[2];        // the last two characters of code before this line
    bool comment;        // inside a block comment
    uint32_t empty;      // empty lines in a row
    bool started;
};

// A line being written.
struct piece {
    char *v;
    size_t n;
};

static void put(struct piece *p, char c)
{
    p->v[p->n++] = c;
}

static void trim(struct piece *p)
{
    while (p->n && (p->v[p->n - 1] == ' ' || p->v[p->n - 1] == '\t'))
        p->n--;
}

static size_t string_end(const char *s, size_t i, size_t n)
{
    for (i++; i < n && s[i] != '"'; i++) {
        if (s[i] == '\\' && i + 1 < n)
            i++;
    }
    return i < n ? i + 1 : n;
}

static size_t copy_comment(struct fmt *f, struct piece *p, const char *s, size_t i, size_t n)
{
    while (i < n) {
        if (s[i] == '*' && i + 1 < n && s[i + 1] == '/') {
            put(p, '*');
            put(p, '/');
            f->comment = false;
            return i + 2;
        }
        put(p, s[i++]);
    }
    return i;
}

// A bracket opens or closes: one more or one less of depth.
static int bracket(char c)
{
    return c == '{' || c == '(' || c == '[' ? 1 : c == '}' || c == ')' || c == ']' ? -1 : 0;
}

// A layout after a call: report(@m) text {
static bool layout(const char *s, size_t n)
{
    size_t i = 4;

    if (n < 5 || memcmp(s, "text", 4))
        return false;
    while (i < n && (s[i] == ' ' || s[i] == '\t'))
        i++;
    return i < n && s[i] == '{';
}

static void note(struct fmt *f, char c)
{
    int change = bracket(c);

    if (change > 0 && f->depth < OPEN_MAX)
        f->open[f->depth] = c;
    if (change > 0 || f->depth)
        f->depth = (uint32_t)((int)f->depth + change);
    if (c != ' ' && c != '\t') {
        f->last[0] = f->last[1];
        f->last[1] = c;
    }
}

static void format_code(struct fmt *f, struct piece *p, const char *s, size_t n)
{
    size_t i = 0;

    while (i < n) {
        char c = s[i];

        if (f->comment) {
            i = copy_comment(f, p, s, i, n);
            continue;
        }
        if (c == '"') {
            size_t e = string_end(s, i, n);

            while (i < e)
                put(p, s[i++]);
            note(f, '"');
            continue;
        }
        if (c == '/' && i + 1 < n && s[i + 1] == '/') {
            while (i < n)
                put(p, s[i++]);
            continue;
        }
        if (c == '/' && i + 1 < n && s[i + 1] == '*') {
            f->comment = true;
            put(p, '/');
            put(p, '*');
            i += 2;
            continue;
        }
        note(f, c);
        if (p->n && p->v[p->n - 1] == ')' && layout(s + i, n - i))
            put(p, ' ');
        if (c == '{' && p->n && p->v[p->n - 1] != ' ' && p->v[p->n - 1] != '(')
            put(p, ' ');
        if (c == ';' || c == ',')
            trim(p);
        put(p, c);
        i++;
        if ((c == ',' || c == ';') && i < n && s[i] != ' ' && s[i] != '\t')
            put(p, ' ');
    }
    trim(p);
}

// Stages of a path that are on separate lines are aligned:
//   = first
//  -> second
static uint32_t path_indent(const char *s, size_t n)
{
    if (n > 1 && s[0] == '-' && s[1] == '>')
        return 1;
    return n > 1 && s[0] == '=' && s[1] == ' ' ? 2 : 0;
}

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

// Does the line go on with what the code before it left open: between ( and ), after an operator or
// before one? Elements of a list between { and } are lines of their own.
static bool goes_on(const struct fmt *f, const char *s, size_t n)
{
    char inner = f->depth && f->depth <= OPEN_MAX ? f->open[f->depth - 1] : 0;
    char last = f->last[1], next = n > 1 ? s[1] : 0;

    if (inner == '(' || inner == '[')
        return true;
    if (!last || is_one_of(last, ";{}"))
        return false;
    if (last == ',')
        return !f->depth;
    if (is_one_of(last, "=&|?:<%^+-") && !(last == '+' && f->last[0] == '+') &&
        !(last == '-' && f->last[0] == '-'))
        return true;
    return (s[0] == '&' && next == '&') || (s[0] == '|' && next == '|') ||
           (is_one_of(s[0], "?:+%^|<>") && next != s[0]) || (s[0] == '-' && next == ' ');
}

static uint32_t indent_of(const struct fmt *f, const char *s, size_t n)
{
    uint32_t depth = f->depth, braces = 0, k;
    bool more = goes_on(f, s, n);

    for (k = 0; k < n && bracket(s[k]) < 0 && depth; k++)
        depth--;
    for (k = 0; k < depth && k < OPEN_MAX; k++)
        braces += f->open[k] == '{';
    // A line that begins by closing what was open stands as the line that opened it.
    if (k && n && bracket(s[0]) < 0)
        return braces * INDENT;
    return braces * INDENT + (more && !path_indent(s, n) ? GOES_ON : 0) + path_indent(s, n);
}

static void format_line(struct fmt *f, struct nd_arena *a, const char *s, size_t n)
{
    struct piece p = {nd_arena_alloc(a, n * 3 + 8), 0};
    bool in_comment = f->comment;
    uint32_t indent, k;

    if (!in_comment) {
        while (n && (*s == ' ' || *s == '\t'))
            s++, n--;
    }
    while (n && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r'))
        n--;
    if (!n) {
        f->empty++;
        return;
    }
    if (f->started && f->empty)
        fputc('\n', f->out);
    f->empty = 0;
    f->started = true;
    indent = indent_of(f, s, n);
    format_code(f, &p, s, n);
    for (k = 0; k < indent && !in_comment; k++)
        fputc(' ', f->out);
    fwrite(p.v, 1, p.n, f->out);
    fputc('\n', f->out);
}

void nd_fmt_script(const struct nd_source *src, struct nd_arena *a, FILE *out)
{
    struct fmt f = {.s = src->text, .end = src->text + src->size, .out = out};

    while (f.s < f.end) {
        const char *eol = memchr(f.s, '\n', (size_t)(f.end - f.s));

        if (!eol)
            eol = f.end;
        format_line(&f, a, f.s, (size_t)(eol - f.s));
        f.s = eol + 1;
    }
}
