// SPDX-License-Identifier: GPL-2.0-or-later
// Names for addresses in processes, asked of the process aside; answers are kept for a second, for
// stacks have the same callers. Must not open anything of other processes. Serves symbols.c.
#include "runtime/output/symbols_impl.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define JUST_NS 1000000ll    // for each address of a stack there is no news
#define KEPT_NS 1000000000ll // answers
#define SLOTS 1024u          // for them
#define TURNS 256u           // counters of what is told of processes
#define BANNED 64u           // processes that are not looked at again
#define LOOK_AT 1000u        // processes in a message

struct answer {
    uint32_t pid, turn;
    uint64_t addr;
    int64_t at; // when it was given; 0: there is none
    struct nd_symbol sym;
    char *text; // the strings of it
};

struct nd_symask {
    struct nd_aside *aside;
    uint32_t starts; // of the process that knows what is below
    uint32_t ban[BANNED], nbans;
    struct answer slot[SLOTS];
    uint32_t turn[TURNS]; // changes with what processes map
    void (*fresh)(void *arg);
    void *fresh_arg;
    int64_t fresh_at;
    bool all; // processes were looked at
    union {
        struct nd_symmsg head;
        uint8_t bytes[sizeof(struct nd_symmsg) + 8192];
    } msg;
    uint8_t found[ND_ASIDE_MESSAGE];
};

static int64_t now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

// ---- telling -----------------------------------------------------------------------------------

static void *start_message(struct nd_symask *a, enum nd_symmsg_what what, uint32_t pid, uint32_t n)
{
    a->msg.head = (struct nd_symmsg){.what = what, .pid = pid, .n = n};
    return a->msg.bytes + sizeof(a->msg.head);
}

static void send(struct nd_symask *a, size_t more)
{
    nd_aside_tell(a->aside, &a->msg, sizeof(a->msg.head) + more);
}

static void tell(struct nd_symask *a, enum nd_symmsg_what what, uint32_t pid, uint32_t n)
{
    start_message(a, what, pid, n);
    send(a, 0);
}

static void look_at_all(struct nd_symask *a)
{
    DIR *d = opendir("/proc");
    struct dirent *e = NULL;
    uint32_t n = 0;
    uint8_t *to;

    do {
        to = start_message(a, ND_SYMMSG_LOOK, 0, 0);
        for (n = 0; d && n < LOOK_AT && (e = readdir(d));) {
            uint32_t pid = *e->d_name >= '1' && *e->d_name <= '9' ? (uint32_t)atoi(e->d_name) : 0;

            memcpy(to + n * sizeof(pid), &pid, sizeof(pid));
            n += pid != 0;
        }
        a->msg.head.n = n;
        if (n)
            send(a, n * sizeof(n));
    } while (d && e);
    if (d)
        closedir(d);
}

// The process runs, and a new one knows what the last one knew, but for what is gone since; false:
// it does not run.
static bool ready(struct nd_symask *a)
{
    uint32_t starts = nd_aside_up(a->aside), i;
    uint64_t bad;

    if (!starts || starts == a->starts)
        return starts != 0;
    bad = a->starts ? nd_aside_at(a->aside) : 0;
    if (bad && bad <= UINT32_MAX)
        a->ban[a->nbans++ % BANNED] = (uint32_t)bad;
    a->starts = starts;
    for (i = 0; i < a->nbans && i < BANNED; i++) {
        if (a->ban[i])
            tell(a, ND_SYMMSG_BAN, a->ban[i], 0);
    }
    if (a->fresh)
        tell(a, ND_SYMMSG_WATCHED, 0, 0);
    if (a->all)
        look_at_all(a);
    return true;
}

// What was answered of this process is not true any more.
static void turned(struct nd_symask *a, uint32_t pid)
{
    a->turn[pid % TURNS]++;
}

void nd_symask_watch(struct nd_symask *a, void (*fresh)(void *arg), void *arg)
{
    a->fresh = fresh;
    a->fresh_arg = arg;
    if (fresh && ready(a))
        tell(a, ND_SYMMSG_WATCHED, 0, 0);
}

void nd_symask_mapped(struct nd_symask *a, const struct nd_usyms_map *m)
{
    size_t dev = strlen(m->dev) + 1, path = strlen(m->path) + 1;
    uint8_t *to;

    turned(a, m->pid);
    if (!ready(a) || dev + path > sizeof(a->msg) - sizeof(a->msg.head))
        return;
    to = start_message(a, ND_SYMMSG_MAPPED, m->pid, 0);
    a->msg.head.start = m->start;
    a->msg.head.len = m->len;
    a->msg.head.off = m->off;
    a->msg.head.inode = m->inode;
    memcpy(to, m->dev, dev);
    memcpy(to + dev, m->path, path);
    send(a, dev + path);
}

void nd_symask_forked(struct nd_symask *a, uint32_t parent, uint32_t child)
{
    turned(a, child);
    if (ready(a))
        tell(a, ND_SYMMSG_FORKED, parent, child);
}

// A number that stands for another process now is looked at again.
static void forgive(struct nd_symask *a, uint32_t pid)
{
    uint32_t i;

    turned(a, pid);
    for (i = 0; i < a->nbans && i < BANNED; i++) {
        if (a->ban[i] == pid)
            a->ban[i] = 0;
    }
}

void nd_symask_execed(struct nd_symask *a, uint32_t pid)
{
    forgive(a, pid);
    if (ready(a))
        tell(a, ND_SYMMSG_EXECED, pid, 0);
}

void nd_symask_exited(struct nd_symask *a, uint32_t pid)
{
    forgive(a, pid);
    if (ready(a))
        tell(a, ND_SYMMSG_EXITED, pid, 0);
}

void nd_symask_snapshot(struct nd_symask *a, uint32_t pid)
{
    bool up = ready(a);

    a->all |= !pid;
    if (!up)
        return;
    if (pid) {
        memcpy(start_message(a, ND_SYMMSG_LOOK, pid, 1), &pid, sizeof(pid));
        send(a, sizeof(pid));
    } else {
        look_at_all(a);
    }
}

// ---- asking ------------------------------------------------------------------------------------

static struct answer *slot_of(struct nd_symask *a, uint32_t pid, uint64_t addr)
{
    uint64_t h = (addr ^ (uint64_t)pid << 40) * 0x9e3779b97f4a7c15ull;

    return &a->slot[h >> 32 & (SLOTS - 1)];
}

static bool is_known(const struct nd_symask *a, const struct answer *s, uint32_t pid, uint64_t addr,
                     int64_t t)
{
    return s->at && s->pid == pid && s->addr == addr && s->turn == a->turn[pid % TURNS] &&
           t - s->at < KEPT_NS;
}

// The strings of an answer, each with a NUL of ours after it.
static void keep(const struct nd_symask *a, struct answer *s, uint32_t pid, uint64_t addr,
                 const struct nd_symmsg_found *f, const uint8_t *strings)
{
    free(s->text);
    *s = (struct answer){.pid = pid, .addr = addr, .turn = a->turn[pid % TURNS], .at = now()};
    s->text = malloc((size_t)f->name + f->module + 2);
    if (!s->text) {
        s->at = 0;
        return;
    }
    memcpy(s->text, strings, f->name);
    s->text[f->name] = 0;
    memcpy(s->text + f->name + 1, strings + f->name, f->module);
    s->text[f->name + f->module + 1] = 0;
    s->sym.name = *s->text ? s->text : NULL;
    s->sym.module = s->text[f->name + 1] ? s->text + f->name + 1 : NULL;
    s->sym.off = f->off;
    s->sym.in_file = f->in_file && !s->sym.name && s->sym.module;
}

// The answers to one message: as many as there are of the right form.
static void keep_all(struct nd_symask *a, uint32_t pid, const uint64_t *addr, uint32_t n,
                     size_t len)
{
    const uint8_t *p = a->found, *end = a->found + len;
    struct nd_symmsg_found f;
    uint32_t i;

    for (i = 0; i < n && (size_t)(end - p) >= sizeof(f); i++) {
        memcpy(&f, p, sizeof(f));
        p += sizeof(f);
        if (f.name >= ND_SYM_NAME || f.module >= ND_SYM_NAME ||
            (size_t)f.name + f.module > (size_t)(end - p))
            return;
        keep(a, slot_of(a, pid, addr[i]), pid, addr[i], &f, p);
        p += f.name + f.module;
    }
}

static void ask(struct nd_symask *a, uint32_t pid, const uint64_t *addr, uint32_t n)
{
    ssize_t len;

    if (!n || !ready(a))
        return;
    memcpy(start_message(a, ND_SYMMSG_FIND, pid, n), addr, n * sizeof(*addr));
    len = nd_aside_ask(a->aside, &a->msg, sizeof(a->msg.head) + n * sizeof(*addr), a->found,
                       sizeof(a->found));
    if (len > 0)
        keep_all(a, pid, addr, n, (size_t)len);
}

static void look_for_news(struct nd_symask *a, int64_t t)
{
    if (!a->fresh || t - a->fresh_at < JUST_NS)
        return;
    a->fresh_at = t;
    a->fresh(a->fresh_arg);
}

void nd_symask_many(struct nd_symask *a, uint32_t pid, const uint64_t *addr, uint32_t n)
{
    uint64_t wanted[ND_SYMMSG_FIND_MOST];
    int64_t t = now();
    uint32_t i, k = 0;

    look_for_news(a, t);
    for (i = 0; i < n; i++) {
        if (is_known(a, slot_of(a, pid, addr[i]), pid, addr[i], t))
            continue;
        wanted[k++] = addr[i];
        if (k == ND_SYMMSG_FIND_MOST) {
            ask(a, pid, wanted, k);
            k = 0;
        }
    }
    ask(a, pid, wanted, k);
}

void nd_symask_find(struct nd_symask *a, uint32_t pid, uint64_t addr, struct nd_symbol *out)
{
    struct answer *s = slot_of(a, pid, addr);

    nd_symask_many(a, pid, &addr, 1);
    if (is_known(a, s, pid, addr, now()))
        *out = s->sym;
}

// ---- life --------------------------------------------------------------------------------------

struct nd_symask *nd_symask_new(void)
{
    struct nd_symask *a = calloc(1, sizeof(*a));

    if (!a)
        return NULL;
    a->aside = nd_aside_new(&nd_symserve_job);
    if (a->aside)
        return a;
    free(a);
    return NULL;
}

void nd_symask_open(struct nd_symask *a)
{
    ready(a);
}

void nd_symask_free(struct nd_symask *a)
{
    uint32_t i;

    if (!a)
        return;
    nd_aside_free(a->aside);
    for (i = 0; i < SLOTS; i++)
        free(a->slot[i].text);
    free(a);
}
