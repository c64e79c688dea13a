// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzz target: any bytes as a script, through scanner, parser and checker against the recorded
// kernel, and its diagnostics as text and JSON. Must not crash, hang or read beyond the text.
#include "compiler/compile.h"
#include "compiler/front/arena.h"
#include "compiler/front/parse.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#define FACTS "tests/facts/base" // run from the root of the source tree

// What the parser says, as a person and as a program would read it.
static void render(const uint8_t *data, size_t size)
{
    struct nd_arena *a = nd_arena_new();
    struct nd_sources sources = {.arena = a};
    struct nd_diags diags = {.arena = a};
    char *text = NULL;
    size_t len = 0;
    FILE *out;
    int src;

    src = nd_source_text(&sources, "-e", (const char *)data, size);
    if (src >= 0)
        nd_parse(a, &diags, &sources, (uint32_t)src, NULL);
    out = open_memstream(&text, &len);
    if (out) {
        nd_diags_text(&diags, &sources, out, false);
        nd_diags_json(&diags, &sources, out);
        fclose(out);
    }
    free(text);
    nd_arena_free(a);
}

static void check(const uint8_t *data, size_t size)
{
    struct nd_compile_opts o = {.text = (const char *)data, .text_size = size, .facts = FACTS};
    struct nd_unit *u = size ? nd_unit_new(&o) : NULL;

    if (u)
        nd_compile(u, "check");
    nd_unit_free(u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    render(data, size);
    check(data, size);
    return 0;
}
