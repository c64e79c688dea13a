// SPDX-License-Identifier: GPL-2.0-or-later
// See sdtnotes.h. Notes are of whoever made the file: each is believed only as far as it reaches.
#include "runtime/common/sdtnotes.h"

#include "runtime/common/elfsyms.h"

#include <gelf.h>
#include <stdbool.h>
#include <string.h>

#define NOTE_NAME "stapsdt"
#define NOTE_TYPE 3

struct scan {
    Elf *elf;
    size_t word;   // bytes of an address
    uint64_t base; // where .stapsdt.base is; prelink moves it, and the probes with it
};

static uint64_t word_at(const struct scan *s, const char *p)
{
    uint64_t v = 0;

    memcpy(&v, p, s->word);
    return v;
}

static bool to_offset(const struct scan *s, uint64_t addr, uint64_t *off)
{
    GElf_Phdr ph;
    size_t n, i;

    if (elf_getphdrnum(s->elf, &n))
        return false;
    for (i = 0; i < n && i < INT32_MAX; i++) {
        if (gelf_getphdr(s->elf, (int)i, &ph) && ph.p_type == PT_LOAD && addr >= ph.p_vaddr &&
            addr - ph.p_vaddr < ph.p_filesz) {
            *off = addr - ph.p_vaddr + ph.p_offset;
            return true;
        }
    }
    return false;
}

static bool read_note(const struct scan *s, const char *desc, size_t len, struct nd_sdtnote *n)
{
    const char **const text[] = {&n->provider, &n->name, &n->args};
    const char *end = desc + len, *p = desc + 3 * s->word;
    uint64_t base, sem;
    int i;

    if (len < 3 * s->word)
        return false;
    for (i = 0; i < 3; i++) {
        const char *nul = memchr(p, 0, (size_t)(end - p));

        if (!nul)
            return false;
        *text[i] = p;
        p = nul + 1;
    }
    n->pc = word_at(s, desc);
    base = word_at(s, desc + s->word);
    sem = word_at(s, desc + 2 * s->word);
    if (s->base && base) {
        n->pc += s->base - base;
        sem += sem ? s->base - base : 0;
    }
    if (!sem || !to_offset(s, sem, &n->sem_off))
        n->sem_off = 0;
    return to_offset(s, n->pc, &n->off);
}

static Elf_Scn *find_notes(struct scan *s)
{
    Elf_Scn *scn = NULL, *notes = NULL;
    const Elf_Data *names;
    size_t strs;
    GElf_Shdr sh;

    if (elf_getshdrstrndx(s->elf, &strs))
        return NULL;
    names = nd_elfsyms_data(elf_getscn(s->elf, strs));
    while ((scn = elf_nextscn(s->elf, scn))) {
        const char *n = gelf_getshdr(scn, &sh) ? nd_elfsyms_string(names, sh.sh_name) : NULL;

        if (n && !strcmp(n, ".stapsdt.base"))
            s->base = sh.sh_addr;
        if (n && !strcmp(n, ".note.stapsdt") && sh.sh_type == SHT_NOTE)
            notes = scn;
    }
    return notes;
}

int nd_sdtnotes_each(void *elf, int (*fn)(void *arg, const struct nd_sdtnote *n), void *arg)
{
    struct scan s = {.elf = elf};
    const uint16_t one = 1;
    size_t at = 0, name, desc;
    Elf_Scn *scn;
    Elf_Data *data;
    GElf_Ehdr eh;
    GElf_Nhdr nh;
    int err = 0;

    if (!gelf_getehdr(elf, &eh) ||
        (eh.e_ident[EI_DATA] == ELFDATA2LSB) != (*(const uint8_t *)&one == 1))
        return 0;
    s.word = eh.e_ident[EI_CLASS] == ELFCLASS32 ? 4 : 8;
    scn = find_notes(&s);
    data = scn ? nd_elfsyms_data(scn) : NULL;
    while (!err && data && (at = gelf_getnote(data, at, &nh, &name, &desc)) > 0) {
        const char *buf = data->d_buf;
        struct nd_sdtnote n;

        if (nh.n_type == NOTE_TYPE && nh.n_namesz == sizeof(NOTE_NAME) &&
            !memcmp(buf + name, NOTE_NAME, sizeof(NOTE_NAME)) &&
            read_note(&s, buf + desc, nh.n_descsz, &n))
            err = fn(arg, &n);
    }
    return err;
}
