// SPDX-License-Identifier: GPL-2.0-or-later
// Compiles a script in this process, loads it, and runs its first program with an invented context.
#ifndef ND_TESTRUN_H
#define ND_TESTRUN_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "compiler/compile.h"
#include "compiler/user/mfbuild.h"
#include "runtime/kernel/load.h"
#include "runtime/kernel/maps.h"

#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>

struct tr {
    struct nd_unit *u;
    struct nd_load l;
    struct nd_maps *maps;
    void *elf;
    int fd;
};

// What NDTRACE_WITHOUT says the kernel lacks.
static void tr_without(struct nd_compile_opts *o)
{
    const char *list = getenv("NDTRACE_WITHOUT");

    assert_true(nd_without_parse(list ? list : "", &o->without));
}

__attribute__((unused)) static void tr_open(struct tr *t, const char *script)
{
    struct nd_compile_opts o = {.text = script, .verify = true};
    bool wanted[8] = {true, true, true, true, true, true, true, true};
    struct nd_seal seal;
    size_t size;

    memset(t, 0, sizeof(*t));
    tr_without(&o);
    t->u = nd_unit_new(&o);
    assert_non_null(t->u);
    if (!nd_compile(t->u, "finish")) {
        nd_diags_text(&t->u->diags, &t->u->sources, stderr, false);
        fail_msg("does not compile: %s", script);
    }
    size = t->u->size;
    seal = nd_mfb_seal_file(t->u->object, size);
    t->elf = malloc(size + sizeof(seal));
    assert_non_null(t->elf);
    memcpy(t->elf, t->u->object, size);
    memcpy((char *)t->elf + size, &seal, sizeof(seal));
    assert_int_equal(nd_load_open(&t->l, t->elf, size + sizeof(seal)), 0);
    uint8_t *opts = calloc(1, t->l.mf.h->opts_size);
    assert_int_equal(nd_load_kernel(&t->l, opts, wanted, false), 0);
    free(opts);
    t->maps = nd_maps_new(&t->l.mf, t->l.obj);
    assert_non_null(t->maps);
    t->fd = nd_load_prog_fd(&t->l, 0);
    assert_true(t->fd >= 0);
}

static void tr_close(struct tr *t)
{
    nd_maps_free(t->maps);
    nd_load_free(&t->l);
    free(t->elf);
    nd_unit_free(t->u);
}

__attribute__((unused)) static void tr_run(struct tr *t, const uint64_t *args, uint32_t n)
{
    LIBBPF_OPTS(bpf_test_run_opts, o, .ctx_in = args, .ctx_size_in = n * 8);

    assert_int_equal(bpf_prog_test_run_opts(t->fd, &o), 0);
}

__attribute__((unused)) static uint32_t tr_map(struct tr *t, const char *name)
{
    uint32_t i;

    for (i = 0; i < t->l.mf.nmaps; i++) {
        if (!strcmp(nd_mf_str(&t->l.mf, t->l.mf.maps[i].name), name))
            return i;
    }
    fail_msg("no map %s", name);
    return 0;
}

#endif
