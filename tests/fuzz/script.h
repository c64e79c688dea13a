// SPDX-License-Identifier: GPL-2.0-or-later
// For targets that need an object: a script as the compiler makes it, once.
#ifndef ND_FUZZ_SCRIPT_H
#define ND_FUZZ_SCRIPT_H

#include "compiler/compile.h"
#include "compiler/user/mfbuild.h"
#include "runtime/kernel/load.h"

#include <stdlib.h>
#include <string.h>

// Lives as long as the process.
static inline struct nd_load *loaded(const char *text)
{
    static struct nd_load l;
    struct nd_compile_opts o = {.text = text, .facts = "tests/facts/base"};
    struct nd_unit *u = nd_unit_new(&o);
    struct nd_seal seal;
    static uint8_t *file; // reachable to the end

    if (!u || !nd_compile(u, "finish")) {
        nd_diags_text(&u->diags, &u->sources, stderr, false);
        abort();
    }
    seal = nd_mfb_seal_file(u->object, u->size);
    file = malloc(u->size + sizeof(seal));
    memcpy(file, u->object, u->size);
    memcpy(file + u->size, &seal, sizeof(seal));
    if (nd_load_open(&l, file, u->size + sizeof(seal)))
        abort();
    return &l;
}

#endif
