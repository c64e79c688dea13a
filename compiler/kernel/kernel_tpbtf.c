// SPDX-License-Identifier: GPL-2.0-or-later
// The record of a trace event from BTF, when the tracefs cannot be read: so that an ordinary user
// can check a script. Must not know the language. Serves kernel_trace.c.
#include "compiler/kernel/kernel_impl.h"

#include "compiler/kernel/btf.h"

#include <errno.h>
#include <string.h>

#define CLASS_PREFIX "trace_event_raw_"
#define HANDLER_PREFIX "__bpf_trace_"

const char *nd_tp_class(const char *name)
{
    size_t n = strlen(CLASS_PREFIX);

    return !strncmp(name, CLASS_PREFIX, n) ? name + n : NULL;
}

static uint32_t record_of(struct nd_kernel *k, struct nd_btf *btf, const char *class)
{
    return nd_btf_find(btf, ND_BTF_STRUCT, nd_arena_printf(k->a, CLASS_PREFIX "%s", class));
}

static const char dynamic[] = "__data_loc_", relative[] = "__rel_loc_";

static bool is_frame(const char *member)
{
    return !strcmp(member, "ent") || !strcmp(member, "__data");
}

bool nd_tp_is_record(struct nd_btf *btf, uint32_t id, const struct nd_tp_format *f)
{
    struct nd_btf_member m;
    struct nd_btf_type s;
    uint32_t i, n = 0;

    if (!nd_btf_get(btf, id, &s))
        return false;
    for (i = 0; i < s.vlen && nd_btf_member(btf, id, i, &m); i++) {
        const char *name = m.name;

        if (is_frame(name))
            continue;
        name += !strncmp(name, dynamic, strlen(dynamic))     ? strlen(dynamic)
                : !strncmp(name, relative, strlen(relative)) ? strlen(relative)
                                                             : 0;
        if (n == f->nfields || f->fields[n].off != m.bit_off / 8 ||
            strcmp(f->fields[n].name, name) != 0)
            return false;
        n++;
    }
    return n == f->nfields;
}

// Events share the record of their class, whose name BTF does not give. The class is the one whose
// handler takes the very arguments of the event; of several, the one with the longest name in
// common.
static uint32_t class_of(struct nd_kernel *k, struct nd_btf *btf, const char *event)
{
    const char *probe = nd_arena_printf(k->a, "__probestub_%s", event);
    uint32_t func = nd_btf_find(btf, ND_BTF_FUNC, probe), n = nd_btf_count(btf), best = 0, i;
    struct nd_btf_type stub, t;
    size_t most = 0;

    if (!func || !nd_btf_get(btf, func, &stub))
        return 0;
    for (i = 1; i < n; i++) {
        const char *name;
        size_t same = 1;
        uint32_t id;

        if (!nd_btf_get(btf, i, &t) || t.kind != ND_BTF_FUNC || t.type != stub.type ||
            strncmp(t.name, HANDLER_PREFIX, strlen(HANDLER_PREFIX)) != 0)
            continue;
        name = t.name + strlen(HANDLER_PREFIX);
        while (name[same - 1] && name[same - 1] == event[same - 1])
            same++;
        id = record_of(k, btf, name);
        if (id && same > most) {
            most = same;
            best = id;
        }
    }
    return best;
}

static void add_field(struct nd_kernel *k, struct nd_btf *btf, const struct nd_btf_member *m,
                      struct nd_tp_field *f)
{
    struct nd_btf_type t;

    f->name = m->name;
    f->type = nd_btf_type_text(btf, m->type, k->a);
    f->off = m->bit_off / 8;
    f->size = (uint32_t)nd_btf_size(btf, m->type);
    if (nd_btf_resolve(btf, m->type, &t)) {
        f->is_signed = t.is_signed;
        f->nelems = t.kind == ND_BTF_ARRAY ? t.nelems : 0;
    }
    f->data_loc = !strncmp(m->name, dynamic, strlen(dynamic));
    f->rel_loc = !strncmp(m->name, relative, strlen(relative));
    if (f->data_loc || f->rel_loc) {
        f->name += f->data_loc ? strlen(dynamic) : strlen(relative);
        f->type = "__data_loc char[]"; // BTF does not say what kind of array; strings are usual
    }
}

int nd_tp_from_btf(struct nd_kernel *k, struct nd_tp_format *out)
{
    const char *why;
    struct nd_btf *btf = nd_kernel_btf(k, &why);
    struct nd_btf_member m;
    struct nd_btf_type s;
    uint32_t id, i;

    if (!btf)
        return -ENODATA;
    id = record_of(k, btf, out->event);
    if (!id)
        id = class_of(k, btf, out->event);
    if (!id || !nd_btf_get(btf, id, &s))
        return -ENOENT;
    out->fields = ND_NEW_ARRAY(k->a, struct nd_tp_field, s.vlen + 1);
    for (i = 0; i < s.vlen && nd_btf_member(btf, id, i, &m); i++) {
        if (!is_frame(m.name))
            add_field(k, btf, &m, &out->fields[out->nfields++]);
    }
    out->print_fmt = "";
    return 0;
}
