// SPDX-License-Identifier: GPL-2.0-or-later
// Whom a run sees: -p, and the namespaces that ndtrace is in. Must not know how programs find out.
// Serves cli.c.
#include "runtime/cli/cli_impl.h"

#include "runtime/common/msg.h"
#include "runtime/common/probekinds.h"
#include "runtime/sources/namespaces.h"

#include <errno.h>

// ---- one process -------------------------------------------------------------------------------

// -p: every program sees that process alone, or the run is refused.
static int check_pid(const struct nd_mf *mf, uint32_t pid)
{
    uint32_t i;

    for (i = 0; i < mf->nprogs && pid; i++) {
        const struct nd_mf_prog *p = &mf->progs[i];

        if (p->flags & ND_PROGF_STAGE) {
            nd_msg_at(mf, &p->span, "error",
                      "--pid cannot be used with stages and paths: packets are handled in whatever "
                      "process runs at that moment; choose them by device, address or port, or by "
                      "/pid == N/ where a program itself sends");
            return -EINVAL;
        }
        if (p->type == ND_PROG_ITER) {
            nd_msg_at(mf, &p->span, "error",
                      "--pid cannot be used with iterators, which ndtrace runs itself; compare in "
                      "the predicate: /args.task->tgid == N/");
            return -EINVAL;
        }
    }
    return 0;
}

// ---- PID namespaces ----------------------------------------------------------------------------

static void warn_host_pids(const struct cli *c, const struct nd_mf *mf, bool translated)
{
    uint32_t i;

    for (i = 0; i < mf->nprogs && !c->run.quiet; i++) {
        const struct nd_mf_prog *p = &mf->progs[i];

        if (!translated && p->flags & ND_PROGF_PID) {
            nd_msg_at(mf, &p->span, "warning",
                      "ndtrace is in a PID namespace, and this kernel cannot tell which ids "
                      "processes have there (before Linux 5.7): pid and tid are those of the host");
            return;
        }
        if (p->host_pid.line) {
            nd_msg_at(mf, &p->host_pid, "warning",
                      "ndtrace is in a PID namespace, but this is the id of a process on the "
                      "host; pid and tid are those of the namespace");
            return;
        }
    }
}

static int place_pids(struct cli *c, const struct nd_mf *mf, struct nd_mf_scope *s)
{
    struct nd_ns_pid ns = nd_ns_own_pid();
    bool can;

    if (!ns.ino)
        return 0;
    can = nd_features_has(&c->features, ND_F_NS_PID);
    warn_host_pids(c, mf, can);
    if (!can && s->pid) {
        nd_msg("error: --pid in a PID namespace needs Linux 5.7; run ndtrace outside of it");
        return -EINVAL;
    }
    if (!can)
        return 0;
    s->pidns_dev = ns.dev;
    s->pidns = ns.ino;
    s->pidns_proc = ns.own_proc ? ns.ino : 0;
    return 0;
}

int nd_cli_scope(struct cli *c, const struct nd_mf *mf, struct nd_options *values)
{
    struct nd_mf_scope s = {.pid = c->run.pid};
    int err = check_pid(mf, c->run.pid);

    if (!err)
        err = place_pids(c, mf, &s);
    if (!err)
        nd_options_scope(mf, values, &s);
    return err;
}
