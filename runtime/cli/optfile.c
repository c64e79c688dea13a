// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a JSON list of flat objects into the lists of options: [{"src_ip": "10.0.0.1", "port":
// 80}]. What is null, 0, "", "all" or "any" is as if it were missing. Must not know what options
// are for.
#include "runtime/cli/optfile.h"

#include "runtime/cli/optvalue.h"
#include "runtime/common/msg.h"
#include "runtime/sources/textfile.h"

#include <errno.h>
#include <jansson.h>
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
    char *text;
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

// ---- places -------------------------------------------------------------------------------------
// The library says where a syntax error is, but not where a value was. These find it, for the
// message only, in a text that the library has accepted.

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t\r\n,:"); // and what separates values
}

static const char *skip_string(const char *p)
{
    for (p++; *p != '"'; p++)
        p += *p == '\\';
    return p + 1;
}

static const char *skip_value(const char *p)
{
    int depth = 0;

    do {
        if (*p == '"') {
            p = skip_string(p);
        } else if (strchr("[]{}", *p)) {
            depth += *p == '[' || *p == '{' ? 1 : -1;
            p++;
        } else {
            p += strcspn(p, " \t\r\n,:[]{}\"");
        }
        p = depth ? skip_blanks(p) : p;
    } while (depth);
    return p;
}

static const char *find_row(const struct reader *r)
{
    const char *p = skip_blanks(skip_blanks(r->text) + 1);
    uint32_t i;

    for (i = 0; i < r->row; i++)
        p = skip_blanks(skip_value(p));
    return p;
}

static bool is_key(const char *p, const char *key)
{
    json_t *name = json_loadb(p, (size_t)(skip_string(p) - p), JSON_DECODE_ANY, NULL);
    bool same = name && !strcmp(json_string_value(name), key);

    json_decref(name);
    return same;
}

// The name in this row; if it is there twice the last one, whose value counts.
static const char *find_key(const struct reader *r, const char *key)
{
    const char *p = skip_blanks(find_row(r) + 1), *found = p;

    while (*p == '"') {
        if (is_key(p, key))
            found = p;
        p = skip_blanks(skip_value(skip_blanks(skip_string(p))));
    }
    return found;
}

static const char *find_value(const struct reader *r, const char *key)
{
    return skip_blanks(skip_string(find_key(r, key)));
}

// ---- values -------------------------------------------------------------------------------------

// As on the command line.
static int get_text(const struct reader *r, const char *key, const json_t *v, char *out)
{
    const char *s = json_string_value(v);
    size_t n;

    if (json_is_boolean(v))
        return fail(r, find_value(r, key), "expected a string, a number or null, not %s",
                    json_is_true(v) ? "true" : "false");
    if (json_is_array(v) || json_is_object(v))
        return fail(r, find_value(r, key), "expected a string, a number or null");
    n = s ? json_string_length(v)
          : json_dumpb(v, out, TEXT_MAX - 1, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    if (n >= TEXT_MAX)
        return fail(r, find_value(r, key), "a string can have at most %u bytes", TEXT_MAX - 1);
    if (s)
        memcpy(out, s, n);
    out[n] = 0;
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

static int unknown_key(const struct reader *r, const char *key)
{
    char known[300] = "";
    size_t n = 0;
    uint32_t i;

    for (i = 0; i < r->mf->noptions && n < sizeof(known); i++) {
        if (r->mf->options[i].file == r->file)
            n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", n ? ", " : "",
                                  nd_mf_str(r->mf, r->mf->options[i].key));
    }
    return fail(r, find_key(r, key), "'%s' is not one of %s", key, known);
}

static int read_member(const struct reader *r, const char *key, const json_t *v)
{
    const struct nd_mf_option *o = column(r, key);
    char text[TEXT_MAX];
    struct nd_why why;

    if (!o)
        return unknown_key(r, key);
    if (get_text(r, key, v, text))
        return -EINVAL;
    if (is_nothing(text))
        return 0;
    if (nd_optvalue_parse(r->mf, o, text, r->out->data + o->off + (size_t)r->row * o->stride, &why))
        return fail(r, find_value(r, key), "%s: %s", key, why.text);
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

static int read_object(const struct reader *r, json_t *object)
{
    const char *key;
    json_t *v;

    if (!json_is_object(object))
        return fail(r, find_row(r), "expected '{' for an object");
    if (r->row == rows_max(r))
        return fail(r, find_row(r), "there can be at most %u objects", r->row);
    json_object_foreach(object, key, v)
    {
        if (read_member(r, key, v))
            return -EINVAL;
    }
    return 0;
}

static int read_list(struct reader *r, const json_t *list)
{
    if (!json_is_array(list))
        return fail(r, skip_blanks(r->text), "expected '[' for a list of objects");
    for (r->row = 0; r->row < json_array_size(list); r->row++) {
        if (read_object(r, json_array_get(list, r->row)))
            return -EINVAL;
    }
    count_rows(r);
    return 0;
}

// The library's position is after the last byte that it took.
static int bad_syntax(const struct reader *r, const json_error_t *e)
{
    bool at_end = json_error_code(e) == json_error_premature_end_of_input;

    return fail(r, r->text + e->position - (e->position && !at_end), "%s", e->text);
}

static int read_file(struct reader *r)
{
    json_error_t error;
    const char *why;
    json_t *list;
    size_t size;
    int err;

    r->text = nd_textfile_read(r->path, &size, &why);
    if (!r->text) {
        nd_msg("error: cannot read %s: %s", r->path, why);
        return -EINVAL;
    }
    list = json_loadb(r->text, size, JSON_DECODE_ANY, &error);
    err = list ? read_list(r, list) : bad_syntax(r, &error);
    json_decref(list);
    free(r->text);
    return err;
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

        if (has_columns(mf, i) && out->values[i])
            err = read_file(&r);
    }
    return err;
}
