// SPDX-License-Identifier: GPL-2.0-or-later
// Looks at texts of the kernel: the first question of a handler's run about a text reads it, the
// others are answered from the same look. Must not know what is read. Serves the functions of user
// code.
#include "runtime/vm/vm_impl.h"

#include "runtime/common/msg.h"
#include "runtime/sources/lines.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#define LOOKS 256 // chains

struct vm_line {
    const char *s;
    uint32_t n;
};

struct vm_look {
    struct vm_look *next;
    uint32_t what, nlines;
    int64_t of[2];
    char device[IFNAMSIZ];
    struct vm_line *lines;
};

// The lines of a text, which ends with a line break.
static int split(struct nd_vm *vm, struct vm_look *l, const char *text, size_t n)
{
    const char *p, *end = text + n, *eol;

    for (p = text; p < end; p++)
        l->nlines += *p == '\n';
    l->lines = vm_alloc(vm, (l->nlines + 1ul) * sizeof(*l->lines));
    if (!l->lines)
        return -ENOMEM;
    l->nlines = 0;
    for (p = text; p < end; p = eol + 1) {
        eol = memchr(p, '\n', (size_t)(end - p));
        l->lines[l->nlines++] = (struct vm_line){p, (uint32_t)(eol - p)};
    }
    return 0;
}

static int take(struct nd_vm *vm, struct vm_look *l)
{
    struct nd_lines_of of = {.n = {l->of[0], l->of[1]}, .device = l->device};
    struct nd_buf text = {0};
    char *copy;
    int err;

    if (nd_lines_read(l->what, &of, &text) && !(vm->cut & 1ull << l->what)) {
        vm->cut |= 1ull << l->what;
        nd_msg("warning: the source %s is too long: what comes after 8 MiB is left out",
               nd_lines_name(l->what));
        while (text.n && text.v[text.n - 1] != '\n')
            text.n--;
    }
    copy = vm_alloc(vm, text.n + 1);
    if (copy && text.n)
        memcpy(copy, text.v, text.n);
    err = copy ? split(vm, l, copy, text.n) : -ENOMEM;
    free(text.v);
    return err;
}

// The look at what the first three values say; NULL: failed, after a message.
static struct vm_look *look(struct nd_vm *vm, const struct vm_value *v)
{
    struct vm_look key = {0}, *l, **chain;
    const char *s;
    int64_t what;
    uint32_t n;

    if (vm_i64(vm, &v[0], &what))
        return NULL;
    if (what < 0 || what >= ND_LINES_MAX) {
        vm_fail(vm, EINVAL, "no source %lld", (long long)what);
        return NULL;
    }
    key.what = (uint32_t)what;
    if (nd_lines_of_device(key.what)) {
        if (vm_str(vm, &v[1], &s, &n))
            return NULL;
        if (n < sizeof(key.device)) // a longer one is not the name of a device
            memcpy(key.device, s, n);
    } else if (vm_i64(vm, &v[1], &key.of[0]) || vm_i64(vm, &v[2], &key.of[1])) {
        return NULL;
    }
    if (!vm->looks) {
        vm->looks = vm_alloc(vm, LOOKS * sizeof(*vm->looks));
        if (!vm->looks)
            return NULL;
        memset(vm->looks, 0, LOOKS * sizeof(*vm->looks));
    }
    chain = &vm->looks[(key.what * 31u + (uint64_t)key.of[0] + (uint64_t)key.of[1]) % LOOKS];
    for (l = *chain; l; l = l->next) {
        if (l->what == key.what && l->of[0] == key.of[0] && l->of[1] == key.of[1] &&
            !memcmp(l->device, key.device, sizeof(key.device)))
            return l;
    }
    l = vm_alloc(vm, sizeof(*l));
    if (!l)
        return NULL;
    *l = key;
    if (take(vm, l))
        return NULL;
    l->next = *chain;
    *chain = l;
    return l;
}

int vm_bi_source_lines(struct nd_vm *vm, const struct vm_value *v)
{
    const struct vm_look *l = look(vm, v);

    return l ? vm_push_int(vm, l->nlines) : -EINVAL;
}

int vm_bi_source_line(struct nd_vm *vm, const struct vm_value *v)
{
    const struct vm_look *l;
    int64_t i;

    if (vm_i64(vm, &v[3], &i))
        return -EINVAL;
    l = look(vm, v);
    if (!l)
        return -EINVAL;
    if (i < 1 || i > l->nlines)
        return vm_push_str(vm, "", 0);
    return vm_push_str(vm, l->lines[i - 1].s, l->lines[i - 1].n);
}
