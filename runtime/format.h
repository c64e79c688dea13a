// SPDX-License-Identifier: GPL-2.0-or-later
// Values to text: one visitor over typed values, with a printer behind it for each output format
// (sink_text.c, sink_json.c). Must not know where values come from.
#ifndef ND_FORMAT_H
#define ND_FORMAT_H

#include "maps.h"
#include "symbols.h"

#include <stdio.h>

// A growing text buffer; .v is NUL terminated. Zero-initialised is empty. Free .v.
struct nd_buf {
    char *v;
    size_t n, cap;
};
void nd_buf_put(struct nd_buf *b, const char *s, size_t n);
void nd_buf_puts(struct nd_buf *b, const char *s);
void nd_buf_printf(struct nd_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// What formatting may ask. maps and syms may be NULL (tests): stacks then print as their id.
struct nd_fmt {
    const struct nd_mf *mf;
    struct nd_maps *maps;
    struct nd_syms *syms;
    int64_t wall_offset; // CLOCK_REALTIME - CLOCK_MONOTONIC in ns, sampled again at each report
};

// Called for each part of a value, depth first.
struct nd_visitor {
    void *arg;
    void (*integer)(void *arg, const struct nd_mf_type *t, int64_t v, bool is_unsigned);
    void (*real)(void *arg, double v);
    void (*boolean)(void *arg, bool v);
    // text of strings, addresses, names, times, single symbols
    void (*string)(void *arg, const struct nd_mf_type *t, const char *s, size_t n);
    void (*begin)(void *arg, const struct nd_mf_type *t, uint32_t n); // struct tuple array
    void (*field)(void *arg, const struct nd_mf_type *t, uint32_t i, const char *name);
    void (*end)(void *arg, const struct nd_mf_type *t);
    void (*stack)(void *arg, const struct nd_mf_type *t, const uint64_t *frames, int n, uint32_t pid);
    void (*agg)(void *arg, const struct nd_mf_type *t, const void *val);
};
void nd_visit(const struct nd_fmt *f, uint32_t type, const void *bytes, const struct nd_visitor *v);

// The text of a value, as %s and print() write it.
void nd_format_text(const struct nd_fmt *f, uint32_t type, const void *bytes, struct nd_buf *out);
// The JSON of a value: numbers, strings (UTF-8, invalid bytes as U+FFFD), arrays, objects.
void nd_format_json(const struct nd_fmt *f, uint32_t type, const void *bytes, struct nd_buf *out);

#endif
