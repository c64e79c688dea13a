// SPDX-License-Identifier: GPL-2.0-or-later
// Kernel symbols: /proc/kallsyms, read once and cut into strings in place, searched by address.
// Must not know processes or formats. Serves formatting; also the door to the other names.
#include "runtime/output/symbols_impl.h"

#include "runtime/common/kallsyms.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAR (64ull << 20) // this far after the last symbol an address belongs to nothing

struct nd_syms {
    struct nd_ksyms kernel;
    struct nd_symask *user;
    struct nd_names *names;
};

static char *read_file(const char *path, size_t *size)
{
    size_t cap = 8 << 20, n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = fd < 0 ? NULL : malloc(cap);

    while (text) {
        ssize_t r = read(fd, text + n, cap - n - 1);

        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            break;
        n += (size_t)r;
        if (n + 1 == cap) {
            char *more = realloc(text, cap * 2);

            if (!more)
                break;
            text = more;
            cap *= 2;
        }
    }
    if (fd >= 0)
        close(fd);
    if (text)
        text[n] = '\0';
    *size = n;
    return text;
}

static struct nd_ksym *push(struct nd_ksyms *k)
{
    if (k->n == k->cap) {
        uint32_t cap = k->cap ? k->cap * 2 : 1 << 17;
        struct nd_ksym *v = realloc(k->v, cap * sizeof(*v));

        if (!v)
            return NULL;
        k->v = v;
        k->cap = cap;
    }
    return &k->v[k->n++];
}

// One line, cut into strings.
static int take_line(struct nd_ksyms *k, char *line, char *end)
{
    struct nd_kallsym from;
    struct nd_ksym *s;

    if (!nd_kallsyms_line(line, end, &from))
        return 0;
    s = push(k);
    if (!s)
        return -ENOMEM;
    *s = (struct nd_ksym){from.addr, (uint32_t)(from.name - k->text), 0};
    k->text[s->name + from.len] = '\0';
    if (from.module_len) {
        s->module = (uint32_t)(from.module - k->text);
        k->text[s->module + from.module_len] = '\0';
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct nd_ksym *x = a, *y = b;

    if (x->addr != y->addr)
        return x->addr < y->addr ? -1 : 1;
    return (x->name > y->name) - (x->name < y->name); // keeps the order of the file
}

static void sort(struct nd_ksyms *k)
{
    uint32_t i;

    k->hidden = true;
    for (i = 0; i < k->n && k->hidden; i++)
        k->hidden = !k->v[i].addr;
    for (i = 1; i < k->n; i++) {
        if (k->v[i].addr < k->v[i - 1].addr) {
            qsort(k->v, k->n, sizeof(*k->v), compare);
            return;
        }
    }
}

int nd_ksyms_load(struct nd_ksyms *k, const char *path)
{
    size_t size;
    char *p, *end;
    int err = 0;

    k->loaded = true;
    k->text = read_file(path, &size);
    if (!k->text)
        return -errno;
    for (p = k->text; p < k->text + size && !err; p = end + 1) {
        end = memchr(p, '\n', (size_t)(k->text + size - p));
        if (!end)
            end = k->text + size;
        err = take_line(k, p, end);
        *end = '\0';
    }
    sort(k);
    return err;
}

void nd_ksyms_drop(struct nd_ksyms *k)
{
    free(k->text);
    free(k->v);
    *k = (struct nd_ksyms){0};
}

void nd_ksyms_find(const struct nd_ksyms *k, uint64_t addr, struct nd_symbol *out)
{
    uint32_t lo = 0, hi = k->n;
    const struct nd_ksym *s;

    *out = (struct nd_symbol){0};
    if (k->hidden)
        return;
    while (lo < hi) { // the first symbol above addr
        uint32_t mid = lo + (hi - lo) / 2;

        if (k->v[mid].addr <= addr)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (!lo || addr - k->v[lo - 1].addr >= FAR)
        return;
    s = &k->v[lo - 1];
    while (s > k->v && s[-1].addr == s->addr) // of several names the first of the file
        s--;
    out->name = k->text + s->name;
    out->module = s->module ? k->text + s->module : "kernel";
    out->off = addr - s->addr;
}

struct nd_syms *nd_syms_new(void)
{
    return calloc(1, sizeof(struct nd_syms));
}

void nd_syms_free(struct nd_syms *s)
{
    if (!s)
        return;
    nd_ksyms_drop(&s->kernel);
    nd_symask_free(s->user);
    nd_names_free(s->names);
    free(s);
}

static const struct nd_ksyms *kernel(struct nd_syms *s)
{
    if (!s->kernel.loaded)
        nd_ksyms_load(&s->kernel, "/proc/kallsyms");
    return &s->kernel;
}

void nd_syms_kernel(struct nd_syms *s, uint64_t addr, struct nd_symbol *out)
{
    nd_ksyms_find(kernel(s), addr, out);
}

bool nd_syms_kernel_hidden(struct nd_syms *s)
{
    return s->kernel.loaded && s->kernel.hidden;
}

uint64_t nd_syms_kaddr(struct nd_syms *s, const char *name)
{
    const struct nd_ksyms *k = kernel(s);
    uint32_t i;

    for (i = 0; i < k->n; i++) {
        if (!strcmp(k->text + k->v[i].name, name))
            return k->v[i].addr;
    }
    return 0;
}

static struct nd_symask *user(struct nd_syms *s)
{
    if (!s->user)
        s->user = nd_symask_new();
    return s->user;
}

void nd_syms_user(struct nd_syms *s, uint32_t pid, uint64_t addr, struct nd_symbol *out)
{
    *out = (struct nd_symbol){0};
    if (user(s))
        nd_symask_find(s->user, pid, addr, out);
}

void nd_syms_users(struct nd_syms *s, uint32_t pid, const uint64_t *addr, uint32_t n)
{
    if (user(s))
        nd_symask_many(s->user, pid, addr, n);
}

void nd_syms_user_open(struct nd_syms *s)
{
    if (user(s))
        nd_symask_open(s->user);
}

void nd_syms_watch(struct nd_syms *s, void (*fresh)(void *arg), void *arg)
{
    if (user(s))
        nd_symask_watch(s->user, fresh, arg);
}

void nd_syms_mapped(struct nd_syms *s, const struct nd_usyms_map *m)
{
    if (user(s))
        nd_symask_mapped(s->user, m);
}

void nd_syms_forked(struct nd_syms *s, uint32_t parent, uint32_t child)
{
    if (user(s))
        nd_symask_forked(s->user, parent, child);
}

void nd_syms_execed(struct nd_syms *s, uint32_t pid)
{
    if (user(s))
        nd_symask_execed(s->user, pid);
}

void nd_syms_exited(struct nd_syms *s, uint32_t pid)
{
    if (user(s))
        nd_symask_exited(s->user, pid);
}

void nd_syms_snapshot(struct nd_syms *s, uint32_t pid)
{
    if (user(s))
        nd_symask_snapshot(s->user, pid);
}

const char *nd_syms_user_name(struct nd_syms *s, uint32_t uid)
{
    if (!s->names)
        s->names = nd_names_new();
    return s->names ? nd_names_user(s->names, uid) : NULL;
}

const char *nd_syms_netns(struct nd_syms *s, uint64_t inode)
{
    if (!s->names)
        s->names = nd_names_new();
    return s->names ? nd_names_netns(s->names, inode) : NULL;
}

uint64_t nd_syms_netns_named(struct nd_syms *s, const char *name)
{
    if (!s->names)
        s->names = nd_names_new();
    return s->names ? nd_names_netns_named(s->names, name) : 0;
}

const char *nd_syms_cgroup(struct nd_syms *s, uint64_t id)
{
    if (!s->names)
        s->names = nd_names_new();
    return s->names ? nd_names_cgroup(s->names, id) : NULL;
}
