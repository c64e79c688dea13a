// SPDX-License-Identifier: GPL-2.0-or-later
// Messages about processes, in the process aside: what it is told, and names for addresses. Must
// not know who asks. Serves symbols_ask.c.
#include "runtime/output/symbols_impl.h"

#include <string.h>

struct out {
    uint8_t *at;
    size_t left;
};

static uint16_t length(const char *s)
{
    return s ? (uint16_t)strnlen(s, ND_SYM_NAME - 1) : 0;
}

static void put_found(struct out *o, const struct nd_symbol *s)
{
    struct nd_symmsg_found f = {
        .off = s->off, .in_file = s->in_file, .name = length(s->name), .module = length(s->module)};
    size_t n = sizeof(f) + f.name + f.module;

    if (n > o->left)
        return;
    memcpy(o->at, &f, sizeof(f));
    if (f.name)
        memcpy(o->at + sizeof(f), s->name, f.name);
    if (f.module)
        memcpy(o->at + sizeof(f) + f.name, s->module, f.module);
    o->at += n;
    o->left -= n;
}

struct message {
    struct nd_symmsg head;
    const uint8_t *more; // what follows it
    size_t n;
    struct out out;
    volatile uint64_t *at;
};

static void find(struct nd_usyms *u, struct message *m)
{
    struct nd_symbol found;
    uint64_t addr;
    uint32_t i;

    for (i = 0; i < m->head.n && i < m->n / sizeof(addr); i++) {
        memcpy(&addr, m->more + i * sizeof(addr), sizeof(addr));
        nd_usyms_find(u, m->head.pid, addr, &found);
        put_found(&m->out, &found);
    }
}

static void mapped(struct nd_usyms *u, struct message *m)
{
    const char *dev = (const char *)m->more;
    struct nd_usyms_map map = {.pid = m->head.pid,
                               .start = m->head.start,
                               .len = m->head.len,
                               .off = m->head.off,
                               .dev = dev,
                               .inode = m->head.inode};

    if (!m->n || m->more[m->n - 1])
        return;
    map.path = dev + strlen(dev) + 1;
    if (map.path < dev + m->n)
        nd_usyms_mapped(u, &map);
}

static void forked(struct nd_usyms *u, struct message *m)
{
    nd_usyms_forked(u, m->head.pid, m->head.n);
}

static void execed(struct nd_usyms *u, struct message *m)
{
    nd_usyms_execed(u, m->head.pid);
}

static void exited(struct nd_usyms *u, struct message *m)
{
    nd_usyms_exited(u, m->head.pid);
}

static void look(struct nd_usyms *u, struct message *m)
{
    uint32_t i, pid;

    for (i = 0; i < m->head.n && i < m->n / sizeof(pid); i++) {
        memcpy(&pid, m->more + i * sizeof(pid), sizeof(pid));
        *m->at = pid;
        nd_usyms_look(u, pid);
    }
}

static void ban(struct nd_usyms *u, struct message *m)
{
    nd_usyms_ban(u, m->head.pid);
}

static void watched(struct nd_usyms *u, struct message *m)
{
    (void)m;
    nd_usyms_watched(u);
}

static size_t serve(void *state, const void *msg, size_t n, void *out, volatile uint64_t *at)
{
    static void (*const what[ND_SYMMSG_MAX])(struct nd_usyms * u, struct message * m) = {
        [ND_SYMMSG_FIND] = find,     [ND_SYMMSG_MAPPED] = mapped,   [ND_SYMMSG_FORKED] = forked,
        [ND_SYMMSG_EXECED] = execed, [ND_SYMMSG_EXITED] = exited,   [ND_SYMMSG_LOOK] = look,
        [ND_SYMMSG_BAN] = ban,       [ND_SYMMSG_WATCHED] = watched,
    };
    struct message m = {.out = {out, ND_ASIDE_MESSAGE}, .at = at};

    if (n < sizeof(m.head))
        return 0;
    memcpy(&m.head, msg, sizeof(m.head));
    m.more = (const uint8_t *)msg + sizeof(m.head);
    m.n = n - sizeof(m.head);
    *at = m.head.pid;
    if (m.head.what < ND_SYMMSG_MAX)
        what[m.head.what](state, &m);
    return ND_ASIDE_MESSAGE - m.out.left;
}

static void *start(void)
{
    return nd_usyms_new();
}

const struct nd_aside_job nd_symserve_job = {"names for addresses in processes", start, serve};
