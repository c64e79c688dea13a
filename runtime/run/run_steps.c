// SPDX-License-Identifier: GPL-2.0-or-later
// What is done during a run, on whatever occasion: handlers, events, programs that are called
// and not attached. Must not know how runs start or end. Serves run.c and loop.c.
#include "runtime/run/run_impl.h"

#include "runtime/common/msg.h"
#include "runtime/common/probekinds.h"
#include "runtime/kernel/trigger.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t nd_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t nd_run_wall_offset(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec - nd_now();
}

#define DRAIN_NS 1500000000 // under a flood that never ends, the interval must end all the same

void nd_run_fail(struct nd_run *r, int err)
{
    if (!r->err)
        r->err = err;
    r->stop = true;
}

static void after_call(struct nd_run *r, int err)
{
    int code = 0;

    if (err && !(err == -EINTR && r->cut)) {
        const char *text = nd_vm_error(r->vm);

        if (nd_sink_error(r->sink))
            err = nd_sink_error(r->sink); // the reason for it
        else
            nd_msg("error: %s", text && *text ? text : strerror(-err));
        nd_run_fail(r, err);
    }
    if (nd_vm_exited(r->vm, &code)) {
        r->stop = true;
        if (r->events && !r->ending)
            nd_events_end(r->events);
    }
    if (nd_sink_error(r->sink))
        nd_run_fail(r, nd_sink_error(r->sink));
}

void nd_run_hook(struct nd_run *r, uint32_t hook)
{
    const struct nd_mf_hook *h = &r->mf->hooks[hook];
    int64_t now = nd_now();

    r->fmt.wall_offset = nd_run_wall_offset();
    if (h->kind == ND_HOOK_EVERY)
        nd_devices_look(r->devices);
    nd_maps_handler(r->maps);
    nd_vm_times(r->vm, r->start, r->every_start[hook], now);
    after_call(r, nd_vm_call(r->vm, h->func, ND_MF_NONE, NULL, NULL));
    r->every_start[hook] = now;
}

int nd_run_event(void *arg, const struct nd_mf_event *e, const void *payload)
{
    struct nd_run *r = arg;

    if (nd_vm_refused(r->vm))
        return r->err;
    if (e->func == ND_MF_NONE) {
        nd_sink_event(r->sink, e, payload);
        if (nd_sink_error(r->sink))
            nd_run_fail(r, nd_sink_error(r->sink));
    } else {
        nd_maps_handler(r->maps);
        after_call(r, nd_vm_call(r->vm, e->func, e->type, payload, NULL));
    }
    return r->err;
}

void nd_run_sweep(struct nd_run *r)
{
    int64_t now = nd_now();

    nd_vm_times(r->vm, r->start, r->start, now);
    after_call(r, nd_paths_sweep(r->paths, now));
}

void nd_run_drain(struct nd_run *r)
{
    int64_t from = nd_now();

    if (!r->events)
        return;
    nd_vm_times(r->vm, r->start, r->start, from);
    while (nd_events_consume(r->events) > 0 && nd_now() - from < DRAIN_NS)
        ;
    if (nd_events_ended(r->events))
        r->stop = true;
}

// What exit() in a probe left: bit 0 is set, the code is the high half.
uint64_t nd_run_exit_word(const struct nd_run *r)
{
    if (r->mf->h->exit_off == ND_MF_NONE)
        return 0;
    return nd_state_get(&r->l->state, r->mf->h->exit_off);
}

int nd_run_take(struct nd_run *r)
{
    int more = 0;

    if (r->events) {
        r->fmt.wall_offset = nd_run_wall_offset(); // clocks are adjusted while we run
        nd_vm_times(r->vm, r->start, r->start, nd_now());
        more = nd_events_consume(r->events);
    }
    if (more <= 0)
        nd_sink_flush(r->sink);
    if (nd_sink_error(r->sink))
        nd_run_fail(r, nd_sink_error(r->sink));
    if (nd_run_exit_word(r) || (r->events && nd_events_ended(r->events)))
        r->stop = true;
    return more;
}

// Reading an iterator to its end runs its program once for each thing that it walks.
static int walk(int prog)
{
    int link = bpf_link_create(prog, 0, BPF_TRACE_ITER, NULL), it = -1, err = 0;
    char nothing[64]; // that is what our programs write
    ssize_t n = 1;

    if (link >= 0)
        it = bpf_iter_create(link);
    while (it >= 0 && n > 0) {
        n = read(it, nothing, sizeof(nothing));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            n = 1;
    }
    if (it < 0 || n < 0)
        err = -errno;
    if (it >= 0)
        close(it);
    if (link >= 0)
        close(link);
    return err;
}

static int run_once(struct nd_run *r, uint32_t index)
{
    LIBBPF_OPTS(bpf_test_run_opts, opts);
    int prog = nd_load_prog_fd(r->l, index);

    if (r->mf->progs[index].type == ND_PROG_ITER)
        return walk(prog);
    if (r->l->no_test_run && !r->trigger)
        r->trigger = nd_trigger_new();
    if (r->l->no_test_run)
        return r->trigger ? nd_trigger_run(r->trigger, index, prog) : -ENOMEM;
    return bpf_prog_test_run_opts(prog, &opts) ? -errno : 0;
}

uint32_t nd_run_ours(const struct nd_run *r)
{
    uint32_t i, n = 0;

    for (i = 0; i < r->mf->nprogs; i++) {
        const struct nd_mf_prog *p = &r->mf->progs[i];

        if (nd_kind_is(p->type, ND_PF_OURS) && nd_load_prog_fd(r->l, i) >= 0)
            n += p->count;
    }
    for (i = 0; r->opts->bpftrace && i < r->mf->nhooks; i++) // probes as well, to bpftrace
        n += r->mf->hooks[i].kind != ND_HOOK_EVERY;
    return n;
}

void nd_run_called(struct nd_run *r, uint32_t kind, uint32_t attach)
{
    uint32_t i, j;
    int err;

    for (i = 0; i < r->mf->nprogs; i++) {
        const struct nd_mf_prog *p = &r->mf->progs[i];

        if (!nd_kind_is(p->type, ND_PF_OURS) || nd_load_prog_fd(r->l, i) < 0)
            continue;
        for (j = p->first; j < p->first + p->count; j++) {
            const struct nd_mf_attach *a = &r->mf->attaches[j];

            // Without a place in mind: those that no timer runs.
            if (a->kind != kind || (attach == ND_MF_NONE ? a->num != 0 : attach != j))
                continue;
            err = run_once(r, i);
            if (err) {
                nd_msg_at(r->mf, &p->span, "error", "cannot run %s: %s",
                          nd_mf_str(r->mf, r->mf->attaches[j].spec), strerror(-err));
                nd_run_fail(r, err);
            }
        }
    }
    nd_run_drain(r);
    if (nd_run_exit_word(r))
        r->stop = true;
}

void nd_run_print_maps(struct nd_run *r)
{
    uint32_t i;

    for (i = 0; i < r->mf->nmaps; i++) {
        const struct nd_mf_map *d = &r->mf->maps[i];
        struct nd_copy copy;
        int err;

        if (d->kind == ND_MAP_STACK || d->kind == ND_MAP_SCRATCH || (d->flags & ND_MAPF_NOPRINT))
            continue;
        err = nd_maps_copy(r->maps, i, &copy);
        if (err) {
            nd_msg("error: cannot read %s: %s", nd_mf_str(r->mf, d->name), strerror(-err));
            nd_run_fail(r, err);
            continue;
        }
        if (copy.n)
            nd_sink_map(r->sink, i, &copy, 0, 1);
        nd_copy_free(&copy);
    }
}

bool nd_run_asked(struct nd_run *r)
{
    bool end = nd_requests_take(&r->requests);
    int code, ended = nd_child_ended(&r->child, &code);

    if (ended < 0)
        nd_run_fail(r, -ECHILD);
    else if (ended && code && !r->opts->quiet)
        nd_msg("the command ended with status %d", code);
    return end || ended;
}
