// SPDX-License-Identifier: GPL-2.0-or-later
// Texts of the kernel and lists of names. Must not know what they say. Serves kernel*.c,
// elf_user.c.
#include "compiler/kernel/kernel_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int nd_read_text(int dirfd, const char *path, char **out, size_t *len)
{
    int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC), err = 0;
    size_t n = 0, cap = 16384;
    char *buf, *bigger;
    ssize_t r;

    if (fd < 0)
        return -errno;
    buf = malloc(cap);
    while (buf) {
        r = read(fd, buf + n, cap - n - 1);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0) {
            err = r < 0 ? -errno : 0;
            break;
        }
        n += (size_t)r;
        if (cap - n > 4096)
            continue;
        cap *= 2; // files of procfs and tracefs do not say how long they are
        bigger = realloc(buf, cap);
        if (!bigger)
            free(buf);
        buf = bigger;
    }
    close(fd);
    if (!buf)
        return -ENOMEM;
    if (err) {
        free(buf);
        return err;
    }
    buf[n] = 0;
    *out = buf;
    if (len)
        *len = n;
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void nd_strings_sort(struct nd_strings *s)
{
    uint32_t n = 0;

    if (!s->n)
        return;
    qsort(s->v, s->n, sizeof(*s->v), compare);
    for (uint32_t i = 0; i < s->n; i++)
        if (!n || strcmp(s->v[n - 1], s->v[i]))
            s->v[n++] = s->v[i];
    s->n = n;
}
