// SPDX-License-Identifier: GPL-2.0-or-later
// An operator needs to know what to load, not how each alternative of each stage failed.
#include "runtime/run/absent.h"

#include "runtime/common/msg.h"

#include <stdio.h>
#include <string.h>

// Why the first alternative cannot serve it.
static uint32_t first_reason(const struct nd_mf *mf, const struct nd_mf_absent *a)
{
    return a->nreasons ? mf->words[a->reasons + 1] : 0;
}

// Equal strings of a manifest have one place.
static bool same_cause(const struct nd_mf *mf, const struct nd_mf_absent *a,
                       const struct nd_mf_absent *b)
{
    return a->module == b->module && (a->module || first_reason(mf, a) == first_reason(mf, b));
}

// The names of the stages that have the cause of number i, each once; how many.
static uint32_t stages(const struct nd_mf *mf, const bool *matters, uint32_t i, char *out,
                       size_t size)
{
    uint32_t k, j, n = 0;

    *out = 0;
    for (k = i; k < mf->nabsent; k++) {
        const struct nd_mf_absent *a = &mf->absent[k];

        if (!matters[k] || !same_cause(mf, a, &mf->absent[i]))
            continue;
        for (j = i; j < k && (!matters[j] || mf->absent[j].stage != a->stage); j++)
            ;
        if (j == k)
            snprintf(out + strlen(out), size - strlen(out), "%s%s", n++ ? ", " : "",
                     nd_mf_str(mf, a->stage));
    }
    return n;
}

static bool first_of_its_cause(const struct nd_mf *mf, const bool *matters, uint32_t i)
{
    uint32_t k;

    for (k = 0; k < i; k++) {
        if (matters[k] && same_cause(mf, &mf->absent[k], &mf->absent[i]))
            return false;
    }
    return true;
}

static void say(const struct nd_mf *mf, const struct nd_mf_absent *a, const char *names, uint32_t n)
{
    const char *module = nd_mf_str(mf, a->module), *verb = n > 1 ? "s" : "";
    const char *are = n > 1 ? "are" : "is";
    bool elsewhere = mf->h->flags & ND_MF_PORTABLE;

    if (*module && elsewhere)
        nd_msg("warning: %s was not loaded where this was compiled: stage%s %s %s left out", module,
               verb, names, are);
    else if (*module)
        nd_msg("warning: %s is not loaded: stage%s %s %s left out; modprobe %s", module, verb,
               names, are, module);
    else
        nd_msg("warning: stage%s %s %s left out: %s", verb, names, are,
               nd_mf_str(mf, first_reason(mf, a)));
}

static void say_reasons(const struct nd_mf *mf, const struct nd_mf_absent *a)
{
    uint32_t i;

    nd_msg_at(mf, &a->span, "note", "%s cannot be served", nd_mf_str(mf, a->stage));
    for (i = 0; i < a->nreasons; i += 2)
        fprintf(stderr, "      = %s: %s\n", nd_mf_str(mf, mf->words[a->reasons + i]),
                nd_mf_str(mf, mf->words[a->reasons + i + 1]));
}

void nd_run_absent(const struct nd_mf *mf, const bool *matters, bool verbose)
{
    char names[2048];
    uint32_t i, n;

    for (i = 0; i < mf->nabsent; i++) {
        if (!matters[i] || !first_of_its_cause(mf, matters, i))
            continue;
        n = stages(mf, matters, i, names, sizeof(names));
        say(mf, &mf->absent[i], names, n);
    }
    for (i = 0; verbose && i < mf->nabsent; i++) {
        if (matters[i])
            say_reasons(mf, &mf->absent[i]);
    }
}
