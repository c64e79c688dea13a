// SPDX-License-Identifier: GPL-2.0-or-later
// One link (and perhaps one perf event) for each attach point and CPU. Must not know what programs
// do, nor how links are taken apart fast (detach.c). Serves the run.
#include "runtime/kernel/attach_impl.h"

#include "runtime/common/msg.h"
#include "runtime/common/probekinds.h"
#include "runtime/kernel/attach_multi.h"
#include "runtime/kernel/chosen.h"
#include "runtime/kernel/feature.h"
#include "runtime/kernel/fileprobe.h"
#include "runtime/kernel/missed.h"
#include "runtime/kernel/modules.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_MIN 100u // attach points of a program that may take long one by one
#define PROGRESS_S 2      // seconds between two lines about it

static void plan(struct nd_attach_set *s);

struct nd_attach_set *nd_attach_new(const struct nd_load *l, const uint8_t *opts, uint32_t pid)
{
    struct nd_attach_set *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->l = l;
    s->opts = opts;
    s->pid = pid;
    s->come = -1;
    nd_perf_init(&s->perf);
    s->perf.strict = l->foreign && !l->unsafe;
    s->perf.unsafe = l->unsafe;
    s->list = calloc(l->mf.nattaches + 1, sizeof(*s->list));
    s->prog = calloc(l->mf.nattaches + 1, sizeof(*s->prog));
    s->left = calloc(l->mf.nprogs + 1, sizeof(*s->left));
    if (!s->list || !s->prog || !s->left) {
        nd_attach_free(s);
        return NULL;
    }
    plan(s);
    return s;
}

static uint32_t index_of(const struct nd_attach_set *s, const struct nd_mf_attach *a)
{
    return a ? (uint32_t)(a - s->l->mf.attaches) : ND_MF_NONE;
}

static int add_point(struct nd_attach_set *s, const struct nd_mf_attach *a, int link, int perf,
                     bool slow)
{
    if (s->n == s->cap) {
        uint32_t cap = s->cap ? s->cap * 2 : 16;
        struct nd_attach_point *v = realloc(s->v, cap * sizeof(*v));

        if (!v)
            return -ENOMEM;
        s->v = v;
        s->cap = cap;
    }
    s->v[s->n++] = (struct nd_attach_point){.link = link,
                                            .perf = perf,
                                            .cpu = -1,
                                            .attach = index_of(s, a),
                                            .entry = s->nlist,
                                            .slow = slow};
    return 0;
}

// A perf link can be closed apart from its event; kernels before 5.15 have none.
static int connect_perf(struct nd_attach_set *s, const struct nd_mf_attach *a, int prog, int perf,
                        bool slow)
{
    int link = -1, err;

    if (!(s->l->features.off & ND_F_BIT(PERF_LINK)))
        link = bpf_link_create(prog, perf, BPF_PERF_EVENT, NULL);
    if (link < 0 && ioctl(perf, PERF_EVENT_IOC_SET_BPF, prog))
        return -errno;
    if (ioctl(perf, PERF_EVENT_IOC_ENABLE, 0)) {
        err = -errno;
    } else {
        err = add_point(s, a, link, perf, slow);
        if (!err)
            return 0;
    }
    if (link >= 0)
        close(link);
    return err;
}

int nd_attach_on_cpu(struct nd_attach_set *s, int prog, const struct nd_mf_attach *a, int cpu)
{
    int perf = nd_perf_open(&s->perf, &s->l->mf, a, s->pid, cpu), err;

    if (perf < 0)
        return perf;
    err = connect_perf(s, a, prog, perf, !nd_perf_per_cpu(a->kind));
    if (err)
        close(perf);
    else if (nd_perf_per_cpu(a->kind))
        s->v[s->n - 1].cpu = cpu;
    return err;
}

static int open_perf(struct nd_attach_set *s, int prog, const struct nd_mf_attach *a)
{
    int i, n = nd_perf_per_cpu(a->kind) ? s->perf.ncpus : 1, err = 0;

    for (i = 0; i < n && !err; i++)
        err = nd_attach_on_cpu(s, prog, a, s->perf.cpus[i]);
    return err;
}

// Functions of a file that an option names.
static int attach_fileprobe(struct nd_attach_set *s, const struct nd_mf_prog *p, int prog,
                            const struct nd_mf_attach *a)
{
    struct nd_fileprobe at;
    int err = nd_fileprobe_find(&s->l->mf, a, s->opts, &at);
    uint32_t i;

    if (!err && !at.n)
        nd_msg_at(&s->l->mf, a->span.line ? &a->span : &p->span, "warning",
                  "%s has no function %s: the probe is left out", at.path,
                  nd_mf_str(&s->l->mf, a->s1));
    s->perf.path = at.path;
    for (i = 0; i < at.n && !err; i++) {
        s->perf.off = at.off[i];
        err = open_perf(s, prog, a);
    }
    s->perf.path = NULL;
    return err;
}

static int attach_raw(struct nd_attach_set *s, const struct nd_mf_prog *p, int prog,
                      const struct nd_mf_attach *a)
{
    bool typed =
        nd_kind_is(p->type, ND_PF_TYPED) || nd_load_is_direct(s->l, (uint32_t)(p - s->l->mf.progs));
    int link, err;

    link = bpf_raw_tracepoint_open(typed ? NULL : nd_mf_str(&s->l->mf, a->s0), prog);
    if (link < 0)
        return -errno;
    err = add_point(s, a, link, -1, false);
    if (err)
        close(link);
    return err;
}

// The function that the library chose (IFUNC).
static int attach_chosen(struct nd_attach_set *s, int prog, const struct nd_mf_attach *a)
{
    const char *path = nd_mf_str(&s->l->mf, a->s0);
    int err = nd_chosen_find(path, nd_mf_str(&s->l->mf, a->s1), &s->perf.off);

    if (err)
        return err;
    s->perf.path = path;
    s->perf.off += a->num;
    err = open_perf(s, prog, a);
    s->perf.path = NULL;
    return err;
}

static int attach_perf(struct nd_attach_set *s, const struct nd_mf_prog *p, int prog,
                       const struct nd_mf_attach *a)
{
    if (a->flags & ND_ATF_CHOSEN)
        return attach_chosen(s, prog, a);
    return a->flags & ND_ATF_OPTION ? attach_fileprobe(s, p, prog, a) : open_perf(s, prog, a);
}

static int attach_none(struct nd_attach_set *s, const struct nd_mf_prog *p, int prog,
                       const struct nd_mf_attach *a)
{
    (void)s, (void)p, (void)prog, (void)a;
    return -EINVAL; // the tracer runs it itself
}

int nd_attach_one(struct nd_attach_set *s, const struct nd_mf_prog *p, int prog,
                  const struct nd_mf_attach *a)
{
    static int (*const by_kind[ND_AT_KIND_MAX])(struct nd_attach_set * s,
                                                const struct nd_mf_prog *p, int prog,
                                                const struct nd_mf_attach *a) = {
#define ND_ATTACH(id, programs, how, attach, flags) [ND_AT_##id] = attach_##attach,
#include "runtime/common/probes.def"
    };

    return by_kind[a->kind](s, p, prog, a);
}

static char *how(const struct nd_attach_set *s, const struct nd_mf_attach *a, int ncpus)
{
    const struct nd_mf *mf = &s->l->mf;
    const char *kind = nd_kind_of_attach[a->kind].how;
    char text[600];

    if (a->flags & ND_ATF_OPTION)
        snprintf(text, sizeof(text), "%s %s", kind,
                 (const char *)s->opts + mf->options[a->num].off);
    else if (nd_kind_attaches(a->kind, ND_AF_FILE))
        snprintf(text, sizeof(text), "%s %s + 0x%llx", kind, nd_mf_str(mf, a->s0),
                 (unsigned long long)a->num);
    else if (nd_perf_per_cpu(a->kind))
        snprintf(text, sizeof(text), "%s on %d CPUs", kind, ncpus);
    else
        snprintf(text, sizeof(text), "%s%s", kind,
                 a->flags & ND_ATF_BUILTIN ? ", the module is built in" : "");
    return strdup(text);
}

bool nd_attach_by_hand(const struct nd_mf_prog *p)
{
    return nd_kind_is(p->type, ND_PF_OURS);
}

static void note(struct nd_attach_set *s, uint32_t prog, const struct nd_mf_attach *a)
{
    if (nd_perf_per_cpu(a->kind) && !s->perf.ncpus)
        s->perf.ncpus = nd_feature_online(s->perf.cpus, (int)(sizeof(s->perf.cpus) / sizeof(int)));
    s->list[s->nlist] = (struct nd_attached){.spec = nd_mf_str(&s->l->mf, a->spec),
                                             .asks = a->kind == ND_AT_KRETPROBE};
    if (s->l->multi && s->l->multi[prog])
        s->list[s->nlist].how =
            strdup(a->kind == ND_AT_KRETPROBE ? "kretprobe.multi" : "kprobe.multi");
    else
        s->list[s->nlist].how = how(s, a, s->perf.ncpus);
    s->prog[s->nlist++] = prog;
}

static void forget(struct nd_attach_set *s)
{
    uint32_t i;

    for (i = 0; i < s->nlist; i++)
        free((char *)(uintptr_t)s->list[i].how);
    s->nlist = 0;
}

// The list as it will be if everything can be attached: output begins before that.
static void plan(struct nd_attach_set *s)
{
    uint32_t i, j;

    for (i = 0; i < s->l->mf.nprogs; i++) {
        const struct nd_mf_prog *p = &s->l->mf.progs[i];

        if (nd_attach_by_hand(p) || nd_load_prog_fd(s->l, i) < 0)
            continue;
        for (j = 0; j < p->count; j++)
            note(s, i, &s->l->mf.attaches[p->first + j]);
    }
}

static int fail(const struct nd_attach_set *s, const struct nd_mf_prog *p,
                const struct nd_mf_attach *a, int err)
{
    nd_msg_at(&s->l->mf, a->span.line ? &a->span : &p->span, "error", "cannot attach %s: %s",
              nd_mf_str(&s->l->mf, a->spec), nd_perf_why(a, err));
    return err;
}

// ---- what may come later
// ----------------------------------------------------------------------------

const char *nd_attach_module_of(const struct nd_attach_set *s, const struct nd_mf_attach *a)
{
    const char *module = nd_mf_str(&s->l->mf, a->s0);

    return (a->kind == ND_AT_KPROBE || a->kind == ND_AT_KRETPROBE) && strcmp(module, "vmlinux") != 0
               ? module
               : "";
}

// Opened before anything is attached, so that nothing slips through.
static void watch(struct nd_attach_set *s)
{
    uint32_t i;

    for (i = 0; i < s->l->mf.nattaches && s->come < 0; i++) {
        const struct nd_mf_attach *a = &s->l->mf.attaches[i];

        if (*nd_attach_module_of(s, a) || nd_perf_per_cpu(a->kind))
            s->come = nd_modules_open();
    }
}

// Not there yet, but heard of when it comes?
static bool awaited(const struct nd_attach_set *s, const struct nd_mf_attach *a, int err)
{
    const char *module = nd_attach_module_of(s, a);

    return err == -ENOENT && s->come >= 0 && *module && !nd_module_loaded(module);
}

void nd_attach_ask_link(struct nd_attach_set *s, const struct nd_attach_point *p)
{
    struct nd_attached *a = p->entry < s->nlist ? &s->list[p->entry] : NULL;
    int64_t n;

    if (!a || !a->asks || (p->link < 0 && p->perf < 0))
        return;
    n = p->link >= 0 ? nd_missed_by_link(p->link) : -ENODATA;
    a->untold |= n < 0;
    a->links_missed += n > 0 ? (uint64_t)n : 0;
}

// ---- programs ----------------------------------------------------------------------------------

// Kernels before 5.18 take thousands of functions one by one, which takes a while: say so.
static void progress(struct nd_attach_set *s, uint32_t done, uint32_t of)
{
    struct timespec t;

    if (of < PROGRESS_MIN)
        return;
    clock_gettime(CLOCK_MONOTONIC, &t);
    if (!done)
        s->progress = t.tv_sec;
    if (t.tv_sec - s->progress < PROGRESS_S)
        return;
    s->progress = t.tv_sec;
    nd_msg("attached to %u of %u functions", done, of);
}

// One after the other. 0, or the error that ends it all; *at is where.
static int attach_each(struct nd_attach_set *s, uint32_t index, struct nd_skips *k,
                       const struct nd_mf_attach **at)
{
    const struct nd_mf_prog *p = &s->l->mf.progs[index];
    int fd = nd_load_prog_fd(s->l, index), err;
    uint32_t i;

    for (i = 0; i < p->count; i++) {
        *at = &s->l->mf.attaches[p->first + i];
        progress(s, i, p->count);
        err = nd_attach_one(s, p, fd, *at);
        if (!err || awaited(s, *at, err))
            note(s, index, *at);
        else if (p->count == 1 || err == -ENOMEM || err == -EMFILE)
            return err;
        else
            nd_skips_add(k, *at, err);
    }
    return 0;
}

// All with one link; if the kernel misses a function, which it does not name, by halves.
static int attach_many(struct nd_attach_set *s, uint32_t index, const struct nd_mf_attach *a,
                       uint32_t n, struct nd_skips *k)
{
    int link = nd_multi_attach(&s->l->mf, nd_load_prog_fd(s->l, index), a, n), err = 0;
    uint32_t i;

    if (link >= 0) {
        err = add_point(s, NULL, link, -1, false);
        if (err)
            close(link);
        for (i = 0; i < n && !err; i++)
            note(s, index, &a[i]);
        return err;
    }
    if (link == -ENOMEM || link == -EMFILE || link == -EPERM || link == -EACCES)
        return link;
    if (n == 1) {
        nd_skips_add(k, a, link == -ESRCH || link == -EINVAL ? -ENOENT : link);
        return 0;
    }
    err = attach_many(s, index, a, n / 2, k);
    return err ? err : attach_many(s, index, a + n / 2, n - n / 2, k);
}

static int attach_prog(struct nd_attach_set *s, uint32_t index)
{
    const struct nd_mf_prog *p = &s->l->mf.progs[index];
    const struct nd_mf_attach *at = &s->l->mf.attaches[p->first];
    struct nd_skips k = {.n = 0};
    int err;

    if (s->l->multi[index])
        err = attach_many(s, index, at, p->count, &k);
    else
        err = attach_each(s, index, &k, &at);
    if (k.n && k.n == p->count) {
        at = k.named[0];
        err = k.errs[0];
    }
    if (err && err != -ENOMEM && err != -EMFILE && nd_skips_leave_out(s, index, err))
        return 0;
    if (err)
        return fail(s, p, at, err);
    if (k.n)
        nd_skips_warn(s, p, &k, p->count);
    return 0;
}

// A wildcard may need thousands of descriptors; the soft limit is ours to raise.
static void raise_limit(uint32_t points)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= r.rlim_max ||
        r.rlim_cur > 2ull * points + 128)
        return;
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
}

// The kernel runs the programs on one function in the order in which they came, or the last one
// first, by kind. Returns come after entries, which note arguments for them.
static bool is_turn(const struct nd_attach_set *s, uint32_t prog, bool returns)
{
    const struct nd_mf_prog *p = &s->l->mf.progs[prog];
    uint32_t kind = p->count ? s->l->mf.attaches[p->first].kind : 0;

    return !nd_attach_by_hand(p) && nd_load_prog_fd(s->l, prog) >= 0 &&
           nd_kind_attaches(kind, ND_AF_RETURNS) == returns;
}

static bool last_first(const struct nd_attach_set *s, uint32_t prog)
{
    const struct nd_mf_prog *p = &s->l->mf.progs[prog];

    return p->count && nd_kind_attaches(s->l->mf.attaches[p->first].kind, ND_AF_LAST_FIRST);
}

static int attach_in_turn(struct nd_attach_set *s, bool returns)
{
    uint32_t n = s->l->mf.nprogs, i;
    int err = 0;

    for (i = n; i > 0 && !err; i--) {
        if (is_turn(s, i - 1, returns) && last_first(s, i - 1))
            err = attach_prog(s, i - 1);
    }
    for (i = 0; i < n && !err; i++) {
        if (is_turn(s, i, returns) && !last_first(s, i))
            err = attach_prog(s, i);
    }
    return err;
}

// The list is in the order of the script again.
static int sort_list(struct nd_attach_set *s)
{
    struct nd_attached *list = calloc(s->nlist + 1, sizeof(*list));
    uint32_t *prog = calloc(s->nlist + 1, sizeof(*prog)), *to = calloc(s->nlist + 1, sizeof(*to));
    uint32_t i, k, n = 0;

    for (k = 0; list && prog && to && k < s->l->mf.nprogs; k++) {
        for (i = 0; i < s->nlist; i++) {
            if (s->prog[i] != k)
                continue;
            to[i] = n;
            prog[n] = k;
            list[n++] = s->list[i];
        }
    }
    for (i = 0; n == s->nlist && i < s->n; i++)
        s->v[i].entry = s->v[i].entry < n ? to[s->v[i].entry] : s->v[i].entry;
    if (n == s->nlist) {
        memcpy(s->list, list, n * sizeof(*list));
        memcpy(s->prog, prog, n * sizeof(*prog));
    }
    free(list);
    free(prog);
    free(to);
    return n == s->nlist ? 0 : -ENOMEM;
}

// Places of wildcards that were left out: a warning for each probe, or the error if all were.
static int skipped(const struct nd_attach_set *s)
{
    uint32_t i, of;

    for (i = 0; i < s->l->mf.nprogs; i++) {
        const struct nd_mf_prog *p = &s->l->mf.progs[i];
        struct nd_skips k;

        if (!nd_skips_of(s, i, &k, &of))
            continue;
        if (k.n == of)
            return fail(s, p, k.named[0], k.errs[0]);
        nd_skips_warn(s, p, &k, of);
    }
    return 0;
}

int nd_attach_all(struct nd_attach_set *s)
{
    int err;

    raise_limit(s->nlist);
    forget(s);
    watch(s);
    err = attach_in_turn(s, false);
    if (!err)
        err = attach_in_turn(s, true);
    if (!err)
        err = skipped(s);
    if (!err)
        err = sort_list(s);
    nd_perf_close(&s->perf);
    if (err)
        nd_attach_stop(s);
    return err;
}

void nd_attach_stop(struct nd_attach_set *s)
{
    uint32_t i;

    for (i = 0; i < s->n; i++)
        nd_attach_ask_link(s, &s->v[i]);
    nd_detach_all(s->v, s->n);
}

void nd_attach_free(struct nd_attach_set *s)
{
    if (!s)
        return;
    nd_attach_stop(s);
    forget(s);
    nd_perf_close(&s->perf);
    if (s->come >= 0)
        close(s->come);
    free(s->list);
    free(s->prog);
    free(s->left);
    free(s->v);
    free(s);
}

uint32_t nd_attach_count(const struct nd_attach_set *s)
{
    return s->nlist;
}

const struct nd_attached *nd_attach_list(struct nd_attach_set *s, uint32_t *n)
{
    uint32_t i;

    for (i = 0; i < s->nlist; i++) {
        s->list[i].missed = s->list[i].links_missed;
        if (!i || s->prog[i] != s->prog[i - 1])
            s->list[i].missed += nd_missed_by_prog(nd_load_prog_fd(s->l, s->prog[i]));
    }
    *n = s->nlist;
    return s->list;
}
