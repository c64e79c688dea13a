// SPDX-License-Identifier: GPL-2.0-or-later
// Arguments of raw tracepoints as a kernel tells them whose BTF has no types of events
// (before 5.5), or types without names (a vendor's 5.4): what is found is what this kernel's BTF
// says, and most is found.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "compiler/front/arena.h"
#include "compiler/kernel/btf.h"
#include "compiler/kernel/kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EACH 25 // of so many events one

struct names {
    struct nd_arena *a;
    const char **v;
    uint32_t n, cap, seen;
};

static int note(void *arg, const char *event)
{
    struct names *n = arg;

    if (n->seen++ % EACH && strcmp(event, "net_dev_queue") != 0)
        return 0;
    if (n->n == n->cap) {
        n->cap = n->cap * 2 + 64;
        n->v = realloc(n->v, n->cap * sizeof(*n->v));
        assert_non_null(n->v);
    }
    n->v[n->n++] = strdup(event);
    return 0;
}

static bool same(struct nd_kernel *x, const struct nd_func_sig *a, struct nd_kernel *y,
                 const struct nd_func_sig *b, struct nd_arena *arena)
{
    uint32_t i;

    if (a->nparams != b->nparams)
        return false;
    for (i = 0; i < a->nparams; i++) {
        const char *s = nd_btf_type_text(nd_kernel_btf(x, NULL), a->params[i].type, arena);
        const char *t = nd_btf_type_text(nd_kernel_btf(y, NULL), b->params[i].type, arena);

        if (strcmp(a->params[i].name, b->params[i].name) != 0 || strcmp(s, t) != 0) {
            print_message("%s: %s %s, not %s %s\n", a->name, t, b->params[i].name, s,
                          a->params[i].name);
            return false;
        }
    }
    return true;
}

static void compare(const struct nd_kernel_opts *lacking, bool typed)
{
    struct nd_arena *a = nd_arena_new();
    struct nd_kernel *whole = nd_kernel_new(a, NULL), *old = nd_kernel_new(a, lacking);
    const struct nd_func_sig *s, *t;
    uint32_t i, found = 0, all = 0, wrong = 0;
    struct names n = {.a = a};

    assert_int_equal(nd_kernel_each_raw_tracepoint(whole, "*", note, &n), 0);
    for (i = 0; i < n.n; i++) {
        int err;

        if (nd_kernel_raw_tracepoint(whole, n.v[i], &s) || *s->module)
            continue;
        all++;
        err = nd_kernel_raw_tracepoint(old, n.v[i], &t);
        if (err == -ENOENT)
            print_message("%s is not known\n", n.v[i]);
        assert_true(err != -ENOENT);
        if (err || (typed && t->nparams && !strcmp(t->params[0].name, "arg0")))
            continue;
        assert_int_equal(!!t->btf_id, typed);
        found++;
        wrong += !same(whole, s, old, t, a);
    }
    print_message("%u of %u events\n", found, all);
    assert_true(all > 10);
    assert_true(found * 10 > all * 7);
    assert_true(wrong * 25 <=
                all); // events may have other words for their arguments than the class
    assert_int_equal(nd_kernel_raw_tracepoint(old, "no_such_event", &t), -ENOENT);
    assert_int_equal(nd_kernel_raw_tracepoint(old, "net_dev_queue", &t), 0);
    assert_string_equal(t->params[0].name, "skb");
    for (i = 0; i < n.n; i++)
        free((char *)(uintptr_t)n.v[i]);
    free(n.v);
    nd_kernel_free(whole);
    nd_kernel_free(old);
    nd_arena_free(a);
}

static void without_types(void **state)
{
    const struct nd_kernel_opts o = {.no_btf_trace = true, .no_btf_names = true};

    (void)state;
    compare(&o, false);
}

static void without_names(void **state)
{
    const struct nd_kernel_opts o = {.no_btf_names = true};

    (void)state;
    compare(&o, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_types),
        cmocka_unit_test(without_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
