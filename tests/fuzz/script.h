// SPDX-License-Identifier: GPL-2.0-or-later
// For targets that need a manifest: a script as the compiler makes it, once.
#ifndef ND_FUZZ_SCRIPT_H
#define ND_FUZZ_SCRIPT_H

#include "compiler/compile.h"
#include "runtime/common/mf.h"

#include <stdlib.h>

static inline const struct nd_mf *manifest_of(const char *text)
{
    static struct nd_mf mf;
    struct nd_compile_opts o = {.text = text, .facts = "tests/facts/base"};
    struct nd_unit *u = nd_unit_new(&o);
    const char *why = "";
    uint32_t size;
    void *blob;

    if (!u || !nd_compile(u, "check")) {
        nd_diags_text(&u->diags, &u->sources, stderr, false);
        abort();
    }
    blob = nd_unit_manifest(u, &size);
    if (nd_mf_open(&mf, blob, size, &why)) // lives as long as the unit, which is kept
        abort();
    return &mf;
}

#endif
