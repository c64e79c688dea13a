// SPDX-License-Identifier: GPL-2.0-or-later
// What is looked at while an object is being loaded: that libbpf read it as it was vetted, that its
// code is still such after relocation, that its probes are at safe places. Must not know how it is
// loaded. Serves load.c.
#include "runtime/kernel/load_impl.h"

#include "runtime/common/deny.h"
#include "runtime/common/msg.h"
#include "runtime/common/probekinds.h"

#include <bpf/libbpf.h>
#include <errno.h>

int nd_load_check_read(const struct nd_load *l, struct bpf_object *obj)
{
    struct bpf_program *prog;
    struct bpf_map *map;

    bpf_object__for_each_map(map, obj)
    {
        const struct nd_vet_map m = {bpf_map__name(map), bpf_map__type(map), bpf_map__key_size(map),
                                     bpf_map__value_size(map), bpf_map__max_entries(map)};
        bool own = bpf_map__is_internal(map);

        if (bpf_map__pin_path(map) || bpf_map__inner_map(map) || bpf_map__ifindex(map) ||
            bpf_map__map_extra(map) ||
            (own ? m.type != BPF_MAP_TYPE_ARRAY || m.entries != 1
                 : bpf_map__map_flags(map) || !nd_vet_map_is(&l->vet, &m))) {
            nd_msg("error: this object is refused: its map %s is not what it seemed", m.name);
            return -EINVAL;
        }
    }
    bpf_object__for_each_program(prog, obj)
    {
        if (bpf_program__flags(prog)) {
            nd_msg("error: this object is refused: its program %s asks for more than to run",
                   bpf_program__name(prog));
            return -EINVAL;
        }
    }
    return 0;
}

int nd_load_check_final(const struct nd_load *l, const struct bpf_program *prog,
                        const struct nd_mf_prog *mp)
{
    char why[400];

    if (!nd_vet_final(bpf_program__insns(prog), bpf_program__insn_cnt(prog), why, sizeof(why)))
        return 0;
    nd_msg_at(&l->mf, &mp->span, "error", "this program is refused: %s", why);
    return -EINVAL;
}

int nd_load_check_places(const struct nd_load *l)
{
    const struct nd_mf *mf = &l->mf;
    uint32_t i;

    for (i = 0; i < mf->nattaches && !l->unsafe; i++) {
        const struct nd_mf_attach *a = &mf->attaches[i];
        const char *func = nd_mf_str(mf, a->s1), *why = NULL;

        if (!nd_kind_attaches(a->kind, ND_AF_FUNCTION) && a->kind != ND_AT_FENTRY &&
            a->kind != ND_AT_FEXIT)
            continue;
        if (*func)
            why = nd_deny_why(func);
        else if (mf->h->flags & ND_MF_PORTABLE)
            why = "it is at an address, which says nothing on another kernel";
        if (why) {
            nd_msg_at(mf, &a->span, "error",
                      "the probe %s is not safe: %s; ndtrace --unsafe attaches all the same",
                      nd_mf_str(mf, a->spec), why);
            return -EINVAL;
        }
    }
    return 0;
}
