// SPDX-License-Identifier: GPL-2.0-or-later
// A script compiled as far as a test wants, against the recorded kernel. Must not know what the
// tests look for. Serves the tests of the compiler's passes.
#ifndef ND_TEST_UNIT_H
#define ND_TEST_UNIT_H

#include "facts.h"

#include "compiler/compile.h"

#include <string.h>

static inline struct nd_unit *parsed(const char *text)
{
    const struct nd_compile_opts o = {.text = text, .facts = FACTS, .verify = true};
    struct nd_unit *u = nd_unit_new(&o);

    assert_non_null(u);
    return u;
}

static inline struct nd_unit *checked(const char *text)
{
    struct nd_unit *u = parsed(text);

    if (!nd_compile(u, "check"))
        nd_diags_text(&u->diags, &u->sources, stderr, false);
    assert_int_equal(u->diags.errors, 0);
    return u;
}

// Checks and wants exactly this as the first message.
static inline void refused(const char *text, enum nd_diag_code code, uint32_t off, uint32_t len)
{
    struct nd_unit *u = parsed(text);

    assert_false(nd_compile(u, "check"));
    assert_true(u->diags.n > 0);
    assert_string_equal(nd_diag_code_name(u->diags.v[0]->code), nd_diag_code_name(code));
    assert_int_equal(u->diags.v[0]->span.off, off);
    assert_int_equal(u->diags.v[0]->span.len, len);
    nd_unit_free(u);
}

static inline struct nd_map *map_of(struct nd_unit *u, const char *name)
{
    uint32_t i;

    for (i = 0; i < u->program.maps.n; i++) {
        if (!strcmp(u->program.maps.v[i]->name, name))
            return u->program.maps.v[i];
    }
    fail_msg("no map %s", name);
    return NULL;
}

#endif
