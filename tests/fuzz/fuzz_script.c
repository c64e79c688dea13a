// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzz target: any bytes as a script, through scanner, parser and checker against the recorded
// kernel, and its diagnostics as text and JSON. Must not crash, hang or read beyond the text.
#include "compiler/arena.h"
#include "compiler/parse.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
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
        nd_parse(a, &diags, &sources, (uint32_t)src);
    out = open_memstream(&text, &len);
    if (out) {
        nd_diags_text(&diags, &sources, out, false);
        nd_diags_json(&diags, &sources, out);
        fclose(out);
    }
    free(text);
    nd_arena_free(a);
    return 0;
}
