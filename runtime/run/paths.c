// SPDX-License-Identifier: GPL-2.0-or-later
// Sweeps the maps of packets under way. A packet is lost when its last stage is longer ago than the
// path's timeout; one that passes a stage in between is not removed, because its record is read
// again first. Must not know text. Serves the run.
#include "runtime/run/paths.h"

#include "runtime/kernel/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PERIOD_MIN 50000000ull
#define PERIOD_MAX 1000000000ull

struct one {
    uint64_t timeout;
    uint64_t under_way;
    // By fate and last stage.
    uint64_t *late[ND_FATE_MAX], *reported[ND_FATE_MAX];
    struct nd_path_other others[ND_PATH_OTHERS], others_told[ND_PATH_OTHERS];
    uint64_t told[ND_PATHC_MAX];
};

struct nd_paths {
    const struct nd_mf *mf;
    struct nd_maps *maps;
    struct nd_vm *vm;
    const struct nd_state *state;
    struct one *v;
};

struct nd_paths *nd_paths_new(const struct nd_mf *mf, struct nd_maps *maps, struct nd_vm *vm,
                              const struct nd_state *state, const uint8_t *values)
{
    struct nd_paths *p = calloc(1, sizeof(*p));
    uint32_t i, k;

    if (!p)
        return NULL;
    *p = (struct nd_paths){.mf = mf, .maps = maps, .vm = vm, .state = state};
    p->v = calloc(mf->npaths + 1, sizeof(*p->v));
    for (i = 0; p->v && i < mf->npaths; i++) {
        const struct nd_mf_path *d = &mf->paths[i];

        if (d->timeout_opt != ND_MF_NONE)
            memcpy(&p->v[i].timeout, values + mf->options[d->timeout_opt].off, 8);
        if (!p->v[i].timeout) // the option has no default and was not given
            p->v[i].timeout = d->timeout;
        for (k = 0; k < ND_FATE_MAX; k++) {
            p->v[i].late[k] = calloc(d->nstages, sizeof(uint64_t));
            p->v[i].reported[k] = calloc(d->nstages, sizeof(uint64_t));
            if (!p->v[i].late[k] || !p->v[i].reported[k])
                break;
        }
        if (k < ND_FATE_MAX)
            break;
    }
    if (p->v && i == mf->npaths)
        return p;
    nd_paths_free(p);
    return NULL;
}

void nd_paths_free(struct nd_paths *p)
{
    uint32_t i, k;

    for (i = 0; p && p->v && i < p->mf->npaths; i++) {
        for (k = 0; k < ND_FATE_MAX; k++) {
            free(p->v[i].late[k]);
            free(p->v[i].reported[k]);
        }
    }
    if (p)
        free(p->v);
    free(p);
}

uint64_t nd_paths_period(const struct nd_paths *p)
{
    uint64_t ns = PERIOD_MAX;
    uint32_t i;

    if (!p->mf->npaths)
        return 0;
    for (i = 0; i < p->mf->npaths; i++)
        ns = p->v[i].timeout / 4 < ns ? p->v[i].timeout / 4 : ns;
    return ns < PERIOD_MIN ? PERIOD_MIN : ns;
}

static uint64_t word(const void *record, uint32_t off)
{
    uint64_t v;

    memcpy(&v, (const uint8_t *)record + off, sizeof(v));
    return v;
}

// What became of it, as far as programs saw; without such programs it is lost.
static uint32_t fate_of(const struct nd_mf_path *d, const void *record)
{
    uint64_t fate = d->fate_off == ND_MF_NONE ? ND_FATE_LOST + 1 : word(record, d->fate_off);

    return fate && fate <= ND_FATE_MAX ? (uint32_t)fate - 1 : ND_FATE_VANISHED;
}

// "" where the packet was delivered without a device.
static void count_other(struct one *o, const struct nd_mf_path *d, const void *record)
{
    struct nd_ifname dev = {.name = "others"}; // the last one
    uint32_t i;

    for (i = 0; i + 1 < ND_PATH_OTHERS && o->others[i].count; i++) {
        if (!memcmp(&o->others[i].dev, (const uint8_t *)record + d->other_off, sizeof(dev)))
            break;
    }
    if (i + 1 < ND_PATH_OTHERS)
        memcpy(&dev, (const uint8_t *)record + d->other_off, sizeof(dev));
    o->others[i].dev = dev;
    o->others[i].count++;
}

// One packet that seems lost: read again, because it may have moved on since the copy was made.
static int lose(struct nd_paths *p, uint32_t path, const void *key, void *record, int64_t now)
{
    const struct nd_mf_path *d = &p->mf->paths[path];
    uint32_t fate;
    uint64_t stage;

    if (nd_maps_get(p->maps, d->map, key, record) ||
        now - (int64_t)word(record, d->last_off) <= (int64_t)p->v[path].timeout ||
        nd_maps_del(p->maps, d->map, key))
        return 0;
    stage = word(record, d->from_off);
    fate = fate_of(d, record);
    if (stage < d->nstages)
        p->v[path].late[fate][stage]++;
    if (fate == ND_FATE_ELSEWHERE)
        count_other(&p->v[path], d, record);
    if (d->func[fate] == ND_MF_NONE)
        return 0;
    nd_maps_handler(p->maps);
    return nd_vm_call(p->vm, d->func[fate], d->record, record, NULL);
}

static int sweep(struct nd_paths *p, uint32_t path, int64_t now)
{
    const struct nd_mf_path *d = &p->mf->paths[path];
    struct nd_copy copy;
    uint32_t i, gone = 0;
    int err;

    err = nd_maps_copy(p->maps, d->map, &copy);
    if (err)
        return err;
    for (i = 0; i < copy.n && !err; i++) {
        uint8_t *record = copy.vals + (size_t)i * copy.val_size;

        if (now - (int64_t)word(record, d->last_off) <= (int64_t)p->v[path].timeout)
            continue;
        gone++;
        err = lose(p, path, copy.keys + (size_t)i * copy.key_size, record, now);
    }
    p->v[path].under_way = copy.n - gone;
    nd_copy_free(&copy);
    return err;
}

int nd_paths_sweep(struct nd_paths *p, int64_t now)
{
    uint32_t i;
    int err = 0;

    for (i = 0; i < p->mf->npaths && !err; i++)
        err = sweep(p, i, now);
    return err;
}

int64_t nd_paths_count(const struct nd_paths *p, uint32_t path, uint32_t what)
{
    const struct nd_mf_path *d = &p->mf->paths[path];
    int64_t n = 0;
    uint32_t i;

    if (what < ND_PATHC_MAX)
        return d->count[what] ? (int64_t)nd_state_get(p->state, d->count[what]) : 0;
    if (what == ND_PATHC_UNDER_WAY) {
        n = nd_maps_len(p->maps, d->map);
        return n < 0 ? 0 : n;
    }
    for (i = 0; i < d->nstages; i++)
        n += (int64_t)p->v[path].late[what - ND_PATHC_LOST][i];
    return n;
}

// What is new of the packets of a fate since the last report, by stage; their number.
static uint64_t since(struct one *o, uint32_t fate, uint32_t nstages, bool total, uint64_t *after)
{
    uint64_t n = 0;
    uint32_t k;

    for (k = 0; k < nstages; k++) {
        after[k] = o->late[fate][k] - (total ? 0 : o->reported[fate][k]);
        o->reported[fate][k] = total ? o->reported[fate][k] : o->late[fate][k];
        n += after[k];
    }
    return n;
}

static void others_since(struct one *o, bool total, struct nd_path_other *out)
{
    uint32_t k;

    memcpy(out, o->others, sizeof(o->others));
    for (k = 0; k < ND_PATH_OTHERS && !total; k++)
        out[k].count -= o->others_told[k].count;
    if (!total)
        memcpy(o->others_told, o->others, sizeof(o->others));
}

static void report_one(struct nd_paths *p, struct nd_sink *s, uint32_t i, bool total)
{
    const struct nd_mf_path *d = &p->mf->paths[i];
    struct one *o = &p->v[i];
    struct nd_path_other others[ND_PATH_OTHERS];
    struct nd_path_stat st = {.path = d, .under_way = o->under_way, .others = others};
    uint64_t *after = calloc(d->nstages * 3ul, sizeof(*after)); // lost, elsewhere, vanished
    uint32_t k;

    if (!after)
        return;
    for (k = 0; k < ND_PATHC_MAX; k++) {
        uint64_t n = d->count[k] ? nd_state_get(p->state, d->count[k]) : 0;

        st.count[k] = n - (total ? 0 : o->told[k]);
        o->told[k] = total ? o->told[k] : n;
    }
    st.lost = since(o, ND_FATE_LOST, d->nstages, total, after);
    st.elsewhere = since(o, ND_FATE_ELSEWHERE, d->nstages, total, after + d->nstages);
    st.vanished = since(o, ND_FATE_VANISHED, d->nstages, total, after + 2ul * d->nstages);
    st.lost_after = after;
    st.vanished_after = after + 2ul * d->nstages;
    others_since(o, total, others);
    nd_sink_path(s, &st);
    free(after);
}

void nd_paths_report(struct nd_paths *p, struct nd_sink *s, bool total)
{
    uint32_t i;

    for (i = 0; i < p->mf->npaths; i++)
        report_one(p, s, i, total);
}
