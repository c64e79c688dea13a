// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzz target: an object that was changed and sealed again. What the check lets pass is read by
// libbpf, as when it is loaded; the kernel sees nothing of it.
#include "fuzz.h"
#include "runtime/kernel/load.h"

#include <bpf/libbpf.h>
#include <elf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
    (void)level, (void)fmt, (void)ap;
    return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    libbpf_set_print(quiet);
    return 0;
}

// One section at a time, so that the change is where it was meant to be.
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
    Elf64_Ehdr h;
    Elf64_Shdr s;
    uint64_t at;

    if (size < sizeof(h) || seed % 8 == 0)
        return LLVMFuzzerMutate(data, size, max);
    memcpy(&h, data, sizeof(h));
    if (!h.e_shnum || h.e_shoff > size || size - h.e_shoff < (uint64_t)h.e_shnum * sizeof(s))
        return LLVMFuzzerMutate(data, size, max);
    if (seed % 8 == 1) {
        LLVMFuzzerMutate(data + h.e_shoff, h.e_shnum * sizeof(s), h.e_shnum * sizeof(s));
        return size;
    }
    at = h.e_shoff + seed / 8 % h.e_shnum * sizeof(s);
    memcpy(&s, data + at, sizeof(s));
    if (s.sh_type == SHT_NOBITS || !s.sh_size || s.sh_offset > size ||
        s.sh_size > size - s.sh_offset)
        return LLVMFuzzerMutate(data, size, max);
    LLVMFuzzerMutate(data + s.sh_offset, s.sh_size, s.sh_size);
    return size;
}

// Seals the manifest, if a section of the object is one, and the object.
static void seal(uint8_t *data, size_t size)
{
    static const size_t after = offsetof(struct nd_mf_header, checksum) + sizeof(uint32_t);
    struct nd_seal s = {.magic = ND_SEAL_MAGIC, .size = size, .version = ND_MF_VERSION};
    struct nd_mf_header h;
    size_t at;

    for (at = 0; at + sizeof(h) <= size; at += 8) {
        memcpy(&h, data + at, sizeof(h));
        if (h.magic != ND_MF_MAGIC || h.size < sizeof(h) || h.size > size - at)
            continue;
        h.checksum = (uint32_t)crc32_z(0, data + at + after, h.size - after);
        memcpy(data + at, &h, sizeof(h));
        break;
    }
    s.crc = (uint32_t)crc32_z(crc32_z(0, data, size), (const uint8_t *)&s,
                              offsetof(struct nd_seal, crc));
    memcpy(data + size, &s, sizeof(s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + sizeof(struct nd_seal));
    struct bpf_object *obj;
    struct nd_load l;

    if (!copy)
        return 0;
    memcpy(copy, data, size);
    seal(copy, size);
    if (!nd_load_open(&l, copy, size + sizeof(struct nd_seal))) {
        obj = bpf_object__open_mem(l.elf, l.elf_size, NULL);
        bpf_object__close(obj);
    }
    nd_load_free(&l);
    free(copy);
    return 0;
}
