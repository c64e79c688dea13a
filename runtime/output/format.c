// SPDX-License-Identifier: GPL-2.0-or-later
// Walks a typed value and gives its parts to a visitor: the one place that knows what bytes mean.
// Must not know how text or JSON looks. Serves both printers.
#include "runtime/output/format.h"

#include "runtime/common/agg.h"
#include "runtime/common/typed.h"
#include "runtime/common/value.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_FRAMES 127

struct walk {
    const struct nd_fmt *f;
    const struct nd_visitor *v;
};

static void visit(const struct walk *w, uint32_t type, const void *p);

static void visit_int(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    w->v->integer(w->v->arg, t, nd_typed_int(t, p), !nd_typed_is_signed(t));
}

static void visit_bool(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    w->v->boolean(w->v->arg, nd_typed_int(t, p) != 0);
}

// A value without a name, of an enum that has a text for it.
static void visit_other(const struct walk *w, const struct nd_mf_type *t, int64_t v)
{
    const char *text = nd_mf_str(w->f->mf, t->a), *number = strstr(text, "%d");
    size_t n = number ? (size_t)(number - text) : strlen(text);
    struct nd_buf b = {0};

    nd_buf_put(&b, text, n);
    if (number) {
        nd_buf_i64(&b, v);
        nd_buf_puts(&b, number + 2);
    }
    w->v->string(w->v->arg, t, b.v ? b.v : "", b.n);
    free(b.v);
}

static void visit_enum(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    const struct nd_mf *mf = w->f->mf;
    uint64_t mask = t->size >= 8 ? ~0ull : (1ull << (t->size * 8)) - 1;
    int64_t v = nd_typed_int(t, p);
    uint32_t i;

    for (i = 0; i < t->count && !w->v->numbers; i++) {
        const struct nd_mf_enumerator *e = &mf->enumerators[t->first + i];

        // By width: a table may hold the value with another sign than the storage.
        if ((((uint64_t)e->value ^ (uint64_t)v) & mask) == 0) {
            const char *name = nd_mf_str(mf, e->name);

            w->v->string(w->v->arg, t, name, strlen(name));
            return;
        }
    }
    if (t->a)
        visit_other(w, t, v);
    else
        visit_int(w, t, p);
}

static void visit_double(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    double d;

    (void)t;
    memcpy(&d, p, sizeof(d));
    w->v->real(w->v->arg, d);
}

static void visit_string(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    w->v->string(w->v->arg, t, p, nd_typed_strlen(t, p));
}

void nd_format_ifname(const struct nd_fmt *f, const void *p, struct nd_buf *out)
{
    struct nd_ifname dev;
    const char *ns;

    memcpy(&dev, p, sizeof(dev));
    nd_buf_put(out, dev.name, strnlen(dev.name, sizeof(dev.name)));
    if (!dev.netns || dev.netns == f->netns)
        return;
    ns = f->syms ? nd_syms_netns(f->syms, dev.netns) : NULL;
    if (ns)
        nd_buf_printf(out, "@%s", ns);
    else
        nd_buf_printf(out, "@%u", dev.netns);
}

static void visit_ifname(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    struct nd_buf b = {0};

    nd_format_ifname(w->f, p, &b);
    w->v->string(w->v->arg, t, b.v ? b.v : "", b.n);
    free(b.v);
}

static void visit_ptr(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    struct nd_buf b = {0};

    if (w->v->numbers) {
        w->v->integer(w->v->arg, t, nd_typed_int(t, p), true);
        return;
    }
    nd_buf_put(&b, "0x", 2);
    nd_buf_hex(&b, (uint64_t)nd_typed_int(t, p));
    w->v->string(w->v->arg, t, b.v, b.n);
    free(b.v);
}

// One end of a flow: address, and port if there is one; IPv6 in brackets before a port.
static void put_end(struct nd_buf *b, const uint8_t ip[16], uint16_t port)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    bool brackets = port && memcmp(ip, mapped, sizeof(mapped)) != 0;
    char text[64];

    nd_buf_put(b, "[", brackets);
    nd_buf_put(b, text, nd_text_ip(ip, text));
    nd_buf_put(b, "]", brackets);
    if (port)
        nd_buf_printf(b, ":%u", port);
}

// struct flow: src, dst, sport, dport, proto. Objects come from files: the flag alone says nothing.
static bool is_flow(const struct nd_mf *mf, const struct nd_mf_type *t)
{
    static const uint32_t kinds[] = {ND_T_IP, ND_T_IP, ND_T_PORT, ND_T_PORT, ND_T_PROTO};
    uint32_t i;

    if (!(t->flags & ND_TF_FLOW) || t->count != 5)
        return false;
    for (i = 0; i < 5; i++) {
        if (mf->types[mf->fields[t->first + i].type].kind != kinds[i])
            return false;
    }
    return true;
}

static void visit_flow(const struct walk *w, const struct nd_mf_type *t, const uint8_t *p)
{
    const struct nd_mf_field *f = &w->f->mf->fields[t->first];
    struct nd_buf b = {0};
    uint16_t port[2];
    const char *name;

    memcpy(&port[0], p + f[2].off, sizeof(port[0]));
    memcpy(&port[1], p + f[3].off, sizeof(port[1]));
    put_end(&b, p + f[0].off, port[0]);
    nd_buf_puts(&b, " -> ");
    put_end(&b, p + f[1].off, port[1]);
    name = nd_value_proto_name(p[f[4].off]);
    if (name)
        nd_buf_printf(&b, " %s", name);
    else
        nd_buf_printf(&b, " %u", p[f[4].off]);
    w->v->flow(w->v->arg, b.v, b.n);
    free(b.v);
}

// Number of members to show, and bits of those that are absent.
static uint32_t members(const struct nd_mf *mf, const struct nd_mf_type *t, const uint8_t *p,
                        uint64_t *none)
{
    const struct nd_mf_field *last = t->count ? &mf->fields[t->first + t->count - 1] : NULL;

    *none = 0;
    if (!last || strcmp(nd_mf_str(mf, last->name), ND_MF_ABSENT) != 0 ||
        mf->types[last->type].size != sizeof(*none))
        return t->count;
    memcpy(none, p + last->off, sizeof(*none));
    return t->count - 1;
}

static void visit_fields(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    const struct nd_mf *mf = w->f->mf;
    uint64_t tmp, none;
    uint32_t i, n = members(mf, t, p, &none), shown = 0;

    if (w->v->flow && is_flow(mf, t)) {
        visit_flow(w, t, p);
        return;
    }
    w->v->begin(w->v->arg, t, n);
    for (i = 0; i < n; i++) {
        const struct nd_mf_field *f = &mf->fields[t->first + i];
        bool absent = i < 64 && none >> i & 1;

        if (absent && !w->v->absent)
            continue;
        w->v->field(w->v->arg, t, shown++, nd_mf_str(mf, f->name));
        if (absent && !w->v->absent(w->v->arg, true))
            continue;
        visit(w, f->type, nd_typed_field(mf, f, p, &tmp));
        if (absent)
            w->v->absent(w->v->arg, false);
    }
    w->v->end(w->v->arg, t);
}

static void visit_array(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    size_t size = w->f->mf->types[t->elem].size;
    uint32_t i;

    w->v->begin(w->v->arg, t, t->count);
    for (i = 0; i < t->count; i++) {
        w->v->field(w->v->arg, t, i, "");
        visit(w, t->elem, (const uint8_t *)p + i * size);
    }
    w->v->end(w->v->arg, t);
}

static void visit_buf(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    struct nd_buf b = {0};
    uint32_t used;

    memcpy(&used, p, sizeof(used));
    used = used > t->size - 4 ? t->size - 4 : used;
    nd_text_escaped((const uint8_t *)p + 4, used, &b);
    w->v->string(w->v->arg, t, b.v ? b.v : "", b.n);
    free(b.v);
}

static void visit_net(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    char text[64];
    size_t n = t->kind == ND_T_IP    ? nd_text_ip(p, text)
               : t->kind == ND_T_MAC ? nd_text_mac(p, text)
                                     : nd_text_prefix(p, text);

    w->v->string(w->v->arg, t, text, n);
}

// A number by its name, if it has one.
static void visit_name(const struct walk *w, const struct nd_mf_type *t, const void *p,
                       const char *name)
{
    if (name)
        w->v->string(w->v->arg, t, name, strlen(name));
    else
        visit_int(w, t, p);
}

static void visit_proto(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    visit_name(w, t, p, nd_value_proto_name((uint8_t)nd_typed_int(t, p)));
}

// Frames between the hooked function and the program, which only some kernels and only some
// combinations of users of a tracepoint have.
static int own_frames(const struct walk *w, const uint64_t *frames, int n)
{
    static const char *const prefix[] = {"__traceiter_", "__bpf_trace_", "bpf_trace_run",
                                         "bpf_prog_", "bpf_trampoline_"};
    int skip = 0;
    size_t i;

    while (skip + 1 < n) {
        struct nd_symbol sym;

        nd_syms_kernel(w->f->syms, frames[skip], &sym);
        for (i = 0; sym.name && i < sizeof(prefix) / sizeof(prefix[0]); i++) {
            if (!strncmp(sym.name, prefix[i], strlen(prefix[i])))
                break;
        }
        if (!sym.name || i == sizeof(prefix) / sizeof(prefix[0]))
            break;
        skip++;
    }
    return skip;
}

static void visit_stack(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    uint64_t frames[MAX_FRAMES];
    uint32_t depth = t->a && t->a < MAX_FRAMES ? t->a : MAX_FRAMES, pid = 0;
    int32_t id;
    int n, skip;

    memcpy(&id, p, 4);
    if (t->kind == ND_T_USTACK)
        memcpy(&pid, (const uint8_t *)p + 4, 4);
    if (id >= 0 && !w->f->maps) {
        w->v->integer(w->v->arg, t, id, false);
        return;
    }
    n = id < 0 ? id : nd_maps_stack(w->f->maps, t->elem, id, frames, depth);
    if (pid && n > 0 && w->f->syms && !(t->flags & ND_TF_RAW))
        nd_syms_users(w->f->syms, pid, frames, (uint32_t)n);
    skip = t->kind == ND_T_KSTACK && n > 0 && w->f->syms ? own_frames(w, frames, n) : 0;
    w->v->stack(w->v->arg, t, frames + skip, n > 0 ? n - skip : n, pid);
}

static void visit_sym(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    struct nd_buf b = {0};
    uint32_t pid = 0;
    uint64_t addr;

    memcpy(&addr, p, 8);
    if (t->kind == ND_T_USYM)
        memcpy(&pid, (const uint8_t *)p + 8, 4);
    nd_format_addr(w->f, addr, pid, false, &b);
    w->v->string(w->v->arg, t, b.v ? b.v : "", b.n);
    free(b.v);
}

// CLOCK_REALTIME minus the clock (0: monotonic) in ns.
static int64_t wall_offset(const struct nd_fmt *f, uint32_t clock)
{
    struct timespec real, other;

    if (!clock || clock == CLOCK_MONOTONIC || clock_gettime((clockid_t)clock, &other) ||
        clock_gettime(CLOCK_REALTIME, &real))
        return f->wall_offset;
    return (real.tv_sec - other.tv_sec) * 1000000000ll + real.tv_nsec - other.tv_nsec;
}

int64_t nd_format_wall(const struct nd_fmt *f, const struct nd_mf_type *t, int64_t ns)
{
    return (int64_t)((uint64_t)ns + (uint64_t)wall_offset(f, t ? t->a : 0));
}

static void visit_strftime(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    int64_t ns = nd_typed_int(t, p);
    struct nd_buf b = {0};

    nd_text_strftime(nd_mf_str(w->f->mf, t->name), nd_format_wall(w->f, t, ns), &b);
    w->v->string(w->v->arg, t, b.v ? b.v : "", b.n);
    free(b.v);
}

static void visit_cgroup(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    uint64_t id = (uint64_t)nd_typed_int(t, p);

    visit_name(w, t, p, w->f->syms ? nd_syms_cgroup(w->f->syms, id) : NULL);
}

static void visit_username(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    uint32_t uid = (uint32_t)nd_typed_int(t, p);

    visit_name(w, t, p, w->f->syms ? nd_syms_user_name(w->f->syms, uid) : NULL);
}

static void visit_strerror(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    visit_name(w, t, p, nd_text_errno(nd_typed_int(t, p)));
}

static void visit_signal(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    visit_name(w, t, p, nd_text_signal(nd_typed_int(t, p)));
}

static void visit_syscall(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    visit_name(w, t, p, nd_text_syscall(nd_typed_int(t, p)));
}

static void visit_netns(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    uint64_t id = (uint64_t)nd_typed_int(t, p);

    visit_name(w, t, p, w->f->syms ? nd_syms_netns(w->f->syms, id) : NULL);
}

static void visit_agg(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    w->v->agg(w->v->arg, t, p);
}

static void visit_void(const struct walk *w, const struct nd_mf_type *t, const void *p)
{
    (void)p;
    w->v->string(w->v->arg, t, "", 0);
}

static void (*const visit_kind[ND_T_KIND_MAX])(const struct walk *, const struct nd_mf_type *,
                                               const void *) = {
#define ND_TYPE(id, text, size, class, sign, visit) [ND_T_##id] = visit_##visit,
#include "runtime/common/types.def"
};

static void visit(const struct walk *w, uint32_t type, const void *p)
{
    const struct nd_mf_type *t = &w->f->mf->types[type];

    visit_kind[t->kind](w, t, p);
}

void nd_visit(const struct nd_fmt *f, uint32_t type, const void *bytes, const struct nd_visitor *v)
{
    struct walk w = {f, v};

    visit(&w, type, bytes);
}
