// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzz target: any bytes as a manifest, with magic number, size and checksum made right so that
// what comes after them is reached. What is accepted is then followed everywhere: names, values of
// each type, and the user code is run, with maps of user space and its output thrown away.
#include "fuzz.h"
#include "runtime/common/mf.h"
#include "runtime/output/format.h"
#include "runtime/vm/vm.h"

#include <stdbool.h>
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

static bool interrupted(void *arg)
{
    (void)arg;
    return true;
}

static uint32_t no_losses(void *arg, const struct nd_loss **out)
{
    (void)arg;
    *out = NULL;
    return 0;
}

static void call_all(const struct nd_mf *mf, struct nd_vm *vm)
{
    uint8_t *payload = calloc(1, MAX_VALUE);

    for (uint32_t i = 0; i < mf->nhooks && i < 8; i++)
        nd_vm_call(vm, mf->hooks[i].func, ND_MF_NONE, NULL, NULL);
    for (uint32_t i = 0; payload && i < mf->nevents && i < 8; i++)
        if (mf->events[i].func != ND_MF_NONE && mf->types[mf->events[i].type].size <= MAX_VALUE)
            nd_vm_call(vm, mf->events[i].func, mf->events[i].type, payload, NULL);
    for (uint32_t i = 0; i < mf->nprogs && i < 8; i++)
        if (mf->progs[i].when != ND_MF_NONE)
            nd_vm_call(vm, mf->progs[i].when, ND_MF_NONE, NULL, NULL);
    free(payload);
}

static void run(const struct nd_mf *mf)
{
    struct nd_fmt fmt = {.mf = mf, .maps = nd_maps_new(mf, NULL)};
    struct nd_sink_opts sink_opts = {.path = "/dev/null",
                                     .kind = nd_sink_kind_at(mf->h->flags & 3)};
    struct nd_vm_env env = {.mf = mf,
                            .maps = fmt.maps,
                            .sink = nd_sink_new(&sink_opts, &fmt),
                            .fmt = &fmt,
                            .opts = calloc(1, mf->h->opts_size + 8),
                            .losses = no_losses,
                            .interrupted = interrupted};
    struct nd_vm *vm = NULL;

    if (env.maps && env.sink && env.opts)
        vm = nd_vm_new(&env);
    if (vm)
        call_all(mf, vm);
    nd_vm_free(vm);
    nd_sink_close(env.sink);
    nd_maps_free(env.maps);
    free((void *)(uintptr_t)env.opts);
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
        if (mf.h->opts_size <= MAX_VALUE)
            run(&mf);
    }
    free(copy);
    return 0;
}
