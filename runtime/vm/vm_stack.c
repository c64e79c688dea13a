// SPDX-License-Identifier: GPL-2.0-or-later
// The stack, the memory of one call and its first error: the base of all instructions. Must not
// know values' types. Serves the other vm_*.c.
#include "runtime/vm/vm_impl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int vm_fail(struct nd_vm *vm, int err, const char *fmt, ...)
{
    const struct nd_mf *mf = vm->env.mf;
    const struct nd_mf_func *f = vm->fr ? vm->fr->f : NULL;
    va_list ap;
    size_t n;

    if (vm->failed)
        return -err;
    vm->failed = true;
    va_start(ap, fmt);
    vsnprintf(vm->error, sizeof(vm->error), fmt, ap);
    va_end(ap);
    n = strlen(vm->error);
    if (f && f->span.line && f->span.file < mf->h->nfiles)
        snprintf(vm->error + n, sizeof(vm->error) - n, ", in the code at %s:%u",
                 nd_mf_str(mf, mf->words[mf->h->files + f->span.file]), f->span.line);
    else if (f && *nd_mf_str(mf, f->name))
        snprintf(vm->error + n, sizeof(vm->error) - n, ", in %s", nd_mf_str(mf, f->name));
    return -err;
}

void *vm_alloc(struct nd_vm *vm, size_t n)
{
    struct vm_chunk *c = vm->mem;
    size_t head = (sizeof(*c) + 15) & ~(size_t)15, cap;
    void *p;

    n = (n + 15) & ~(size_t)15;
    if (!c || c->cap - c->n < n) {
        if (n > VM_MEMORY || vm->mem_used > VM_MEMORY - n) {
            vm_fail(vm, ENOMEM, "user code needs more than %u MiB at once", VM_MEMORY >> 20);
            return NULL;
        }
        cap = n > 65536 ? n : 65536;
        c = malloc(head + cap);
        if (!c) {
            vm_fail(vm, ENOMEM, "out of memory");
            return NULL;
        }
        *c = (struct vm_chunk){vm->mem, 0, cap};
        vm->mem = c;
        vm->mem_used += cap;
    }
    p = (char *)c + head + c->n;
    c->n += n;
    return p;
}

int vm_push_int(struct nd_vm *vm, int64_t v)
{
    struct vm_value *out = vm_push(vm);

    if (!out)
        return -E2BIG;
    out->kind = VM_I64;
    out->type = ND_MF_NONE;
    out->i = v;
    return 0;
}

int vm_push_double(struct nd_vm *vm, double v)
{
    struct vm_value *out = vm_push(vm);

    if (!out)
        return -E2BIG;
    *out = (struct vm_value){.kind = VM_F64, .type = ND_MF_NONE, .d = v};
    return 0;
}

int vm_push_str(struct nd_vm *vm, const char *s, size_t n)
{
    struct vm_value *out = vm_push(vm);

    if (!out)
        return -E2BIG;
    *out = (struct vm_value){
        .kind = VM_STR, .type = ND_MF_NONE, .n = (uint32_t)n, .p = (const uint8_t *)s};
    return 0;
}

int vm_push_copy(struct nd_vm *vm, const char *s, size_t n)
{
    char *p = vm_alloc(vm, n);

    if (!p)
        return -ENOMEM;
    if (n)
        memcpy(p, s, n);
    return vm_push_str(vm, p, n);
}

int vm_pushed_own(struct nd_vm *vm, bool own, int err)
{
    if (!err)
        vm->stack[vm->sp - 1].own = own;
    return err;
}
