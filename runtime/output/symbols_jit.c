// SPDX-License-Identifier: GPL-2.0-or-later
// Names of code that a process made itself and tells about in /tmp/perf-PID.map: only if the file
// is the process's own, or root's. Must not know mappings. Serves symbols_user.c.
#include "runtime/output/symbols_impl.h"

#include "runtime/common/regular.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BYTES ((off_t)32 << 20) // of the file
#define ENTRIES 500000u

struct code {
    uint64_t addr, size;
    uint32_t name; // in the text
};

struct nd_symjit {
    struct code *v;
    size_t n, cap;
    char *text;
    size_t bytes;
};

// Of /tmp of the process, or ours; -1: there is none that counts.
static int open_map(uint32_t pid, uid_t owner, off_t *size)
{
    struct stat st;
    char path[96];
    int i, pin, fd;

    for (i = 0; i < 2; i++) {
        if (i)
            snprintf(path, sizeof(path), "/tmp/perf-%u.map", pid);
        else
            snprintf(path, sizeof(path), "/proc/%u/root/tmp/perf-%u.map", pid, pid);
        pin = nd_regular_pin(path, false);
        fd = pin < 0 ? -1 : nd_regular_reopen(pin, &st);
        if (pin >= 0)
            close(pin);
        if (fd < 0)
            continue;
        *size = st.st_size;
        if (st.st_uid == owner || !st.st_uid)
            return fd;
        close(fd);
    }
    return -1;
}

static char *read_text(int fd, size_t size)
{
    char *text = malloc(size + 1);
    size_t n = 0;
    ssize_t got;

    while (text && n < size && (got = pread(fd, text + n, size - n, (off_t)n)) > 0)
        n += (size_t)got;
    if (text)
        text[n] = 0;
    return text;
}

// "START SIZE name", in hexadecimal.
static void add_line(struct nd_symjit *j, char *line)
{
    char *p, *q;
    uint64_t addr = strtoull(line, &p, 16), size = strtoull(p, &q, 16);

    if (p == line || q == p || *q != ' ' || j->n == ENTRIES ||
        !nd_symfile_room((void **)&j->v, j->n, &j->cap, sizeof(*j->v)))
        return;
    j->v[j->n++] = (struct code){addr, size, (uint32_t)(q + 1 - j->text)};
}

struct nd_symjit *nd_symjit_read(uint32_t pid, uid_t owner)
{
    struct nd_symjit *j = calloc(1, sizeof(*j));
    off_t size = 0;
    int fd = j ? open_map(pid, owner, &size) : -1;
    char *p, *end;

    if (fd < 0)
        return j;
    j->bytes = (size_t)(size > BYTES ? BYTES : size);
    j->text = read_text(fd, j->bytes);
    close(fd);
    for (p = j->text; p && *p; p = end) {
        end = strchrnul(p, '\n');
        if (*end)
            *end++ = 0;
        add_line(j, p);
    }
    return j;
}

size_t nd_symjit_bytes(const struct nd_symjit *j)
{
    return j ? j->cap * sizeof(*j->v) + j->bytes : 0;
}

// What was written last: code moves.
void nd_symjit_find(const struct nd_symjit *j, uint64_t addr, struct nd_symbol *out)
{
    size_t i;

    for (i = j ? j->n : 0; i > 0 && !out->name; i--) {
        const struct code *c = &j->v[i - 1];

        if (addr < c->addr || addr - c->addr >= c->size)
            continue;
        out->name = j->text + c->name;
        out->off = addr - c->addr;
    }
}

void nd_symjit_free(struct nd_symjit *j)
{
    if (j) {
        free(j->v);
        free(j->text);
    }
    free(j);
}
