// SPDX-License-Identifier: GPL-2.0-or-later
// The table of formats. Must not know how any of them looks. Serves the command line and sink.c.
#include "runtime/output/sink_impl.h"

#include <string.h>

#define X(name, records, escapes, messages, suffixes, what) \
    extern const struct nd_sink_ops nd_sink_##name;
#include "runtime/output/sinks.def"
#undef X

static const struct nd_sink_kind kinds[] = {
#define X(name, records, escapes, messages, suffixes, what) \
    {#name, what, suffixes, messages, records, escapes, &nd_sink_##name},
#include "runtime/output/sinks.def"
#undef X
};

const struct nd_sink_kind *nd_sink_kind_at(uint32_t i)
{
    return i < sizeof(kinds) / sizeof(kinds[0]) ? &kinds[i] : NULL;
}

const struct nd_sink_kind *nd_sink_kind_named(const char *name)
{
    const struct nd_sink_kind *k;
    uint32_t i;

    for (i = 0; (k = nd_sink_kind_at(i)); i++) {
        if (!strcmp(k->name, name))
            return k;
    }
    return NULL;
}

// Is the end of the path one of these words? A name that is nothing but a suffix has none.
static bool has_suffix(const char *path, const char *words)
{
    size_t len = strlen(path);

    while (*words) {
        size_t n = strcspn(words, " ");

        if (len > n && !strncmp(path + len - n, words, n))
            return true;
        words += n;
        words += strspn(words, " ");
    }
    return false;
}

const struct nd_sink_kind *nd_sink_kind_of_file(const char *path)
{
    const struct nd_sink_kind *k;
    uint32_t i;

    for (i = 0; (k = nd_sink_kind_at(i)); i++) {
        if (has_suffix(path, k->suffixes))
            return k;
    }
    return &kinds[0];
}
