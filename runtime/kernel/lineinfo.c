// SPDX-License-Identifier: GPL-2.0-or-later
// Walks .BTF.ext (Documentation/bpf/btf.rst, section 4.2) with every offset checked.
// Must not know the verifier. Serves messages about rejected programs.
#include "runtime/kernel/lineinfo.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parts { // of the ELF
    const uint8_t *btf, *ext;
    size_t btf_size, ext_size;
    char section[128]; // where the function is
    uint64_t func_off; // its first byte in there
};

struct ext_header { // struct btf_ext_header, which no installed header has
    uint16_t magic;
    uint8_t version, flags;
    uint32_t hdr_len, func_info_off, func_info_len, line_info_off, line_info_len;
};

struct ext_sec { // struct btf_ext_info_sec
    uint32_t sec_name_off, num_info;
};

static void find_func(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, const char *func,
                      struct parts *p)
{
    Elf_Data *data = elf_getdata(scn, NULL);
    size_t i, strndx, n = data && sh->sh_entsize ? data->d_size / sh->sh_entsize : 0;
    GElf_Sym sym;

    if (elf_getshdrstrndx(elf, &strndx))
        return;
    for (i = 0; i < n && gelf_getsym(data, (int)i, &sym); i++) {
        const char *name = elf_strptr(elf, sh->sh_link, sym.st_name), *sec;
        Elf_Scn *where = elf_getscn(elf, sym.st_shndx);
        GElf_Shdr wsh;

        if (!name || strcmp(name, func) != 0 || !where || !gelf_getshdr(where, &wsh))
            continue;
        sec = elf_strptr(elf, strndx, wsh.sh_name);
        snprintf(p->section, sizeof(p->section), "%s", sec ? sec : "");
        p->func_off = sym.st_value;
    }
}

static void find_parts(Elf *elf, const char *func, struct parts *p)
{
    Elf_Scn *scn = NULL;
    size_t strndx;

    if (elf_kind(elf) != ELF_K_ELF || elf_getshdrstrndx(elf, &strndx))
        return;
    while ((scn = elf_nextscn(elf, scn))) {
        const char *name;
        Elf_Data *data;
        GElf_Shdr sh;

        if (!gelf_getshdr(scn, &sh))
            return;
        name = elf_strptr(elf, strndx, sh.sh_name);
        data = elf_getdata(scn, NULL);
        if (sh.sh_type == SHT_SYMTAB)
            find_func(elf, scn, &sh, func, p);
        if (!name || !data || !data->d_buf)
            continue;
        if (!strcmp(name, ".BTF")) {
            p->btf = data->d_buf;
            p->btf_size = data->d_size;
        } else if (!strcmp(name, ".BTF.ext")) {
            p->ext = data->d_buf;
            p->ext_size = data->d_size;
        }
    }
}

static const char *btf_str(const struct parts *p, uint32_t off)
{
    // Newer kernel headers have a longer header than our objects.
    size_t known = offsetof(struct btf_header, str_len) + sizeof(uint32_t);
    struct btf_header h = {0};
    uint64_t at;

    if (p->btf_size < known)
        return "";
    memcpy(&h, p->btf, known);
    at = (uint64_t)h.hdr_len + h.str_off + off;
    if (off >= h.str_len || at >= p->btf_size || !memchr(p->btf + at, 0, p->btf_size - at))
        return "";
    return (const char *)p->btf + at;
}

// The last record of a section at or before the instruction.
static int find_record(const struct parts *p, const uint8_t *rec, uint32_t n, uint32_t size,
                       uint64_t off, struct nd_line *out)
{
    struct bpf_line_info li, best = {0};
    int found = 0;
    uint32_t i;

    for (i = 0; i < n; i++) {
        memcpy(&li, rec + (size_t)i * size, sizeof(li));
        if (li.insn_off < p->func_off || li.insn_off > off || !(li.line_col >> 10))
            continue;
        if (!found || li.insn_off >= best.insn_off)
            best = li;
        found = 1;
    }
    if (!found)
        return -ENOENT;
    snprintf(out->file, sizeof(out->file), "%s", btf_str(p, best.file_name_off));
    // A space at its end: the compiler left out the texts of the lines.
    n = (uint32_t)strlen(out->file);
    if (n && out->file[n - 1] == ' ')
        out->file[n - 1] = 0;
    out->line = best.line_col >> 10;
    out->col = best.line_col & 0x3ff;
    return 0;
}

static int search(const struct parts *p, uint64_t off, struct nd_line *out)
{
    struct ext_header h;
    struct ext_sec sec;
    uint64_t at, end;
    uint32_t rec;

    if (p->ext_size < sizeof(h))
        return -ENOENT;
    memcpy(&h, p->ext, sizeof(h));
    at = (uint64_t)h.hdr_len + h.line_info_off;
    end = at + h.line_info_len;
    if (end > p->ext_size || end - at < 4)
        return -ENOENT;
    memcpy(&rec, p->ext + at, 4);
    at += 4;
    if (rec < sizeof(struct bpf_line_info))
        return -ENOENT;
    while (end - at >= sizeof(sec)) {
        memcpy(&sec, p->ext + at, sizeof(sec));
        at += sizeof(sec);
        if ((uint64_t)sec.num_info * rec > end - at)
            return -ENOENT;
        if (!strcmp(btf_str(p, sec.sec_name_off), p->section))
            return find_record(p, p->ext + at, sec.num_info, rec, off, out);
        at += (uint64_t)sec.num_info * rec;
    }
    return -ENOENT;
}

int nd_line_find(const void *elf_data, size_t size, const char *func, long insn,
                 struct nd_line *out)
{
    struct parts p = {0};
    int err = -ENOENT;
    char *copy;
    Elf *elf;

    if (insn < 0)
        return -ENOENT;
    elf_version(EV_CURRENT);
    copy = malloc(size + 1);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, elf_data, size);
    elf = elf_memory(copy, size);
    if (elf) {
        find_parts(elf, func, &p);
        err = search(&p, p.func_off + (uint64_t)insn * 8, out);
        elf_end(elf);
    }
    free(copy);
    return err;
}
