// SPDX-License-Identifier: GPL-2.0-or-later
// Builds a manifest: append elements to sections, then make the blob. Must not know the tree.
// Serves the compiler's last passes and the tests of the runtime.
#ifndef ND_MFBUILD_H
#define ND_MFBUILD_H

#include "runtime/common/manifest.h"

#include <stddef.h>

struct nd_arena;
struct nd_mfb;

// An empty manifest, on the arena.
struct nd_mfb *nd_mfb_new(struct nd_arena *a);
// Offset of the string in STRINGS; equal strings share one. NULL counts as "".
uint32_t nd_mfb_str(struct nd_mfb *b, const char *s);
// Appends n elements (zeroed if data is NULL) to a section; gives the index of the first.
uint32_t nd_mfb_add(struct nd_mfb *b, enum nd_mf_sec sec, const void *data, uint32_t n);
// An element added before; valid until the next nd_mfb_add to that section.
void *nd_mfb_at(struct nd_mfb *b, enum nd_mf_sec sec, uint32_t i);
uint32_t nd_mfb_count(const struct nd_mfb *b, enum nd_mf_sec sec);
// A 64-bit constant; equal ones share one.
uint32_t nd_mfb_const(struct nd_mfb *b, uint64_t v);
// The header to fill in (magic, version, sizes and checksum are filled by nd_mfb_finish).
struct nd_mf_header *nd_mfb_header(struct nd_mfb *b);
// Puts the checksum in, after a change to a finished blob.
void nd_mfb_seal(void *blob);
// The blob, on the arena.
void *nd_mfb_finish(struct nd_mfb *b, uint32_t *size);

// What has to follow `size` bytes of ELF in a file.
struct nd_seal nd_mfb_seal_file(const void *elf, size_t size);

#endif
