// SPDX-License-Identifier: GPL-2.0-or-later
// What of a probe with many places is left out, and how that is told: one function that the kernel
// refuses does not end a wildcard. Must not know how anything is attached. Serves attach.c.
#include "runtime/kernel/attach_impl.h"

#include "runtime/common/msg.h"

#include <stdio.h>
#include <string.h>

void nd_skips_add(struct nd_skips *k, const struct nd_mf_attach *a, int err)
{
    if (k->n < ND_SKIPS_NAMED) {
        k->named[k->n] = a;
        k->errs[k->n] = err;
    }
    k->n++;
}

void nd_skips_warn(const struct nd_attach_set *s, const struct nd_mf_prog *p,
                   const struct nd_skips *k, uint32_t of)
{
    char text[1024];
    size_t len = 0;
    uint32_t i;

    for (i = 0; i < k->n && i < ND_SKIPS_NAMED && len < sizeof(text); i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s (%s)", i ? ", " : "",
                                nd_mf_str(&s->l->mf, k->named[i]->spec),
                                nd_perf_why(k->named[i], k->errs[i]));
    nd_msg_at(&s->l->mf, &p->span, "warning", "%u of %u attach points are left out: %s%s", k->n, of,
              text, k->n > ND_SKIPS_NAMED ? ", ..." : "");
}

// Are both made of the same probe, and both to be attached?
static bool siblings(const struct nd_attach_set *s, uint32_t a, uint32_t b)
{
    const struct nd_mf_prog *p = &s->l->mf.progs[a], *q = &s->l->mf.progs[b];

    return !memcmp(&p->span, &q->span, sizeof(p->span)) && p->count && q->count &&
           s->l->mf.attaches[p->first].kind == s->l->mf.attaches[q->first].kind &&
           nd_load_prog_fd(s->l, a) >= 0 && nd_load_prog_fd(s->l, b) >= 0;
}

bool nd_skips_leave_out(struct nd_attach_set *s, uint32_t prog, int err)
{
    uint32_t i, n = 0;

    for (i = 0; i < s->l->mf.nprogs; i++)
        n += siblings(s, prog, i);
    if (n < 2)
        return false;
    s->left[prog] = err;
    return true;
}

bool nd_skips_of(const struct nd_attach_set *s, uint32_t prog, struct nd_skips *k, uint32_t *of)
{
    uint32_t i;

    memset(k, 0, sizeof(*k));
    *of = 0;
    for (i = 0; i < s->l->mf.nprogs; i++) {
        if (!siblings(s, prog, i))
            continue;
        if (i < prog)
            return false;
        ++*of;
        if (s->left[i])
            nd_skips_add(k, &s->l->mf.attaches[s->l->mf.progs[i].first], s->left[i]);
    }
    return k->n != 0;
}
