// SPDX-License-Identifier: GPL-2.0-or-later
// Script texts and positions in them. A span is two offsets and a source; line and column are
// computed only when a message is printed. Must not know tokens. Serves every pass.
#ifndef ND_SOURCE_H
#define ND_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nd_arena;
struct nd_trust;

struct nd_span {
    uint32_t src; // index in nd_sources; ND_NO_SRC: no position
    uint32_t off; // bytes
    uint32_t len;
};
#define ND_NO_SRC 0xffffffffu
#define ND_NO_SPAN ((struct nd_span){ND_NO_SRC, 0, 0})

struct nd_source {
    const char *path; // as given; "-e" for a one-liner
    const char *text; // followed by two NULs, which the scanner needs
    size_t size;
    uint32_t *lines; // offset of each line's start, made when first needed
    uint32_t nlines;
};

struct nd_sources {
    struct nd_arena *arena;
    const struct nd_trust *trust; // whose files are read; NULL: all
    const char *refused;          // why the last file was not read, after -EPERM
    struct nd_source *v;
    uint32_t n, cap;
};

struct nd_pos {
    uint32_t line, col; // from 1; col counts bytes
};

#define ND_SOURCE_MAX ((size_t)16 << 20)

// Index of the new source, or a negative errno (-EFBIG above ND_SOURCE_MAX; -EPERM if the file is
// not trusted, see `refused`).
int nd_source_file(struct nd_sources *s, const char *path);
int nd_source_text(struct nd_sources *s, const char *path, const char *text, size_t size);

// Line and column of a byte offset in a source.
struct nd_pos nd_source_pos(struct nd_sources *s, uint32_t src, uint32_t off);
// A line without its end; *len bytes.
const char *nd_source_line(struct nd_sources *s, uint32_t src, uint32_t line, uint32_t *len);
// From the start of a to the end of b (of one source).
struct nd_span nd_span_join(struct nd_span a, struct nd_span b);

#endif
