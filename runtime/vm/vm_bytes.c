// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes that a probe copied: numbers and addresses in them. What is out of range is 0. Serves the
// functions of user code.
#include "runtime/vm/vm_impl.h"

#include "runtime/common/typed.h"

#include <errno.h>
#include <string.h>

#define IP4_BYTES 4
#define IP_BYTES 16
#define MAC_BYTES 6

// n bytes from an offset of a buf, or NULL. A buf begins with the number of bytes that are there.
static const uint8_t *bytes_at(struct nd_vm *vm, const struct vm_value *v, int64_t off, int64_t n)
{
    uint32_t used;

    if (v->kind != VM_BYTES || vm_type(vm, v->type)->kind != ND_T_BUF || v->n < sizeof(used))
        return NULL;
    memcpy(&used, v->p, sizeof(used));
    used = used > v->n - sizeof(used) ? v->n - (uint32_t)sizeof(used) : used;
    if (off < 0 || n < 0 || n > used || off > used - n)
        return NULL;
    return v->p + sizeof(used) + off;
}

static int number(struct nd_vm *vm, const struct vm_value *v, bool big)
{
    struct nd_mf_type type = {.kind = ND_T_INT};
    const uint8_t *p;
    int64_t off, n;

    if (vm_i64(vm, &v[1], &off) || vm_i64(vm, &v[2], &n))
        return -EINVAL;
    if (n != 1 && n != 2 && n != 4 && n != 8)
        return vm_fail(vm, EINVAL, "a number has 1, 2, 4 or 8 bytes, not %lld", (long long)n);
    p = bytes_at(vm, &v[0], off, n);
    type.size = (uint32_t)n;
    type.flags = big ? ND_TF_NETWORK : 0;
    return vm_push_int(vm, p ? nd_typed_int(&type, p) : 0);
}

int vm_bi_get_num(struct nd_vm *vm, const struct vm_value *v)
{
    return number(vm, v, false);
}

int vm_bi_get_be(struct nd_vm *vm, const struct vm_value *v)
{
    return number(vm, v, true);
}

// Bytes as a value of the type whose number is the last argument.
static int push_bytes(struct nd_vm *vm, const uint8_t *p, uint32_t n, const struct vm_value *type)
{
    struct vm_value v, *out;
    int64_t id;
    int err = vm_i64(vm, type, &id);

    if (!err && (id < 0 || id >= vm->env.mf->ntypes || vm_type(vm, (uint32_t)id)->size != n))
        err = vm_fail(vm, EINVAL, "no type of %u bytes", n);
    if (!err)
        err = vm_load(vm, (uint32_t)id, p, true, &v);
    out = err ? NULL : vm_push(vm);
    if (out)
        *out = v;
    return out ? 0 : err ?: -E2BIG;
}

int vm_bi_get_ip(struct nd_vm *vm, const struct vm_value *v)
{
    uint8_t ip[IP_BYTES] = {0};
    const uint8_t *p;
    int64_t off, n;

    if (vm_i64(vm, &v[1], &off) || vm_i64(vm, &v[2], &n))
        return -EINVAL;
    if (n != IP4_BYTES && n != IP_BYTES)
        return vm_fail(vm, EINVAL, "an address has 4 or 16 bytes, not %lld", (long long)n);
    p = bytes_at(vm, &v[0], off, n);
    if (p && n == IP4_BYTES)
        ip[10] = ip[11] = 0xff; // ::ffff:a.b.c.d
    if (p)
        memcpy(ip + IP_BYTES - n, p, (size_t)n);
    return push_bytes(vm, ip, sizeof(ip), &v[3]);
}

int vm_bi_get_mac(struct nd_vm *vm, const struct vm_value *v)
{
    uint8_t mac[MAC_BYTES] = {0};
    const uint8_t *p;
    int64_t off;

    if (vm_i64(vm, &v[1], &off))
        return -EINVAL;
    p = bytes_at(vm, &v[0], off, MAC_BYTES);
    if (p)
        memcpy(mac, p, sizeof(mac));
    return push_bytes(vm, mac, sizeof(mac), &v[2]);
}
