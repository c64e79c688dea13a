// SPDX-License-Identifier: GPL-2.0-or-later
// Start and end of a run, in the one order in which nothing is lost: attach last, detach first,
// then drain, last interval, END, maps, summary. Must not know command lines.
#include "runtime/run/run.h"

#include "runtime/common/caps.h"
#include "runtime/common/msg.h"
#include "runtime/common/sandbox.h"
#include "runtime/kernel/elsewhere.h"
#include "runtime/kernel/feature.h"
#include "runtime/kernel/trigger.h"
#include "runtime/run/absent.h"
#include "runtime/run/followed.h"
#include "runtime/run/instance.h"
#include "runtime/run/run_impl.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// ---- handlers ----------------------------------------------------------------------------------

static struct nd_losses *all_losses(struct nd_run *r)
{
    if (r->events)
        nd_losses_buffers(r->losses, nd_events_bad(r->events) + nd_events_unhandled(r->events),
                          nd_events_dropped(r->events));
    return r->losses;
}

static uint32_t losses(void *arg, const struct nd_loss **out)
{
    return nd_losses_report(all_losses(arg), out);
}

static void reported(void *arg)
{
    struct nd_run *r = arg;

    if (r->paths)
        nd_paths_report(r->paths, r->sink, false);
}

static uint64_t lost(void *arg)
{
    return nd_losses_events(all_losses(arg));
}

static int64_t path_count(void *arg, uint32_t path, uint32_t what)
{
    struct nd_run *r = arg;

    return r->paths ? nd_paths_count(r->paths, path, what) : 0;
}

// User code that runs long is cut by Ctrl-C; the run then ends as after any other Ctrl-C. Code that
// runs because it ends is cut by the next one.
static bool interrupted(void *arg)
{
    struct nd_run *r = arg;

    if (r->hurried ? nd_requests_hurry() : nd_run_asked(r))
        r->stop = r->cut = true;
    return r->cut;
}

// A reader takes nothing. That must not keep the run from ending: first the probes go, and then
// there is time to wait for it, a little.
static enum nd_write_wait waiting(void *arg)
{
    struct nd_run *r = arg;

    if (r->hurried)
        return ND_WRITE_LAST;
    if (nd_run_asked(r) ||
        (r->opts->duration && r->start && nd_now() - r->start >= r->opts->duration))
        r->stop = true;
    return r->stop ? ND_WRITE_LATER : ND_WRITE_WAIT;
}

static void run_hooks(struct nd_run *r, uint32_t kind)
{
    uint32_t i;

    for (i = 0; i < r->mf->nhooks; i++) {
        if (r->mf->hooks[i].kind == kind && !nd_vm_refused(r->vm))
            nd_run_hook(r, i);
    }
}

// ---- start -------------------------------------------------------------------------------------

// Conditions are user code over options only: for those there is a machine of its own, made when
// the first is asked.
struct conditions {
    struct nd_vm_env env;
    struct nd_vm *vm;
};

// Is it true? `func` may be ND_MF_NONE, which is.
static int ask(struct nd_run *r, struct conditions *c, uint32_t func, const struct nd_mf_span *span,
               bool *yes)
{
    int err;

    *yes = true;
    if (func == ND_MF_NONE)
        return 0;
    if (!c->vm) {
        c->env.maps = nd_maps_new(r->mf, NULL);
        c->vm = c->env.maps ? nd_vm_new(&c->env) : NULL;
    }
    err = c->vm ? nd_vm_call(c->vm, func, ND_MF_NONE, NULL, yes) : -ENOMEM;
    if (err && !r->cut)
        nd_msg_at(r->mf, span, "error", "the condition of this probe fails: %s",
                  c->vm && nd_vm_error(c->vm) ? nd_vm_error(c->vm) : strerror(-err));
    return err;
}

// What the kernel cannot serve, as far as this run would have it.
static int say_absent(struct nd_run *r, struct conditions *c)
{
    bool *matters = calloc(r->mf->nabsent + 1, sizeof(*matters));
    int err = matters ? 0 : -ENOMEM;
    uint32_t i;

    for (i = 0; i < r->mf->nabsent && !err; i++)
        err = ask(r, c, r->mf->absent[i].when, &r->mf->absent[i].span, &matters[i]);
    if (!err)
        nd_run_absent(r->mf, matters, r->opts->verbose);
    free(matters);
    return err;
}

// Which programs does this run need?
static int choose(struct nd_run *r)
{
    struct conditions c = {.env = {.mf = r->mf,
                                   .sink = r->sink,
                                   .fmt = &r->fmt,
                                   .opts = r->values->data,
                                   .interrupted = interrupted,
                                   .interrupted_arg = r}};
    uint32_t i;
    int err = 0;

    for (i = 0; i < r->mf->nprogs && !err; i++)
        err = ask(r, &c, r->mf->progs[i].when, &r->mf->progs[i].span, &r->wanted[i]);
    if (!err)
        err = say_absent(r, &c);
    nd_vm_free(c.vm);
    nd_maps_free(c.env.maps);
    return err;
}

static bool any_wanted(const struct nd_run *r)
{
    uint32_t i;

    for (i = 0; i < r->mf->nprogs; i++) {
        if (r->wanted[i])
            return true;
    }
    return false;
}

static int open_output(struct nd_run *r)
{
    struct nd_sink_opts so = {.kind = r->opts->format,
                              .flush = r->opts->flush,
                              .color = r->opts->color,
                              .columns = r->opts->columns,
                              .quiet = r->opts->quiet,
                              .path = r->opts->output,
                              .wait = waiting,
                              .wait_arg = r};

    r->fmt.mf = r->mf;
    r->fmt.wall_offset = nd_run_wall_offset();
    r->fmt.netns = nd_options_scope_of(r->mf, r->values).netns;
    r->fmt.syms = nd_syms_new();
    r->fmt.bpftrace = r->opts->bpftrace;
    r->fmt.escape = !r->opts->raw && !(so.kind ? so.kind : nd_sink_kind_at(0))->escapes;
    r->sink = nd_sink_new(&so, &r->fmt);
    if (!r->sink) {
        int err = -errno;

        if (err == -EINTR)
            return err; // it was to end before anybody read the output
        nd_msg("error: cannot open %s: %s", r->opts->output ? r->opts->output : "stdout",
               strerror(-err));
        return err;
    }
    if (r->opts->log) {
        int err = nd_sink_log(r->sink, r->opts->log);

        if (err && err != -EINTR)
            nd_msg("error: cannot open %s: %s", r->opts->log, strerror(-err));
        return err;
    }
    return 0;
}

static int load(struct nd_run *r)
{
    struct nd_vm_env env = {.mf = r->mf,
                            .sink = r->sink,
                            .fmt = &r->fmt,
                            .opts = r->values->data,
                            .losses = losses,
                            .lost = lost,
                            .reported = reported,
                            .path_count = path_count,
                            .losses_arg = r,
                            .interrupted = interrupted,
                            .interrupted_arg = r};
    int err = nd_load_fits(r->l);

    r->l->ring_bytes = r->opts->buffer;
    if (!err && any_wanted(r))
        err = nd_load_kernel(r->l, r->values->data, r->wanted, r->opts->verbose);
    if (err)
        return err;
    r->maps = nd_maps_new(r->mf, r->l->obj);
    if (!r->maps)
        return -errno;
    nd_maps_sizes(r->maps, r->values->data);
    nd_maps_set_state(r->maps, &r->l->state);
    if (r->l->features.off & ND_F_BIT(MAP_BATCH))
        nd_maps_key_by_key(r->maps);
    r->fmt.maps = r->maps;
    r->losses = nd_losses_new(r->mf, &r->l->state);
    env.maps = r->maps;
    r->vm = nd_vm_new(&env);
    if (!r->losses || !r->vm)
        return -ENOMEM;
    nd_losses_user(r->losses, nd_vm_sites(r->vm));
    r->paths = nd_paths_new(r->mf, r->maps, r->vm, &r->l->state, r->values->data);
    if (!r->paths)
        return -ENOMEM;
    if (r->l->obj && r->mf->nevents) {
        r->events = nd_events_new(r->mf, r->l->obj, nd_run_event, r);
        if (!r->events && errno != ENOENT) {
            err = -errno;
            nd_msg("error: cannot map the event buffer: %s", strerror(-err));
        }
    }
    return err;
}

// It waits until the probes are there, which may ask for its id.
static int make_child(struct nd_run *r)
{
    struct nd_mf_scope s = nd_options_scope_of(r->mf, r->values);
    int err = nd_child_make(&r->child, r->opts->command);

    if (err)
        nd_msg("error: cannot start a process for -c: %s", strerror(-err));
    s.cpid = (uint64_t)r->child.pid;
    nd_options_scope(r->mf, r->values, &s);
    return err;
}

static int prepare(struct nd_run *r)
{
    int err;

    r->devices = nd_devices_new(r->mf, r->values);
    r->every_start = calloc(r->mf->nhooks + 1, sizeof(*r->every_start));
    r->wanted = calloc(r->mf->nprogs + 1, sizeof(*r->wanted));
    if (!r->every_start || !r->wanted)
        return -ENOMEM;
    err = nd_requests_open(&r->requests, r->opts->command);
    if (!err && r->opts->pid && kill((pid_t)r->opts->pid, 0) && errno == ESRCH) {
        nd_msg("error: there is no process %u", r->opts->pid);
        err = -ESRCH;
    }
    if (!err)
        err = open_output(r);
    if (!err)
        err = choose(r);
    if (!err && any_wanted(r) && !nd_caps_may_trace()) {
        nd_msg("error: %s; run as root, or with CAP_BPF and CAP_PERFMON (before Linux 5.8: "
               "CAP_SYS_ADMIN)",
               nd_caps_to_trace());
        err = -EPERM;
    }
    if (!err && r->opts->command)
        err = make_child(r);
    return err ? err : load(r);
}

// The header names the options that have a value.
static void header(struct nd_run *r)
{
    const char **names = calloc(r->values->n + 1, sizeof(*names));
    const char **values = calloc(r->values->n + 1, sizeof(*values));
    const struct nd_attached *at;
    uint32_t i, n = 0, nat;

    for (i = 0; names && values && i < r->values->n; i++) {
        if (!r->values->values[i])
            continue;
        names[n] = r->values->names[i];
        values[n++] = r->values->values[i];
    }
    at = nd_attach_list(r->attach, &nat);
    nd_sink_header(r->sink, nd_mf_str(r->mf, r->mf->h->script), at, nat, nd_run_ours(r), names,
                   values, n);
    free(names);
    free(values);
}

static void begin(struct nd_run *r)
{
    uint32_t i;

    r->start = nd_now();
    if (nd_state_there(&r->l->state) && r->mf->h->state_size >= ND_STATE_START + sizeof(r->start))
        nd_state_put(&r->l->state, ND_STATE_START, (uint64_t)r->start);
    for (i = 0; i < r->mf->nhooks; i++)
        r->every_start[i] = r->start;
    header(r);
    run_hooks(r, ND_HOOK_BEGIN);
    if (!r->stop)
        nd_run_called(r, ND_AT_BEGIN, ND_MF_NONE);
}

static double ms(int64_t from, int64_t to)
{
    return (double)(to - from) / 1e6;
}

#define AT_A_TIME 5u // more on one host are felt by its packets

static void look_at_others(struct nd_run *r, uint32_t nattach)
{
    if (!nattach)
        return;
    r->instance = nd_instance_take(AT_A_TIME);
    if (r->instance == -EBUSY && !r->opts->quiet)
        nd_msg("warning: %u other traces are already running; each one adds a cost to every packet "
               "it looks at",
               AT_A_TIME);
}

#define SAY_ATTACHED 64u // of those that a wildcard finds

static void say_attached(struct nd_run *r, int64_t t_load, int64_t t_begin, int64_t t_attach)
{
    const struct nd_attached *at;
    uint32_t n, i;

    at = nd_attach_list(r->attach, &n);
    for (i = 0; i < n && i < SAY_ATTACHED; i++)
        nd_msg_plain("  %s: %s\n", at[i].spec, at[i].how);
    if (i < n)
        nd_msg_plain("  and %u more\n", n - i);
    nd_msg_plain("compile %.1f ms, load %.1f ms, begin %.1f ms, attach %.1f ms\n",
                 ms(r->opts->t_start, r->opts->t_object), ms(r->opts->t_object, t_load),
                 ms(t_load, t_begin), ms(t_begin, t_attach));
}

// Those who start a workload once the probes are there wait for this line.
static void say_count(const struct nd_run *r, uint32_t n, int64_t t_attach)
{
    if (!r->opts->verbose && (r->opts->quiet || nd_sink_records(r->sink)))
        return; // records begin with the probes
    n += nd_run_ours(r);
    if (r->opts->verbose)
        nd_msg_plain("Attached %u probe%s, ready in %.1f ms\n", n, n == 1 ? "" : "s",
                     ms(r->opts->t_start, t_attach));
    else
        nd_msg_plain("Attached %u probe%s%s\n", n, n == 1 ? "" : "s",
                     !r->opts->dry && isatty(STDERR_FILENO) ? "; Ctrl-C ends the run" : "");
}

static void attach(struct nd_run *r, int64_t t_load)
{
    int64_t t_begin = nd_now(), t_attach;
    uint32_t n = nd_attach_count(r->attach), i;
    int err;

    look_at_others(r, n);
    r->followed = nd_followed_new(r->mf, r->fmt.syms);
    err = nd_attach_all(r->attach);
    t_attach = nd_now();
    if (err) {
        nd_run_fail(r, err);
        return;
    }
    for (i = 0; i < r->mf->nhooks; i++)
        r->every_start[i] = t_attach; // the first interval begins when there is something to see
    if (r->opts->verbose)
        say_attached(r, t_load, t_begin, t_attach);
    say_count(r, n, t_attach);
    if (!r->opts->quiet && !r->opts->pid)
        nd_elsewhere_warn(r->mf, r->wanted, r->values->data);
    nd_followed_begin(r->followed, r->opts->pid);
    // Programs that we run ourselves hang on a uprobe each where the kernel cannot run them.
    err = nd_sandbox_tracer(r->opts->command != NULL,
                            nd_attach_come_fd(r->attach) >= 0 || r->l->no_test_run);
    if (err && r->opts->verbose)
        nd_msg_plain("  capabilities and system calls are kept: %s\n", strerror(-err));
    if (r->opts->attached)
        r->opts->attached(r->opts->attached_arg);
}

// ---- end ---------------------------------------------------------------------------------------

static void summary(struct nd_run *r)
{
    const struct nd_attached *at;
    const struct nd_loss *loss;
    uint64_t events = r->events ? nd_events_seen(r->events) : 0;
    int64_t ran = nd_now() - r->start;
    uint32_t nat, nloss, i;

    for (i = 0; i < r->mf->nmaps; i++) {
        nd_losses_map(r->losses, ND_SITE_MAP_FULL, i, nd_vm_map_full(r->vm, i));
        nd_losses_map(r->losses, ND_SITE_EVICTED, i, nd_maps_evicted(r->maps, i));
    }
    at = nd_attach_list(r->attach, &nat);
    nloss = nd_losses_total(all_losses(r), &loss);
    nd_sink_summary(r->sink, loss, nloss, at, nat, events, ran);
    if (r->opts->verbose)
        nd_msg_plain("%" PRIu64 " events in %.1f s: %.0f a second\n", events, (double)ran / 1e9,
                     (double)events * 1e9 / (double)(ran ? ran : 1));
}

static void finish(struct nd_run *r)
{
    nd_requests_ending(&r->requests);
    r->hurried = true;
    nd_attach_stop(r->attach);
    if (nd_attach_count(r->attach))
        nd_feature_grace(); // programs that were running have now ended
    nd_maps_stopped(r->maps);
    nd_run_drain(r);
    if (r->events)
        nd_events_late(r->events);
    nd_run_drain(r);
    r->ending = true;
    if (r->events)
        nd_events_again(r->events); // END may print
    if (r->err || nd_vm_refused(r->vm))
        return;
    nd_run_sweep(r);
    nd_devices_look(r->devices); // also where no hook did
    nd_vm_ending(r->vm);
    run_hooks(r, ND_HOOK_EVERY);
    nd_run_called(r, ND_AT_END, ND_MF_NONE);
    run_hooks(r, ND_HOOK_END);
    nd_maps_handler(r->maps);
    nd_sink_last_maps(r->sink);
    nd_run_print_maps(r);
    nd_paths_report(r->paths, r->sink, true);
    summary(r);
}

// `begin` found something wrong with what it was asked: there is nothing to report.
static bool refused(struct nd_run *r)
{
    int code = 0;

    return !r->err && r->stop && nd_vm_exited(r->vm, &code) && code;
}

// Everything up to here was to be tried, and nothing is to be seen of it.
static void end_dry(struct nd_run *r)
{
    nd_attach_stop(r->attach);
    if (nd_attach_count(r->attach))
        nd_feature_grace();
}

static int run_all(struct nd_run *r)
{
    int64_t t_load;
    int err = prepare(r);

    t_load = nd_now();
    if (err)
        return err == -EINTR ? 0 : err; // ended before it began
    r->attach = nd_attach_new(r->l, r->values->data, r->opts->pid);
    if (!r->attach)
        return -ENOMEM;
    if (nd_requests_take(&r->requests)) // Ctrl-C during load: nothing was attached, nothing to show
        return 0;
    if (!r->opts->dry)
        begin(r);
    if (refused(r))
        return 0;
    if (!r->stop)
        attach(r, t_load);
    else
        say_count(r, 0, nd_now()); // BEGIN has ended the run
    if (r->opts->dry) {
        end_dry(r);
        return r->err;
    }
    if (!r->stop)
        nd_run_called(r, ND_AT_ITER, ND_MF_NONE);
    if (!r->err) {
        if (!r->stop)
            nd_loop(r);
        finish(r);
    }
    return r->err;
}

static int exit_code(struct nd_run *r, int err)
{
    uint64_t dropped = 0;
    int log = 0, closing = 0, code = 0;

    if (r->sink) {
        nd_sink_flush(r->sink);
        log = nd_sink_log_error(r->sink);
        dropped = nd_sink_dropped(r->sink);
        closing = nd_sink_close(r->sink);
    }
    if (dropped)
        nd_msg("warning: %" PRIu64 " bytes of output were not written: nobody reads it", dropped);
    if (log)
        nd_msg("error: cannot write %s: %s", r->opts->log, strerror(-log));
    if (err == -ENOMEM) // what came before it is not always said
        nd_msg("error: out of memory");
    if (!err)
        err = closing;
    if (err == -EPIPE)
        return log ? 1 : 0; // the reader of our output has seen enough
    if (closing)
        nd_msg("error: cannot write %s: %s", r->opts->output ? r->opts->output : "the output",
               strerror(-closing));
    if (err || log || dropped)
        return 1;
    if (r->vm && nd_vm_exited(r->vm, &code))
        return code & 0xff;
    return (int)(nd_run_exit_word(r) >> 32 & 0xff);
}

int nd_run(struct nd_load *l, const struct nd_options *values, const struct nd_run_opts *opts)
{
    struct nd_run r = {.l = l, .mf = &l->mf, .values = values, .opts = opts, .requests.fd = -1};
    int code = exit_code(&r, run_all(&r));

    nd_child_end(&r.child);
    nd_followed_free(r.followed);
    nd_devices_free(r.devices);
    nd_trigger_free(r.trigger);
    nd_events_free(r.events);
    nd_paths_free(r.paths);
    nd_vm_free(r.vm);
    nd_losses_free(r.losses);
    nd_maps_free(r.maps);
    nd_syms_free(r.fmt.syms);
    if (r.requests.fd >= 0)
        close(r.requests.fd);
    if (r.instance > 0)
        close(r.instance);
    free(r.every_start);
    free(r.wanted);
    fflush(stdout);
    nd_attach_free(r.attach);
    return code;
}

int nd_run_check(struct nd_load *l, const struct nd_options *values, bool verbose)
{
    bool *wanted = calloc(l->mf.nprogs + 1, sizeof(*wanted));
    int err = wanted ? 0 : -ENOMEM;

    if (!err)
        memset(wanted, true, l->mf.nprogs);
    if (!err)
        err = nd_load_fits(l);
    if (!err && l->mf.nprogs)
        err = nd_load_kernel(l, values->data, wanted, verbose);
    free(wanted);
    if (err == -ENOMEM)
        nd_msg("error: out of memory");
    return err ? 1 : 0;
}
