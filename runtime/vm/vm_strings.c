// SPDX-License-Identifier: GPL-2.0-or-later
// Functions of user code that compare, search and join texts as probes do. Must not know maps.
// Serves vm_builtins.c.
#include "runtime/vm/vm_impl.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static bool two(struct nd_vm *vm, const struct vm_value *v, const char **s, uint32_t *n,
                const char **t, uint32_t *m)
{
    return !vm_str(vm, &v[0], s, n) && !vm_str(vm, &v[1], t, m);
}

int vm_bi_strstr(struct nd_vm *vm, const struct vm_value *v)
{
    const char *s, *t, *at;
    uint32_t n, m;

    if (!two(vm, v, &s, &n, &t, &m))
        return -EINVAL;
    at = m ? memmem(s, n, t, m) : s;
    return vm_push_int(vm, at ? at - s : -1);
}

// The first `most` bytes, each text with its zero byte: as strncmp() and strncasecmp() do.
static int compare(struct nd_vm *vm, const struct vm_value *v, bool fold)
{
    const char *s, *t;
    uint32_t n, m, len;
    int64_t most;
    int r;

    if (!two(vm, v, &s, &n, &t, &m) || vm_i64(vm, &v[2], &most))
        return -EINVAL;
    len = n < m ? n : m;
    if (most < 0)
        most = 0;
    if (most <= len)
        len = (uint32_t)most;
    r = !len ? 0 : fold ? strncasecmp(s, t, len) : memcmp(s, t, len);
    return vm_push_int(vm, r != 0 || (most > len && n != m));
}

int vm_bi_strncmp(struct nd_vm *vm, const struct vm_value *v)
{
    return compare(vm, v, false);
}

int vm_bi_strncasecmp(struct nd_vm *vm, const struct vm_value *v)
{
    return compare(vm, v, true);
}

int vm_bi_memcmp(struct nd_vm *vm, const struct vm_value *v)
{
    const char *s, *t;
    uint32_t n, m, i;
    int64_t most;

    if (!two(vm, v, &s, &n, &t, &m) || vm_i64(vm, &v[2], &most))
        return -EINVAL;
    for (i = 0; i < most && (i < n || i < m); i++) { // after a text come zeros
        unsigned char a = i < n ? (unsigned char)s[i] : 0, b = i < m ? (unsigned char)t[i] : 0;

        if (a != b)
            return vm_push_int(vm, a < b ? -1 : 1);
    }
    return vm_push_int(vm, 0);
}

int vm_bi_join(struct nd_vm *vm, const struct vm_value *v)
{
    const struct nd_mf_type *array, *elem;
    const char *sep;
    uint32_t n, i;

    if (v[0].kind != VM_BYTES || vm_type(vm, v[0].type)->kind != ND_T_ARRAY ||
        vm_str(vm, &v[1], &sep, &n))
        return vm_fail(vm, EINVAL, "join() of something else");
    array = vm_type(vm, v[0].type);
    elem = vm_type(vm, array->elem);
    for (vm->text.n = 0, i = 0; i < array->count && elem->size; i++) {
        const char *s = (const char *)v[0].p + (size_t)i * elem->size;
        size_t len = strnlen(s, elem->size);

        if (!len)
            break;
        if (i)
            nd_buf_put(&vm->text, sep, n);
        nd_buf_put(&vm->text, s, len);
    }
    return vm_push_copy(vm, vm->text.v, vm->text.n);
}
