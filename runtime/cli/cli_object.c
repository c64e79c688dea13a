// SPDX-License-Identifier: GPL-2.0-or-later
// The object of the command line: from a file, the cache or the compiler, and made for what the
// kernel at hand has. Must not know flags. Serves cli.c.
#include "runtime/cli/cli_impl.h"

#include "runtime/cli/cache.h"
#include "runtime/cli/find.h"
#include "runtime/cli/signature.h"
#include "runtime/common/caps.h"
#include "runtime/common/msg.h"
#include "runtime/common/probekinds.h"
#include "runtime/kernel/needs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int nd_cli_object(struct cli *c, const char *verb, struct nd_object *obj)
{
    struct nd_cache *cache;
    int err;

    if (!c->compile.text && nd_find_is_object(c->compile.file)) {
        err = nd_object_map(c->compile.file, c->compile.any_owner, obj);
        if (err && err != -EPERM)
            nd_msg("error: cannot read %s: %s", c->compile.file, strerror(-err));
        if (!err && !c->unsigned_ok && !strcmp(verb, "object") && nd_caps_may_trace())
            err = nd_signature_check(c->compile.file, obj->data, obj->size);
        return err ? EXIT_FAILED : 0;
    }
    c->compile.verb = verb;
    if (strcmp(verb, "object") != 0 || c->no_cache)
        return nd_compiler_make(&c->compile, obj);
    cache = nd_cache_open(&c->compile, c->run.verbose);
    err = cache && !nd_cache_find(cache, obj) ? 0 : nd_compiler_make(&c->compile, obj);
    if (cache && !err && !obj->map)
        nd_cache_keep(cache, obj);
    nd_cache_close(cache);
    return err;
}

int nd_cli_load(const struct cli *c, const struct nd_object *obj, struct nd_load *l)
{
    if (nd_load_open(l, obj->data, obj->size))
        return EXIT_FAILED;
    l->unsafe = c->compile.unsafe;
    l->foreign = obj->foreign;
    if (!l->foreign || nd_mf_is_plain(&l->mf))
        return 0;
    nd_msg("error: this object is refused: its texts have control characters");
    return EXIT_FAILED;
}

// Where in the script a program needs this feature; NULL: no particular place.
static const struct nd_mf_span *who_needs(const struct nd_mf *mf, uint32_t what)
{
    uint32_t i;

    for (i = 0; i < mf->nprogs; i++) {
        uint32_t type = mf->progs[i].type;

        if (nd_kind_of_prog[type].feature == what)
            return &mf->progs[i].span;
    }
    return NULL;
}

// What the object needs and the kernel lacks, in words.
static int lacks(const struct cli *c, const struct nd_load *l, uint32_t missing)
{
    bool compiled = !c->compile.text && nd_find_is_object(c->compile.file);
    uint32_t i;

    for (i = 0; i < ND_F_MAX; i++) {
        const struct nd_mf_span none = {0}, *at = who_needs(&l->mf, i);
        const struct nd_feature_row *row = nd_features_row(i);
        bool off = c->features.off >> i & 1;

        if (missing >> i & 1)
            nd_msg_at(&l->mf, at ? at : &none, "error",
                      "this needs %s (%s, Linux %s), which %s%s%s", row->what, row->name,
                      row->since, off ? "NDTRACE_WITHOUT switches off" : "this kernel lacks",
                      *row->hint && !compiled ? ": " : "", compiled ? "" : row->hint);
    }
    if (compiled)
        nd_msg("compile the script on this kernel, or elsewhere with these words in "
               "NDTRACE_WITHOUT");
    return EXIT_FAILED;
}

static void say_features(const struct nd_features *f, uint32_t without, int64_t ns)
{
    const char *sep = "features:";
    uint32_t i;

    for (i = 0; i < ND_F_MAX; i++) {
        bool tried = f->tried >> i & 1;

        if (!tried && !((f->off | without) >> i & 1))
            continue;
        fprintf(stderr, "%s %s %s", sep, nd_features_row(i)->name,
                f->off >> i & 1       ? "off"
                : f->lacking >> i & 1 ? "no"
                : tried               ? "yes"
                                      : "not tried");
        sep = ",";
    }
    if (*sep == ',')
        fprintf(stderr, " (%.2f ms)\n", (double)ns / 1e6);
}

// A function that a trial of fentry may use: one that the object is for.
static uint32_t trace_id(const struct nd_mf *mf)
{
    uint32_t i;

    if (!nd_needs_same_kernel(mf)) // ids are those of the kernel of the compilation
        return 0;
    for (i = 0; i < mf->nprogs; i++) {
        const struct nd_mf_prog *p = &mf->progs[i];

        if ((p->type == ND_PROG_FENTRY || p->type == ND_PROG_FEXIT) && p->count &&
            !*nd_mf_str(mf, mf->attaches[p->first].s0))
            return p->attach_btf_id;
    }
    return 0;
}

// The compiler has announced what the object will have: what the kernel is asked anyway is asked
// now.
static void get_ready(void *arg, const struct nd_plan *plan, const struct nd_plan_map *maps)
{
    struct cli *c = arg;

    nd_early_make(&c->early, maps, plan->n);
    // A trial of fentry needs a function, which only the object names.
    nd_features_missing(&c->features, plan->features & ~ND_F_BIT(FENTRY));
}

int nd_cli_open(struct cli *c, struct nd_object *obj, struct nd_load *l)
{
    int64_t start, ns = 0; // of the trials
    uint32_t missing;
    int code;

    c->compile.without = c->features.off;
    if (!c->compile.portable && !c->compile.facts && nd_caps_may_trace())
        c->compile.without |= nd_features_profile(&c->features);
    c->compile.verbose |= c->run.verbose;
    if (!c->compile.portable && nd_caps_may_trace()) {
        c->compile.planned = get_ready;
        c->compile.planned_arg = c;
    }
    for (;;) {
        code = nd_cli_object(c, "object", obj);
        if (code)
            return code;
        if (nd_cli_load(c, obj, l))
            return EXIT_FAILED;
        if (!nd_caps_may_trace())
            break;
        c->features.trace_id = trace_id(&l->mf);
        start = nd_now();
        missing = nd_features_missing(&c->features, l->mf.h->features);
        ns += nd_now() - start;
        l->features = c->features;
        l->early = &c->early;
        l->btf_file = c->compile.btf;
        if (!missing)
            break; // not before: it may be compiled again, with the same warnings
        if (!(missing & ~l->mf.h->without) ||
            (!c->compile.text && nd_find_is_object(c->compile.file)))
            return lacks(c, l, missing);
        c->compile.without |= missing;
        // What would be taken next for it, lest it is compiled a third time.
        if ((missing & ND_F_BIT(FENTRY)) && !nd_features_has(&c->features, ND_F_KPROBE))
            c->compile.without |= ND_F_BIT(KPROBE);
        nd_load_free(l);
        nd_object_free(obj);
    }
    if (c->run.verbose)
        say_features(&c->features, l->mf.h->without, ns);
    return 0;
}
