// SPDX-License-Identifier: GPL-2.0-or-later
// The list of passes, from text to object.
#include "compiler/compile.h"

#include "compiler/dump.h"
#include "compiler/library.h"
#include "compiler/lower/lower.h"
#include "compiler/net/net.h"
#include "compiler/user/mfwrite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void load(struct nd_unit *u)
{
    const struct nd_compile_opts *o = &u->opts;
    size_t size = o->text && !o->text_size ? strlen(o->text) : o->text_size;
    int src = o->file ? nd_source_file(&u->sources, o->file)
                      : nd_source_text(&u->sources, o->path ? o->path : "-e", o->text, size);

    if (src == -EPERM && u->sources.refused)
        nd_library_refuse(u, ND_NO_SPAN, u->program.path);
    else if (src < 0)
        nd_error(&u->diags, ND_E0100, ND_NO_SPAN, "%s: %s", u->program.path, strerror(-src));
}

static void options(struct nd_unit *u)
{
    u->program.opts_size = sizeof(struct nd_mf_scope);
    u->check = nd_check_new(&u->program);
    nd_check_config(u->check);
    nd_check_options(u->check);
}

static void declare(struct nd_unit *u)
{
    nd_net_names(u->check);
    nd_check_needs(u->check);
    nd_check_declare(u->check);
    nd_net_declare(u->check);
}

static void expand(struct nd_unit *u)
{
    nd_net_expand(u->check);
}

static void infer(struct nd_unit *u)
{
    nd_check_infer(u->check);
}

static void check(struct nd_unit *u)
{
    nd_check_bodies(u->check);
}

static void lower(struct nd_unit *u)
{
    // Whoever listens to the plan waits for us, and stops when we say that we are done.
    const struct nd_lower_opts lo = {.verify = u->opts.verify || u->opts.dump,
                                     .reads = u->opts.reads,
                                     .last = u->opts.planned != NULL,
                                     .planned = u->opts.planned,
                                     .arg = u->opts.planned_arg};

    if (!u->lowered)
        u->lowered = nd_lower_new(&u->program, &lo);
    if (u->lowered)
        nd_lower(u->lowered);
}

static void optimise(struct nd_unit *u)
{
    nd_lower_optimise(u->lowered);
}

static void emit(struct nd_unit *u)
{
    nd_lower_emit(u->lowered);
    u->back_to = nd_lower_again(u->lowered) ? "lower" : NULL;
}

static void finish(struct nd_unit *u)
{
    nd_lower_finish(u->lowered);
    u->back_to = nd_lower_again(u->lowered) ? "lower" : NULL;
    if (!u->back_to && !u->diags.errors)
        u->object = nd_lower_object(u->lowered, &u->size);
}

// Each takes what the one before made. After an error in one that is marked, nothing can be made of
// what is there; the others go on, so that one run reports as many mistakes as it can.
static const struct pass {
    const char *name;
    void (*run)(struct nd_unit *u);
    bool stops;
    void (*dump)(const struct nd_unit *u, FILE *out); // --dump NAME
} passes[] = {
    {"load", load, true, nd_dump_sources},          // text
    {"parse", nd_library_load, true, nd_dump_tree}, // the tree, with those of modules
    {"options", options, false, nd_dump_options},   // what --help and the command line need
    {"declare", declare, false, nd_dump_names},     // what has a name
    {"expand", expand, false, nd_dump_probes},      // probes, stages and paths: programs and places
    {"infer", infer, false, nd_dump_maps},          // types of maps and functions
    {"check", check, true, nd_dump_maps}, // every body, aloud; what the kernel rules out goes
    {"lower", lower, true, nd_dump_ir},   // LLVM IR
    {"optimise", optimise, true, nd_dump_ir},
    {"emit", emit, true, nd_dump_object},     // the object, or back to "lower" for less stack
    {"finish", finish, true, nd_dump_object}, // what only the code tells is in its manifest
};

#define PASSES (sizeof(passes) / sizeof(passes[0]))

static uint32_t pass_named(const char *name)
{
    uint32_t i = 0;

    while (i < PASSES && strcmp(passes[i].name, name) != 0)
        i++;
    return i;
}

bool nd_compile(struct nd_unit *u, const char *last)
{
    while (u->done < PASSES) {
        const struct pass *p = &passes[u->done];

        if (u->done && passes[u->done - 1].stops && u->diags.errors)
            return false;
        p->run(u);
        if (u->opts.dump && !strcmp(u->opts.dump, p->name))
            p->dump(u, stderr);
        u->done = u->back_to ? pass_named(u->back_to) : u->done + 1;
        if (!u->back_to && !strcmp(p->name, last))
            break;
        u->back_to = NULL;
    }
    return !u->diags.errors;
}

bool nd_compile_has_pass(const char *name)
{
    return pass_named(name) < PASSES;
}

// ---- units --------------------------------------------------------------------------------------

struct nd_unit *nd_unit_new(const struct nd_compile_opts *o)
{
    struct nd_unit *u = calloc(1, sizeof(*u));
    struct nd_kernel_opts ko = {.facts = o->facts,
                                .pid = o->pid,
                                .btf_file = o->btf,
                                .tracefs = o->tracefs,
                                .other = o->portable,
                                .no_btf = o->without & ND_F_BIT(BTF),
                                .no_module_btf = o->without & ND_F_BIT(MODULE_BTF),
                                .no_btf_trace = o->without & ND_F_BIT(BTF_TRACE),
                                .no_btf_names = o->without & ND_F_BIT(BTF_NAMES)};
    struct nd_program *p;

    if (!u)
        return NULL;
    u->arena = nd_arena_new();
    if (!u->arena) {
        free(u);
        return NULL;
    }
    u->opts = *o;
    u->sources.arena = u->diags.arena = u->arena;
    u->sources.trust = o->trust;
    u->kernel = nd_kernel_new(u->arena, &ko);
    p = &u->program;
    p->arena = u->arena;
    p->diags = &u->diags;
    p->sources = &u->sources;
    p->kernel = u->kernel;
    p->types.arena = u->arena;
    p->types.diags = &u->diags;
    p->types.kernel = u->kernel;
    p->path = o->file ? o->file : o->path ? o->path : "-e";
    p->title = p->notes = "";
    p->settings = o->settings;
    p->nsettings = o->nsettings;
    p->unsafe = o->unsafe;
    p->portable = o->portable;
    p->bpftrace = o->bpftrace;
    p->without = o->without;
    p->verbose = o->verbose;
    nd_compile(u, "parse");
    return u;
}

void nd_unit_free(struct nd_unit *u)
{
    if (!u)
        return;
    nd_lower_free(u->lowered);
    nd_kernel_free(u->kernel);
    nd_arena_free(u->arena);
    free(u);
}

void *nd_unit_manifest(struct nd_unit *u, uint32_t *size)
{
    return nd_mfw_manifest(&u->program, NULL, size);
}

bool nd_without_parse(const char *list, uint32_t *without)
{
    static const struct nd_feature_row rows[] = {ND_FEATURES(ND_FEATURE_ROW)};
    size_t len;
    uint32_t i;

    for (*without = 0; *list; list += len + (list[len] == ',')) {
        len = strcspn(list, ",");
        for (i = 0; i < ND_F_MAX; i++) {
            if (strlen(rows[i].name) == len && !memcmp(rows[i].name, list, len))
                break;
        }
        if (len && i == ND_F_MAX)
            return false;
        if (len)
            *without |= 1u << i;
    }
    return true;
}
