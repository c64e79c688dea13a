// SPDX-License-Identifier: GPL-2.0-or-later
// Paths are those of the table: numbers and names of devices are all that is put into them.
#include "runtime/sources/lines.h"

#include "runtime/common/manifest.h"

#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX (8u << 20) // /proc/interrupts of a machine with 512 CPUs has 5 MiB
#define PATH_SIZE 256
#define SYSFS "/sys/class/net/"

enum of { NONE, NUMBER, NUMBERS, DEVICE };
enum kind { TEXT, NUMBERED, ENTRIES, LINKS };

static const struct source {
    const char *name;
    enum of of;
    enum kind kind;
    const char *path;
} sources[] = {
#define ND_SOURCE(id, name, of, kind, path, help) {name, of, kind, path},
#include "runtime/common/sources.def"
};

bool nd_lines_of_device(uint32_t what)
{
    return sources[what].of == DEVICE;
}

const char *nd_lines_name(uint32_t what)
{
    return sources[what].name;
}

static int open_beside(int dir, const char *path, int flags)
{
    return openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags);
}

// Is the device of this name in sysfs ours? It shows the devices of the network namespace that
// mounted it.
static bool is_ours(const char *device)
{
    struct nd_buf path = {0};
    char text[16] = "";
    unsigned int index = if_nametoindex(device);
    int fd;

    if (!index || strchr(device, '/') || device[0] == '.')
        return false;
    nd_buf_printf(&path, SYSFS "%s/ifindex", device);
    fd = path.v ? open_beside(AT_FDCWD, path.v, 0) : -1;
    free(path.v);
    if (fd < 0)
        return false;
    if (read(fd, text, sizeof(text) - 1) < 0)
        text[0] = '\0';
    close(fd);
    return strtoul(text, NULL, 10) == index;
}

// The path of the row with what it is of in place of %1 and %2. False: there is nothing like that.
static bool fill(const struct source *s, const struct nd_lines_of *of, struct nd_buf *path)
{
    const char *p;

    if (s->of == DEVICE ? !is_ours(of->device) : of->n[0] < 0 || of->n[1] < 0)
        return false;
    for (p = s->path; *p; p++) {
        if (*p != '%')
            nd_buf_put(path, p, 1);
        else if (s->of == DEVICE && ++p)
            nd_buf_puts(path, of->device);
        else
            nd_buf_i64(path, of->n[*++p - '1']);
    }
    return path->v && path->n < PATH_SIZE;
}

static bool read_text(int fd, struct nd_buf *out)
{
    char part[16384];
    size_t start = out->n;
    ssize_t n;

    while (out->n - start < TEXT_MAX && (n = read(fd, part, sizeof(part))) > 0)
        nd_buf_put(out, part, (size_t)n);
    if (out->n > start && out->v[out->n - 1] != '\n')
        nd_buf_puts(out, "\n");
    return out->n - start >= TEXT_MAX;
}

static void put_link(int dir, const char *name, struct nd_buf *out)
{
    char target[512];
    ssize_t n = readlinkat(dir, name, target, sizeof(target)), i;

    for (i = 0; i < n; i++) { // a line break is not a line's
        if (target[i] == '\n')
            target[i] = '?';
    }
    if (n > 0) {
        nd_buf_puts(out, " ");
        nd_buf_put(out, target, (size_t)n);
    }
}

// Takes the descriptor.
static bool read_entries(int fd, enum kind kind, struct nd_buf *out)
{
    size_t start = out->n;
    DIR *d = fdopendir(fd);
    struct dirent *e;

    if (!d) {
        close(fd);
        return false;
    }
    while (out->n - start < TEXT_MAX && (e = readdir(d))) {
        bool digits = e->d_name[strspn(e->d_name, "0123456789")] == '\0';

        if (e->d_name[0] == '.' || (!digits && kind != ENTRIES))
            continue;
        nd_buf_puts(out, e->d_name);
        if (kind == LINKS)
            put_link(fd, e->d_name, out);
        nd_buf_puts(out, "\n");
    }
    closedir(d);
    return out->n - start >= TEXT_MAX;
}

bool nd_lines_read(uint32_t what, const struct nd_lines_of *of, struct nd_buf *out)
{
    const struct source *s = &sources[what];
    struct nd_buf path = {0};
    bool cut = false;
    int fd = -1;

    if (fill(s, of, &path))
        fd = open_beside(AT_FDCWD, path.v, s->kind == TEXT ? 0 : O_DIRECTORY);
    free(path.v);
    if (fd < 0)
        return false;
    if (s->kind != TEXT)
        return read_entries(fd, s->kind, out);
    cut = read_text(fd, out);
    close(fd);
    return cut;
}
