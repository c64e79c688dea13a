// SPDX-License-Identifier: GPL-2.0-or-later
// Objects that were cut, damaged or made by another version are refused before anything in them is
// believed: a thousand flipped bits of each object, and some in each of its sections.
#include "file.h"

#include <errno.h>
#include <zlib.h>

static const char *const scripts[] = {
    "rawtracepoint:net_dev_queue { @[args.skb->len, comm] = count() } every 1s { report(@) }",
    "option n: int = 3 \"x\"  tracepoint:net:net_dev_queue /args.len > opt.n/ "
    "{ printf(\"%d %s\\n\", args.len, args.name) }",
    "kprobe:tcp_connect { @a = sum(arg1); @s[kstack] = count() }",
};

static void flip(struct file *f, size_t byte, uint32_t bit)
{
    f->v[byte] ^= (uint8_t)(1u << (bit & 7));
}

static void flip_in(struct file *f, size_t off, size_t n, uint32_t times, uint32_t *seed)
{
    uint32_t i;

    for (i = 0; n && i < times; i++) {
        size_t at = off + next(seed) % n;
        uint32_t bit = next(seed);

        flip(f, at, bit);
        refuses(f, "damaged");
        flip(f, at, bit);
    }
}

// Which sections must be there for the test to be what it says.
static const char *const wanted[] = {".BTF", ".BTF.ext", ".ndtrace", ".maps", ".rodata", "nd/"};

static void each_section(struct file *f, uint32_t *seed)
{
    const Elf64_Ehdr *h = (const void *)f->v;
    const Elf64_Shdr *s = (const void *)(f->v + h->e_shoff);
    uint32_t seen = 0, i, k;

    flip_in(f, 0, sizeof(*h), 60, seed);
    flip_in(f, h->e_shoff, h->e_shnum * sizeof(*s), 60, seed);
    flip_in(f, f->n - sizeof(struct nd_seal), sizeof(struct nd_seal), 60, seed);
    for (i = 1; i < h->e_shnum; i++) {
        const char *name = (const char *)f->v + s[h->e_shstrndx].sh_offset + s[i].sh_name;

        for (k = 0; k < sizeof(wanted) / sizeof(*wanted); k++) {
            if (!strncmp(name, wanted[k], strlen(wanted[k])))
                seen |= 1u << k;
        }
        if (s[i].sh_type != SHT_NOBITS)
            flip_in(f, s[i].sh_offset, s[i].sh_size, 20, seed);
    }
    seen |= 1u << 3; // not each of the objects has maps
    assert_int_equal(seen, (1u << sizeof(wanted) / sizeof(*wanted)) - 1);
}

static void flipped_bits(void **state)
{
    uint32_t seed = 2463534242u, i;

    (void)state;
    for (i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
        struct file f = object_of(scripts[i]);
        char said[1000];

        assert_int_equal(open_object(&f, said, sizeof(said)), 0);
        flip_in(&f, 0, f.n, 1000, &seed);
        each_section(&f, &seed);
        assert_int_equal(open_object(&f, said, sizeof(said)), 0); // all were put back
        free(f.v);
    }
}

static void cut_short(void **state)
{
    struct file f = object_of(scripts[0]), part = f;
    uint32_t i;

    (void)state;
    for (i = 0; i < 200; i++) {
        part.n = f.n * i / 200;
        refuses(&part, part.n < sizeof(struct nd_seal) ? "not made by" : "cut short");
    }
    for (i = 1; i < 40; i++) {
        part.n = f.n - i;
        refuses(&part, "cut short");
    }
    free(f.v);
}

static void of_another_version(void **state)
{
    struct file f = object_of(scripts[0]);
    size_t elf = f.n - sizeof(struct nd_seal);
    struct nd_seal seal = nd_mfb_seal_file(f.v, elf);

    (void)state;
    seal.version++;
    seal.crc = (uint32_t)crc32_z(crc32_z(0, f.v, elf), (const uint8_t *)&seal,
                                 offsetof(struct nd_seal, crc));
    memcpy(f.v + elf, &seal, sizeof(seal));
    refuses(&f, "another version of ndtrace; compile the script again");
    free(f.v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flipped_bits),
        cmocka_unit_test(cut_short),
        cmocka_unit_test(of_another_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
