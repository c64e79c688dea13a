// SPDX-License-Identifier: GPL-2.0-or-later
// Reads BPF maps in batches if the kernel has them (hashes since 5.6), otherwise key by key.
// Must not know generations or the manifest's names. Serves maps.c.
#include "runtime/kernel/bpfmap.h"

#include "runtime/common/agg.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_BYTES (1u << 20)

void nd_bpfmap_merge(const struct nd_bpfmap *b, void *dst, const void *src)
{
    uint64_t x, y;

    if (b->summed && !nd_agg_is(b->type->kind) && b->val_size == 8) {
        memcpy(&x, dst, 8);
        memcpy(&y, src, 8);
        x += y;
        memcpy(dst, &x, 8);
        return;
    }
    nd_agg_merge(b->type, dst, src);
}

// raw: what the kernel gave for one entry. The value of a per-CPU map that is not an aggregation is
// that of the last CPU that has one.
static void merge_cpus(const struct nd_bpfmap *b, const uint8_t *raw, void *val)
{
    uint32_t i, j;

    if (!b->percpu) {
        memcpy(val, raw, b->val_size);
        return;
    }
    memset(val, 0, b->val_size);
    for (i = 0; i < b->ncpu; i++) {
        const uint8_t *one = raw + (size_t)i * b->bpf_one;

        for (j = 0; j < b->val_size && !one[j]; j++)
            ;
        if (j < b->val_size)
            nd_bpfmap_merge(b, val, one);
    }
}

// The key as the kernel expects it, in buf (bpf_key bytes).
static const void *full_key(const struct nd_bpfmap *b, const void *key, void *buf)
{
    memset(buf, 0, b->bpf_key);
    if (b->key_size)
        memcpy(buf, key, b->key_size);
    return buf;
}

int nd_bpfmap_get(const struct nd_bpfmap *b, const void *key, void *val)
{
    uint8_t *buf = malloc((size_t)b->bpf_key + b->bpf_val);
    int err = 0;

    memset(val, 0, b->val_size);
    if (!buf)
        return -ENOMEM;
    // The value first: it is read as 64-bit words.
    if (bpf_map_lookup_elem(b->fd, full_key(b, key, buf + b->bpf_val), buf))
        err = -errno;
    else
        merge_cpus(b, buf, val);
    free(buf);
    return err;
}

int nd_bpfmap_set(const struct nd_bpfmap *b, const void *key, const void *val)
{
    uint8_t *buf = calloc(1, (size_t)b->bpf_key + b->bpf_val);
    int err = 0;

    if (!buf)
        return -ENOMEM;
    if (b->taken && bpf_map_lookup_elem(b->fd, full_key(b, key, buf + b->bpf_val), buf) &&
        errno == ENOENT)
        --*b->taken;
    memset(buf, 0, b->bpf_val);
    memcpy(buf, val, b->val_size); // per CPU: the first has it all
    if (bpf_map_update_elem(b->fd, full_key(b, key, buf + b->bpf_val), buf, BPF_ANY))
        err = -errno;
    free(buf);
    return err;
}

int nd_bpfmap_del(const struct nd_bpfmap *b, const void *key)
{
    uint8_t *buf;
    int err = 0;

    if (!b->hash) {
        buf = calloc(1, b->val_size);
        if (!buf)
            return -ENOMEM;
        err = nd_bpfmap_set(b, key, buf);
        free(buf);
        return err;
    }
    buf = malloc(b->bpf_key);
    if (!buf)
        return -ENOMEM;
    if (bpf_map_delete_elem(b->fd, full_key(b, key, buf)))
        err = -errno;
    else if (b->taken)
        ++*b->taken;
    free(buf);
    return err;
}

struct batch {
    uint8_t *keys, *vals, *one; // one: a merged value
    uint32_t cap;
};

static int batch_alloc(const struct nd_bpfmap *b, struct batch *t, uint32_t cap)
{
    free(t->keys);
    free(t->vals);
    t->keys = malloc((size_t)cap * b->bpf_key);
    t->vals = malloc((size_t)cap * b->bpf_val);
    if (!t->one)
        t->one = malloc(b->val_size);
    t->cap = cap;
    return t->keys && t->vals && t->one ? 0 : -ENOMEM;
}

static int batch_emit(const struct nd_bpfmap *b, const struct batch *t, uint32_t n, nd_bpfmap_fn fn,
                      void *arg)
{
    uint32_t i;
    int err = 0;

    for (i = 0; i < n && !err; i++) {
        merge_cpus(b, t->vals + (size_t)i * b->bpf_val, t->one);
        err = fn(arg, t->keys + (size_t)i * b->bpf_key, t->one);
    }
    return err;
}

// Walks bucket by bucket; a bucket larger than the batch (-ENOSPC) is read again with more room.
static int each_batch(const struct nd_bpfmap *b, bool take, struct batch *t, nd_bpfmap_fn fn,
                      void *arg)
{
    uint32_t cap = BATCH_BYTES / (b->bpf_key + b->bpf_val), in = 0, out = 0;
    bool first = true;
    int err;

    if (cap > b->max_entries)
        cap = b->max_entries;
    err = batch_alloc(b, t, cap < 16 ? 16 : cap);
    while (!err) {
        uint32_t n = t->cap;
        int rc, why;

        rc = take ? bpf_map_lookup_and_delete_batch(b->fd, first ? NULL : &in, &out, t->keys,
                                                    t->vals, &n, NULL)
                  : bpf_map_lookup_batch(b->fd, first ? NULL : &in, &out, t->keys, t->vals, &n,
                                         NULL);
        why = rc ? errno : 0;
        if (why && why != ENOENT && why != ENOSPC)
            return first ? -EOPNOTSUPP : -why;
        if (why == ENOSPC && !n) {
            err = batch_alloc(b, t, t->cap * 2);
            continue;
        }
        err = batch_emit(b, t, n, fn, arg);
        if (why == ENOENT)
            break;
        first = false;
        in = out;
    }
    return err;
}

// Without batches: get_next_key starts again from the front when its key was deleted meanwhile, so
// keys already seen are remembered.
static int each_key(const struct nd_bpfmap *b, bool take, struct batch *t, nd_bpfmap_fn fn,
                    void *arg)
{
    uint64_t steps = 0, limit = (uint64_t)b->max_entries * 16 + 1024;
    struct nd_table seen;
    bool first = true, fresh;
    int err;

    nd_table_init(&seen, b->bpf_key, 1);
    err = batch_alloc(b, t, 2);
    while (!err && steps++ < limit) {
        if (bpf_map_get_next_key(b->fd, first ? NULL : t->keys, t->keys + b->bpf_key)) {
            err = errno == ENOENT ? 0 : -errno;
            break;
        }
        memcpy(t->keys, t->keys + b->bpf_key, b->bpf_key);
        first = take;
        if (!nd_table_put(&seen, t->keys, &fresh))
            err = -ENOMEM;
        if (err || (!fresh && !take))
            continue;
        if (bpf_map_lookup_elem(b->fd, t->keys, t->vals)) {
            err = errno == ENOENT ? 0 : -errno;
            continue;
        }
        if (take && bpf_map_delete_elem(b->fd, t->keys) && errno != ENOENT)
            err = -errno;
        if (!err)
            err = batch_emit(b, t, 1, fn, arg);
    }
    nd_table_free(&seen);
    return err;
}

static int each_scalar(const struct nd_bpfmap *b, bool take, nd_bpfmap_fn fn, void *arg)
{
    void *val = malloc(b->val_size);
    int err;

    if (!val)
        return -ENOMEM;
    err = nd_bpfmap_get(b, NULL, val);
    if (!err && take)
        err = nd_bpfmap_del(b, NULL);
    if (!err)
        err = fn(arg, NULL, val);
    free(val);
    return err;
}

struct counted {
    nd_bpfmap_fn fn;
    void *arg;
    int64_t *n;
};

static int count_taken(void *arg, const void *key, const void *val)
{
    struct counted *c = arg;

    ++*c->n;
    return c->fn(c->arg, key, val);
}

int nd_bpfmap_each(const struct nd_bpfmap *b, bool take, nd_bpfmap_fn fn, void *arg)
{
    struct counted c = {fn, arg, b->taken};
    struct batch t = {0};
    int err;

    if (take && b->taken) {
        fn = count_taken;
        arg = &c;
    }

    if (!b->hash)
        return each_scalar(b, take, fn, arg);
    err = b->no_batch ? -EOPNOTSUPP : each_batch(b, take, &t, fn, arg);
    if (err == -EOPNOTSUPP)
        err = each_key(b, take, &t, fn, arg);
    free(t.keys);
    free(t.vals);
    free(t.one);
    return err;
}

static int drop(void *arg, const void *key, const void *val)
{
    (void)arg;
    (void)key;
    (void)val;
    return 0;
}

int nd_bpfmap_clear(const struct nd_bpfmap *b)
{
    return nd_bpfmap_each(b, true, drop, NULL);
}
