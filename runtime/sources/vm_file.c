// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of files that options name, and words of a line. A file is read once, when it is first
// asked for. Serves the functions of user code.
#include "runtime/vm/vm_impl.h"

#include "runtime/common/msg.h"
#include "runtime/sources/textfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_WRONG 2 // as for a wrong command line

struct vm_file {
    struct vm_file *next;
    char *name;
    char *text; // lines end in NUL
    char **lines;
    uint32_t n;
};

static void file_free(struct vm_file *f)
{
    free(f->name);
    free(f->text);
    free(f->lines);
    free(f);
}

void vm_files_free(struct nd_vm *vm)
{
    struct vm_file *f = vm->files;

    while (f) {
        struct vm_file *next = f->next;

        file_free(f);
        f = next;
    }
    vm->files = NULL;
}

static int end_run(struct nd_vm *vm)
{
    vm->exited = vm->done = true;
    vm->exit_code = EXIT_WRONG;
    return 0;
}

static int refuse(struct nd_vm *vm, const char *name, const char *why)
{
    nd_msg("error: cannot read %s: %s", name, why);
    return end_run(vm);
}

// Splits the text; a last line needs no line break.
static int split(struct vm_file *f, size_t size)
{
    char *p = f->text, *end = f->text + size, *eol;
    uint32_t cap = 0;

    while (p < end) {
        if (f->n == cap) {
            char **more = realloc(f->lines, (cap = cap ? cap * 2 : 64) * sizeof(*more));

            if (!more)
                return -ENOMEM;
            f->lines = more;
        }
        eol = memchr(p, '\n', (size_t)(end - p));
        f->lines[f->n++] = p;
        if (eol)
            *eol = 0;
        if (eol && eol > p && eol[-1] == '\r')
            eol[-1] = 0;
        p = eol ? eol + 1 : end;
    }
    return 0;
}

static struct vm_file *find(const struct nd_vm *vm, const char *name)
{
    struct vm_file *f;

    for (f = vm->files; f && strcmp(f->name, name) != 0; f = f->next)
        ;
    return f;
}

// The file whose name is a value; NULL: the run ends, and rc is what to return.
static struct vm_file *open_file(struct nd_vm *vm, const struct vm_value *v, int *rc)
{
    struct vm_file *f;
    const char *s, *why = NULL;
    char name[4096];
    uint32_t n;
    size_t size = 0;

    *rc = vm_str(vm, v, &s, &n);
    if (*rc)
        return NULL;
    snprintf(name, sizeof(name), "%.*s", (int)n, s);
    f = find(vm, name);
    if (f)
        return f;
    f = calloc(1, sizeof(*f));
    if (f) {
        f->name = strdup(name);
        f->text = nd_textfile_read(name, &size, &why);
    }
    if (!f || !f->name || !f->text || split(f, size)) {
        *rc = refuse(vm, name, why ? why : strerror(ENOMEM));
        if (f)
            file_free(f);
        return NULL;
    }
    f->next = vm->files;
    vm->files = f;
    return f;
}

int vm_bi_file_lines(struct nd_vm *vm, const struct vm_value *v)
{
    int rc;
    const struct vm_file *f = open_file(vm, &v[0], &rc);

    return vm_push_int(vm, f ? f->n : 0) ?: rc;
}

int vm_bi_file_line(struct nd_vm *vm, const struct vm_value *v)
{
    const struct vm_file *f;
    const char *line = "";
    int64_t i;
    int rc = vm_i64(vm, &v[1], &i);

    if (rc)
        return rc;
    f = open_file(vm, &v[0], &rc);
    if (f && i >= 1 && i <= f->n)
        line = f->lines[i - 1];
    return vm_push_str(vm, line, strlen(line)) ?: rc;
}

int vm_bi_file_error(struct nd_vm *vm, const struct vm_value *v)
{
    int64_t line, col;
    const struct vm_file *f;
    const char *s, *text;
    uint32_t n, m;
    char name[4096];

    if (vm_str(vm, &v[0], &s, &n) || vm_i64(vm, &v[1], &line) || vm_i64(vm, &v[2], &col) ||
        vm_str(vm, &v[3], &text, &m))
        return -EINVAL;
    snprintf(name, sizeof(name), "%.*s", (int)n, s);
    f = find(vm, name); // as it was read: a pipe is not there twice
    nd_msg_in(name, f && line >= 1 && line <= f->n ? f->lines[line - 1] : NULL, (uint32_t)line,
              col > 0 ? (uint32_t)col : 0, text, m);
    return end_run(vm);
}

// ---- words -------------------------------------------------------------------------------------

struct word {
    const char *s;
    uint32_t from, len; // 0: there is none
};

// word(s, i, separators)
static int find_word(struct nd_vm *vm, const struct vm_value *v, struct word *w)
{
    const char *sep;
    uint32_t n, nsep, p = 0, len;
    int64_t i;

    if (vm_str(vm, &v[0], &w->s, &n) || vm_i64(vm, &v[1], &i) || vm_str(vm, &v[2], &sep, &nsep))
        return -EINVAL;
    for (;; i--) {
        while (p < n && memchr(sep, w->s[p], nsep))
            p++;
        for (len = 0; p + len < n && !memchr(sep, w->s[p + len], nsep);)
            len++;
        if (i <= 0 || !len)
            break;
        p += len;
    }
    w->from = p;
    w->len = i ? 0 : len;
    return 0;
}

int vm_bi_word(struct nd_vm *vm, const struct vm_value *v)
{
    struct word w;

    return find_word(vm, v, &w) ?: vm_push_str(vm, w.s + w.from, w.len);
}

int vm_bi_word_column(struct nd_vm *vm, const struct vm_value *v)
{
    struct word w;

    return find_word(vm, v, &w) ?: vm_push_int(vm, w.len ? (int64_t)w.from + 1 : 0);
}
