// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a JSON list of flat objects into the lists of options: [{"src_ip": "10.0.0.1", "port":
// 80}]. What is null, 0, "", "all" or "any" is as if it were missing. Must not know what options
// are for.
#include "runtime/cli/optfile.h"

#include "runtime/cli/value.h"
#include "runtime/common/msg.h"
#include "runtime/sources/textfile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 256u

struct reader {
    const struct nd_mf *mf;
    struct nd_options *out;
    uint32_t file; // index of the option that names it
    const char *path;
    char *text, *p;
    uint32_t row;
};

static int fail(const struct reader *r, const char *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static int fail(const struct reader *r, const char *at, const char *fmt, ...)
{
    uint32_t line = 1, col = 1;
    char why[400];
    const char *p, *begin = r->text;
    va_list ap;

    for (p = r->text; p < at; p++, col++) {
        if (*p == '\n') {
            line++;
            col = 0;
            begin = p + 1;
        }
    }
    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    nd_msg_in(r->path, begin, line, col, why, strlen(why));
    return -EINVAL;
}

static char next(struct reader *r)
{
    r->p += strspn(r->p, " \t\r\n");
    return *r->p;
}

static int want(struct reader *r, char c, const char *where)
{
    if (next(r) != c)
        return fail(r, r->p, "expected '%c' %s", c, where);
    r->p++;
    return 0;
}

// A string after its first quote.
static int read_string(struct reader *r, char *out)
{
    const char *start = r->p++;
    uint32_t n = 0;

    while (*r->p != '"') {
        if (!*r->p || *r->p == '\n')
            return fail(r, start, "the string does not end on its line");
        if (*r->p == '\\' && (!*++r->p || !strchr("\"\\/", *r->p)))
            return fail(r, r->p - 1, "a backslash must be followed by \", \\ or /");
        if (n == TEXT_MAX - 1)
            return fail(r, start, "a string can have at most %u bytes", TEXT_MAX - 1);
        out[n++] = *r->p++;
    }
    out[n] = 0;
    r->p++;
    return 0;
}

static int read_value(struct reader *r, char *out)
{
    size_t n;

    if (next(r) == '"')
        return read_string(r, out);
    n = strcspn(r->p, " \t\r\n,:[]{}\"");
    if (!n || n >= TEXT_MAX)
        return fail(r, r->p, "expected a string, a number or null");
    memcpy(out, r->p, n);
    out[n] = 0;
    if (strspn(out, "-.0123456789eE+xabcdefABCDEF") != n && strcmp(out, "null"))
        return fail(r, r->p, "expected a string, a number or null, not %s", out);
    r->p += n;
    return 0;
}

static bool is_nothing(const char *text)
{
    static const char *const none[] = {"", "0", "null", "all", "any"};
    size_t i;

    for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        if (!strcmp(text, none[i]))
            return true;
    }
    return false;
}

static const struct nd_mf_option *column(const struct reader *r, const char *key)
{
    uint32_t i;

    for (i = 0; i < r->mf->noptions; i++) {
        const struct nd_mf_option *o = &r->mf->options[i];

        if (o->file == r->file && !strcmp(nd_mf_str(r->mf, o->key), key))
            return o;
    }
    return NULL;
}

static int unknown_key(const struct reader *r, const char *at, const char *key)
{
    char known[300] = "";
    size_t n = 0;
    uint32_t i;

    for (i = 0; i < r->mf->noptions && n < sizeof(known); i++) {
        if (r->mf->options[i].file == r->file)
            n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", n ? ", " : "",
                                  nd_mf_str(r->mf, r->mf->options[i].key));
    }
    return fail(r, at, "'%s' is not one of %s", key, known);
}

static int read_member(struct reader *r)
{
    char key[TEXT_MAX], text[TEXT_MAX];
    const struct nd_mf_option *o;
    const char *at;
    struct nd_why why;

    if (next(r) != '"')
        return fail(r, r->p, "expected a name in quotes");
    at = r->p;
    if (read_string(r, key))
        return -EINVAL;
    o = column(r, key);
    if (!o)
        return unknown_key(r, at, key);
    if (want(r, ':', "after the name"))
        return -EINVAL;
    next(r);
    at = r->p;
    if (read_value(r, text))
        return -EINVAL;
    if (is_nothing(text))
        return 0;
    if (nd_value_parse(r->mf, o, text, r->out->data + o->off + (size_t)r->row * o->stride, &why))
        return fail(r, at, "%s: %s", key, why.text);
    return 0;
}

// The rows that there are, in each list.
static void count_rows(const struct reader *r)
{
    static const uint32_t yes = 1;
    uint32_t i;

    for (i = 0; i < r->mf->noptions; i++) {
        const struct nd_mf_option *o = &r->mf->options[i];

        if (o->file != r->file)
            continue;
        memcpy(r->out->data + o->count_off, &r->row, sizeof(r->row));
        memcpy(r->out->data + o->given_off, &yes, sizeof(yes));
    }
}

static uint32_t rows_max(const struct reader *r)
{
    uint32_t i, max = UINT32_MAX;

    for (i = 0; i < r->mf->noptions; i++) {
        if (r->mf->options[i].file == r->file && r->mf->options[i].cap < max)
            max = r->mf->options[i].cap;
    }
    return max;
}

static int read_object(struct reader *r)
{
    if (next(r) == '{' && r->row == rows_max(r))
        return fail(r, r->p, "there can be at most %u objects", r->row);
    if (want(r, '{', "for an object"))
        return -EINVAL;
    while (next(r) != '}') {
        if (read_member(r))
            return -EINVAL;
        if (next(r) == ',' && (r->p++, next(r)) != '}')
            continue;
        if (next(r) != '}' || r->p[-1] == ',')
            return fail(r, r->p, "expected ',' and a name, or '}'");
    }
    r->p++;
    r->row++;
    return 0;
}

static int read_list(struct reader *r)
{
    if (want(r, '[', "for a list of objects"))
        return -EINVAL;
    while (next(r) != ']') {
        if (r->row && want(r, ',', "or ']' after an object"))
            return -EINVAL;
        if (read_object(r))
            return -EINVAL;
    }
    r->p++;
    if (next(r))
        return fail(r, r->p, "there is something after the list");
    return 0;
}

static int load(struct reader *r)
{
    const char *why;
    size_t size;

    r->text = nd_textfile_read(r->path, &size, &why);
    if (r->text)
        return 0;
    nd_msg("error: cannot read %s: %s", r->path, why);
    return -EINVAL;
}

static bool has_columns(const struct nd_mf *mf, uint32_t file)
{
    uint32_t i;

    for (i = 0; i < mf->noptions; i++) {
        if (mf->options[i].file == file)
            return true;
    }
    return false;
}

int nd_optfile_fill(const struct nd_mf *mf, struct nd_options *out)
{
    uint32_t i;
    int err = 0;

    for (i = 0; i < mf->noptions && !err; i++) {
        struct reader r = {.mf = mf, .out = out, .file = i, .path = out->values[i]};

        if (!has_columns(mf, i) || !out->values[i])
            continue;
        err = load(&r);
        r.p = r.text;
        if (!err)
            err = read_list(&r);
        if (!err)
            count_rows(&r);
        free(r.text);
    }
    return err;
}
