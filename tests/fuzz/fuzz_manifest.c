// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzz target: any bytes as a manifest, with magic number, size and checksum made right so that
// what is behind them is reached. What is accepted is then followed everywhere.
#include "fuzz.h"
#include "runtime/format.h"
#include "runtime/mf.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#define MAX_VALUE 65536u

// Text and JSON of a value of each type that the manifest describes.
static void print_types(const struct nd_mf *mf)
{
    struct nd_fmt fmt = {.mf = mf};
    uint8_t *bytes = malloc(MAX_VALUE);

    memset(bytes, 0xa5, MAX_VALUE);
    for (uint32_t i = 0; i < mf->ntypes && i < 64; i++) {
        struct nd_buf text = {0}, json = {0};

        if (mf->types[i].size > MAX_VALUE)
            continue;
        nd_format_text(&fmt, i, bytes, &text);
        nd_format_json(&fmt, i, bytes, &json);
        free(text.v);
        free(json.v);
    }
    free(bytes);
}

static size_t names(const struct nd_mf *mf)
{
    size_t n = strlen(nd_mf_str(mf, mf->h->script)) + strlen(nd_mf_str(mf, mf->h->title));

    for (uint32_t i = 0; i < mf->nmaps; i++)
        n += strlen(nd_mf_str(mf, mf->maps[i].name)) + strlen(nd_mf_str(mf, mf->maps[i].sym));
    for (uint32_t i = 0; i < mf->nprogs; i++) {
        n += strlen(nd_mf_str(mf, mf->progs[i].name));
        for (uint32_t j = 0; j < mf->progs[i].count; j++)
            n += strlen(nd_mf_str(mf, mf->attaches[mf->progs[i].first + j].spec));
    }
    for (uint32_t i = 0; i < mf->noptions; i++) {
        n += strlen(nd_mf_str(mf, mf->options[i].flag));
        for (uint32_t j = 0; j < mf->options[i].nalias; j++)
            n += strlen(nd_mf_str(mf, mf->words[mf->options[i].alias + j]));
        for (uint32_t j = 0; j < mf->options[i].nnames; j++)
            n += strlen(nd_mf_str(mf, mf->words[mf->options[i].names + j]));
    }
    for (uint32_t i = 0; i < mf->nevents; i++)
        n += strlen(nd_mf_str(mf, mf->events[i].name)) + mf->types[mf->events[i].type].size;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = aligned_alloc(8, (size + 15) & ~(size_t)7);
    size_t after = offsetof(struct nd_mf_header, checksum) + sizeof(uint32_t);
    volatile size_t n = 0;
    const char *why;
    struct nd_mf mf;

    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    if (size >= sizeof(struct nd_mf_header)) {
        struct nd_mf_header *h = (struct nd_mf_header *)copy;

        h->magic = ND_MF_MAGIC;
        h->version = ND_MF_VERSION;
        h->size = (uint32_t)size;
        h->checksum = (uint32_t)crc32(crc32(0, NULL, 0), copy + after, (uInt)(size - after));
    }
    if (nd_mf_open(&mf, copy, size, &why) == 0) {
        n += names(&mf);
        print_types(&mf);
    }
    free(copy);
    return 0;
}
