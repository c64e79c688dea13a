// SPDX-License-Identifier: GPL-2.0-or-later
// Whom a run sees: -p, and the namespaces that ndtrace is in. Must not know how programs find out.
// Serves cli.c.
#include "runtime/cli/cli_impl.h"

#include "runtime/common/msg.h"
#include "runtime/common/probekinds.h"
#include "runtime/sources/namespaces.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

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

// ---- devices -----------------------------------------------------------------------------------

static void list_devices(char *out, size_t size)
{
    struct if_nameindex *all = if_nameindex(), *i;
    size_t n = 0;

    *out = 0;
    for (i = all; i && i->if_index && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", i == all ? "" : ", ", i->if_name);
    if (all)
        if_freenameindex(all);
}

// A device is its name in one network namespace; with --netns all, the name in any.
static int place_device(const struct cli *c, const struct nd_mf *mf, const struct nd_mf_option *o,
                        uint64_t netns, struct nd_ifname *dev)
{
    char devices[800];

    if (!*dev->name || c->all_netns)
        return 0;
    dev->netns = (uint32_t)netns;
    dev->index = if_nametoindex(dev->name);
    if (dev->index)
        return 0;
    list_devices(devices, sizeof(devices));
    nd_msg("error: --%s: there is no device \"%s\"; the devices are: %s",
           nd_mf_str(mf, o->file == ND_MF_NONE ? o->flag : mf->options[o->file].flag), dev->name,
           devices);
    return -EINVAL;
}

// Defaults may be of a machine that is made differently.
static int place_devices(const struct cli *c, const struct nd_mf *mf, struct nd_options *values,
                         uint64_t netns)
{
    uint32_t i, k, n, given;
    int err = 0;

    for (i = 0; i < mf->noptions && !err; i++) {
        const struct nd_mf_option *o = &mf->options[i];

        if (o->kind != ND_OPT_IFNAME)
            continue;
        memcpy(&n, values->data + o->count_off, sizeof(n));
        memcpy(&given, values->data + o->given_off, sizeof(given));
        for (k = 0; k < n && k < o->cap && !err; k++) {
            struct nd_ifname dev;
            uint8_t *at = values->data + o->off + (size_t)k * o->stride;

            memcpy(&dev, at, sizeof(dev));
            if (given || o->file != ND_MF_NONE || if_nametoindex(dev.name))
                err = place_device(c, mf, o, netns, &dev);
            else if (!c->all_netns)
                dev.netns = (uint32_t)netns;
            memcpy(at, &dev, sizeof(dev));
        }
    }
    return err;
}

int nd_cli_scope(struct cli *c, const struct nd_mf *mf, struct nd_options *values)
{
    struct nd_mf_scope s = {.pid = c->run.pid,
                            .netns = nd_ns_own_net(),
                            .ncpus = (uint64_t)sysconf(_SC_NPROCESSORS_CONF)};
    int err = check_pid(mf, c->run.pid);

    if (!err)
        err = place_pids(c, mf, &s);
    if (!err)
        err = place_devices(c, mf, values, s.netns);
    if (!err)
        nd_options_scope(mf, values, &s);
    return err;
}
