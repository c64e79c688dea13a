// SPDX-License-Identifier: GPL-2.0-or-later
// Reads script files; finds lines by a table made once per source.
#include "compiler/front/source.h"

#include "compiler/front/arena.h"
#include "runtime/common/trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int nd_source_text(struct nd_sources *s, const char *path, const char *text, size_t size)
{
    struct nd_source *src;
    char *copy;

    if (size > ND_SOURCE_MAX)
        return -EFBIG;
    copy = nd_arena_alloc(s->arena, size + 2);
    memcpy(copy, text, size);
    src = ND_PUSH(s->arena, s);
    memset(src, 0, sizeof(*src));
    src->path = nd_arena_strdup(s->arena, path);
    src->text = copy;
    src->size = size;
    return (int)s->n - 1;
}

// Of the file that is open, which is the one that is read.
static int trusted(struct nd_sources *s, const struct stat *st)
{
    char why[160];

    if (!s->trust || !nd_trust_why_not(s->trust, st, why, sizeof(why)))
        return 0;
    s->refused = nd_arena_strdup(s->arena, why);
    return -EPERM;
}

int nd_source_file(struct nd_sources *s, const char *path)
{
    size_t cap = 64 << 10, n = 0, got;
    struct stat st;
    FILE *f = fopen(path, "re");
    char *buf;
    int err;

    if (!f)
        return -errno;
    if (!fstat(fileno(f), &st)) {
        err = S_ISDIR(st.st_mode) ? -EISDIR : trusted(s, &st);
        if (err) {
            fclose(f);
            return err;
        }
        if (S_ISREG(st.st_mode) && st.st_size > 0)
            cap = (size_t)st.st_size + 1;
    }
    if (cap > ND_SOURCE_MAX + 1)
        cap = ND_SOURCE_MAX + 1;
    buf = nd_arena_alloc(s->arena, cap);
    while ((got = fread(buf + n, 1, cap - n, f)) > 0) {
        n += got;
        if (n < cap)
            continue;
        if (cap > ND_SOURCE_MAX) {
            fclose(f);
            return -EFBIG;
        }
        buf = memcpy(nd_arena_alloc(s->arena, cap * 2), buf, n);
        cap *= 2;
    }
    err = ferror(f) ? -EIO : 0;
    fclose(f);
    return err ? err : nd_source_text(s, path, buf, n);
}

static void find_lines(struct nd_sources *s, struct nd_source *src)
{
    uint32_t n = 1, i;

    for (i = 0; i < src->size; i++)
        n += src->text[i] == '\n';
    src->lines = ND_NEW_ARRAY(s->arena, uint32_t, n);
    src->nlines = 1;
    for (i = 0; i < src->size; i++) {
        if (src->text[i] == '\n')
            src->lines[src->nlines++] = i + 1;
    }
}

struct nd_pos nd_source_pos(struct nd_sources *s, uint32_t i, uint32_t off)
{
    struct nd_pos pos = {1, 1};
    struct nd_source *src;
    uint32_t lo = 0, hi;

    if (i >= s->n)
        return pos;
    src = &s->v[i];
    if (!src->lines)
        find_lines(s, src);
    hi = src->nlines;
    while (hi - lo > 1) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (src->lines[mid] <= off)
            lo = mid;
        else
            hi = mid;
    }
    pos.line = lo + 1;
    pos.col = off - src->lines[lo] + 1;
    return pos;
}

const char *nd_source_line(struct nd_sources *s, uint32_t i, uint32_t line, uint32_t *len)
{
    struct nd_source *src = &s->v[i];
    const char *start, *end;

    if (!src->lines)
        find_lines(s, src);
    if (!line || line > src->nlines) {
        *len = 0;
        return "";
    }
    start = src->text + src->lines[line - 1];
    end = memchr(start, '\n', (size_t)(src->text + src->size - start));
    if (!end)
        end = src->text + src->size;
    if (end > start && end[-1] == '\r')
        end--;
    *len = (uint32_t)(end - start);
    return start;
}

struct nd_span nd_span_join(struct nd_span a, struct nd_span b)
{
    if (a.src != b.src || b.off + b.len < a.off)
        return a;
    a.len = b.off + b.len - a.off;
    return a;
}
