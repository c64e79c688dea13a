// SPDX-License-Identifier: GPL-2.0-or-later
// An object as it is in a file: made by the compiler against the recorded kernel, changed, sealed
// again, and opened as the tracer does. Must not know what the changes are. Serves the tests of
// damaged and of evil objects.
#ifndef ND_TEST_FILE_H
#define ND_TEST_FILE_H

#include "unit.h"

#include "compiler/user/mfbuild.h"
#include "runtime/kernel/load.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct file {
    uint8_t *v;
    size_t n;
};

static inline struct file object_without(const char *text, uint32_t without, bool portable)
{
    const struct nd_compile_opts o = {
        .text = text, .facts = FACTS, .portable = portable, .verify = true, .without = without};
    struct nd_unit *u = nd_unit_new(&o);
    struct nd_seal seal;
    struct file f = {0};

    assert_non_null(u);
    if (!nd_compile(u, "finish"))
        nd_diags_text(&u->diags, &u->sources, stderr, false);
    assert_int_equal(u->diags.errors, 0);
    assert_non_null(u->object);
    seal = nd_mfb_seal_file(u->object, u->size);
    f.n = u->size + sizeof(seal);
    f.v = malloc(f.n);
    assert_non_null(f.v);
    memcpy(f.v, u->object, u->size);
    memcpy(f.v + u->size, &seal, sizeof(seal));
    nd_unit_free(u);
    return f;
}

static inline struct file object_of(const char *text)
{
    return object_without(text, 0, true);
}

static inline struct file copy_of(const struct file *f)
{
    struct file c = {malloc(f->n), f->n};

    assert_non_null(c.v);
    memcpy(c.v, f->v, f->n);
    return c;
}

static inline Elf64_Shdr *header_of(const struct file *f, uint32_t i)
{
    const Elf64_Ehdr *h = (const void *)f->v;

    return (Elf64_Shdr *)(void *)(f->v + h->e_shoff) + i;
}

static inline char *name_of(const struct file *f, uint32_t i)
{
    const Elf64_Ehdr *h = (const void *)f->v;

    return (char *)f->v + header_of(f, h->e_shstrndx)->sh_offset + header_of(f, i)->sh_name;
}

// The first section whose name begins so; 0: none.
static inline uint32_t section_of(const struct file *f, const char *name)
{
    const Elf64_Ehdr *h = (const void *)f->v;
    uint32_t i;

    for (i = 1; i < h->e_shnum; i++) {
        if (!strncmp(name_of(f, i), name, strlen(name)))
            return i;
    }
    return 0;
}

static inline void *data_of(const struct file *f, uint32_t section)
{
    assert_int_not_equal(section, 0);
    return f->v + header_of(f, section)->sh_offset;
}

// The checksum of the file is made right again.
static inline void seal_file(struct file *f)
{
    size_t elf = f->n - sizeof(struct nd_seal);
    struct nd_seal seal = nd_mfb_seal_file(f->v, elf);

    memcpy(f->v + elf, &seal, sizeof(seal));
}

// And of the manifest, which must still be there.
static inline void seal_again(struct file *f)
{
    nd_mfb_seal(data_of(f, section_of(f, ND_MF_ELF_SECTION)));
    seal_file(f);
}

// What is said goes into `said`; the result is that of opening.
static inline int open_object(const struct file *f, char *said, size_t size)
{
    struct nd_load l;
    int err, saved = dup(2), out;
    FILE *t = tmpfile();

    assert_non_null(t);
    fflush(stderr);
    out = fileno(t);
    dup2(out, 2);
    err = nd_load_open(&l, f->v, f->n);
    nd_load_free(&l);
    fflush(stderr);
    dup2(saved, 2);
    close(saved);
    rewind(t);
    said[fread(said, 1, size - 1, t)] = 0;
    fclose(t);
    return err;
}

static inline void refuses(const struct file *f, const char *why)
{
    char said[1000];

    assert_int_equal(open_object(f, said, sizeof(said)), -22);
    if (!strstr(said, why))
        fail_msg("wanted '%s' in: %s", why, said);
}

static inline void accepts(const struct file *f)
{
    char said[1000];

    if (open_object(f, said, sizeof(said)))
        fail_msg("refused: %s", said);
}

static inline uint32_t next(uint32_t *state) // xorshift: the same bits in each run
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

#endif
