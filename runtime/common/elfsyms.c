// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/common/elfsyms.h"

#include "runtime/common/demangle.h"
#include "runtime/common/near.h"
#include "runtime/common/regular.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTION (512ull << 20) // bytes of one that is read
#define NAME 4096u             // of a name; of many symbols it can be the same
#define FOUND 1000000u         // functions
#define VERSIONS 32768u

struct sym {
    char *name;    // as people write it
    char *version; // NULL: it has none
    bool hidden;   // not the default version
    struct nd_elfsym s;
};

struct found {
    struct sym *v;
    size_t n, cap;
    const char *pattern;
    char *bare, *version; // of the pattern: before and after its @; version NULL: none
    char *must;           // characters that a mangled name has, if it fits
    bool failed;
};

// ---- versions ----------------------------------------------------------------------------------

struct versions {
    Elf_Data *of_symbol;
    const char *name[VERSIONS]; // by index; NULL: not defined
};

// Each definition is at a greater offset than the one before.
static void name_versions(Elf *elf, Elf_Data *defined, size_t strings, struct versions *v)
{
    Elf_Data *names = nd_elfsyms_data(elf_getscn(elf, strings));
    uint64_t off = 0;
    GElf_Verdef def;
    GElf_Verdaux aux;

    while (off < INT32_MAX && gelf_getverdef(defined, (int)off, &def)) {
        uint64_t first = off + def.vd_aux;

        if (def.vd_ndx < VERSIONS && first < INT32_MAX &&
            gelf_getverdaux(defined, (int)first, &aux))
            v->name[def.vd_ndx] = nd_elfsyms_string(names, aux.vda_name);
        if (!def.vd_next)
            break;
        off += def.vd_next;
    }
}

static void find_versions(Elf *elf, struct versions *v)
{
    Elf_Scn *scn = NULL;
    Elf_Data *data;
    GElf_Shdr sh;

    while ((scn = elf_nextscn(elf, scn))) {
        if (!gelf_getshdr(scn, &sh))
            continue;
        if (sh.sh_type == SHT_GNU_versym)
            v->of_symbol = nd_elfsyms_data(scn);
        data = sh.sh_type == SHT_GNU_verdef ? nd_elfsyms_data(scn) : NULL;
        if (data)
            name_versions(elf, data, sh.sh_link, v);
    }
}

// ---- names -------------------------------------------------------------------------------------

#define OPERATOR "operator" // has another name when mangled

// The longest word of the pattern: a mangled name that fits has it.
static char *longest_word(const char *pattern)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const char *best = "", *p = pattern + strcspn(pattern, letters);
    size_t n = 0, len;

    while (*p && *p != '(' && *p != '<' && *p != '[') {
        len = strspn(p, letters);
        if (len > n && (len != strlen(OPERATOR) || strncmp(p, OPERATOR, len) != 0)) {
            best = p;
            n = len;
        }
        p += len;
        while (*p && *p != '(' && *p != '<' && *p != '[' && !strchr(letters, *p))
            p++;
    }
    return strndup(best, n);
}

// The name that fits the pattern, to be freed; NULL: none does.
static char *fitting(const struct found *f, const char *name)
{
    char *text;

    if (nd_glob_match(f->bare, name)) {
        text = nd_demangle(name, false);
        return text ? text : strdup(name);
    }
    if (!nd_demangle_wanted(name) || (*f->must && !strstr(name, f->must)))
        return NULL;
    text = nd_demangle(name, false);
    if (text && nd_glob_match(f->bare, text))
        return text;
    free(text);
    text = nd_demangle(name, true);
    if (text && (!strcmp(f->bare, text) || nd_glob_match(f->bare, text)))
        return text;
    free(text);
    return NULL;
}

static void add(struct found *f, char *name, const char *version, bool hidden, const GElf_Sym *sym)
{
    size_t cap = f->cap ? f->cap * 2 : 64;
    struct sym *v;

    if (f->n == f->cap) {
        v = f->n >= FOUND ? NULL : realloc(f->v, cap * sizeof(*v));
        if (!v) {
            f->failed = true;
            free(name);
            return;
        }
        f->v = v;
        f->cap = cap;
    }
    v = &f->v[f->n++];
    *v = (struct sym){.name = name,
                      .version = version && *version ? strdup(version) : NULL,
                      .hidden = hidden,
                      .s = {.addr = sym->st_value,
                            .size = sym->st_size,
                            .chosen = GELF_ST_TYPE(sym->st_info) == STT_GNU_IFUNC}};
}

static void look(struct found *f, const char *raw, const char *version, bool hidden,
                 const GElf_Sym *sym)
{
    size_t n = strcspn(raw, "@"); // name@VERSION, name@@VERSION
    char *plain = strndup(raw, n), *name = plain ? fitting(f, plain) : NULL;

    if (raw[n]) {
        hidden = raw[n + 1] != '@';
        version = raw + n + 1 + !hidden;
    }
    free(plain);
    if (!name)
        return;
    if (!f->version || (version && nd_glob_match(f->version, version)))
        add(f, name, version, hidden, sym);
    else
        free(name);
}

static void read_table(struct found *f, Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh,
                       const struct versions *v)
{
    Elf_Data *data = nd_elfsyms_data(scn);
    Elf_Data *names = data ? nd_elfsyms_data(elf_getscn(elf, sh->sh_link)) : NULL;
    size_t n = names && sh->sh_entsize ? data->d_size / sh->sh_entsize : 0, i;
    GElf_Sym sym;

    for (i = 0; i < n && i < INT32_MAX && !f->failed; i++) {
        const char *name, *version = NULL;
        GElf_Versym at = 0;
        int type;

        if (!gelf_getsym(data, (int)i, &sym))
            continue;
        type = GELF_ST_TYPE(sym.st_info);
        if ((type != STT_FUNC && type != STT_GNU_IFUNC) || sym.st_shndx == SHN_UNDEF ||
            !sym.st_value)
            continue;
        name = nd_elfsyms_string(names, sym.st_name);
        if (!name || !*name)
            continue;
        if (sh->sh_type == SHT_DYNSYM && v->of_symbol && gelf_getversym(v->of_symbol, (int)i, &at))
            version = v->name[at & (VERSIONS - 1)];
        look(f, name, version, at & 0x8000, &sym);
    }
}

// ---- choosing ----------------------------------------------------------------------------------

// By name and address; what has a version before what does not say.
static int compare(const void *a, const void *b)
{
    const struct sym *x = a, *y = b;
    int c = strcmp(x->name, y->name);

    if (c)
        return c;
    if (x->s.addr != y->s.addr)
        return x->s.addr < y->s.addr ? -1 : 1;
    if (!x->version || !y->version)
        return (x->version == NULL) - (y->version == NULL);
    return x->hidden - y->hidden;
}

// Of the symbols v[0..n) of one name: is this one meant by the name alone? The default version is;
// where there is none, the newest; and all that have no version.
static bool is_meant(const struct sym *v, size_t n, const struct sym *s)
{
    size_t i;

    if (!s->version || !s->hidden)
        return true;
    for (i = 0; i < n; i++) {
        if (v[i].version && (!v[i].hidden || strverscmp(v[i].version, s->version) > 0))
            return false;
    }
    return true;
}

// The same place can have been found in both tables, and under two versions.
static bool is_first(const struct sym *v, const struct sym *s)
{
    return s == v || s[-1].s.addr != s->s.addr || strcmp(s[-1].name, s->name) != 0;
}

// A version that is not meant is not what the table without versions says of the same place either.
static bool is_old(const struct found *f, const struct sym *v, size_t n, const struct sym *s)
{
    size_t i;

    for (i = 0; i < n && !f->version; i++) {
        if (v[i].s.addr == s->s.addr && v[i].version && is_meant(v, n, &v[i]))
            return false;
    }
    for (i = 0; i < n && !f->version; i++) {
        if (v[i].s.addr == s->s.addr && v[i].version)
            return true;
    }
    return false;
}

static int tell(const struct found *f, int (*fn)(void *arg, const struct nd_elfsym *s), void *arg)
{
    size_t i, k, n;
    int err = 0;

    for (i = 0; i < f->n && !err; i += n) {
        struct sym *v = &f->v[i];

        for (n = 1; i + n < f->n && !strcmp(v[n].name, v->name); n++)
            ;
        for (k = 0; k < n && !err; k++) {
            if (!is_first(v, &v[k]) || is_old(f, v, n, &v[k]))
                continue;
            v[k].s.name = v[k].name;
            err = fn(arg, &v[k].s);
        }
    }
    return err;
}

int nd_elfsyms_each(void *elf, const char *pattern, int (*fn)(void *arg, const struct nd_elfsym *s),
                    void *arg)
{
    const char *at = strchr(pattern, '@');
    struct found f = {.pattern = pattern};
    struct versions *v = calloc(1, sizeof(*v));
    Elf_Scn *scn = NULL;
    GElf_Shdr sh;
    size_t i;
    int err;

    f.bare = at ? strndup(pattern, (size_t)(at - pattern)) : strdup(pattern);
    f.version = at ? strdup(at + 1 + (at[1] == '@')) : NULL;
    f.must = f.bare ? longest_word(f.bare) : NULL;
    f.failed = !v || !f.must || (at && !f.version);
    if (!f.failed)
        find_versions(elf, v);
    while (!f.failed && (scn = elf_nextscn(elf, scn))) {
        if (gelf_getshdr(scn, &sh) && (sh.sh_type == SHT_SYMTAB || sh.sh_type == SHT_DYNSYM))
            read_table(&f, elf, scn, &sh, v);
    }
    if (f.n)
        qsort(f.v, f.n, sizeof(*f.v), compare);
    err = f.failed ? -ENOMEM : tell(&f, fn, arg);
    for (i = 0; i < f.n; i++) {
        free(f.v[i].name);
        free(f.v[i].version);
    }
    free(v);
    free(f.v);
    free(f.bare);
    free(f.version);
    free(f.must);
    return err;
}

// ---- files -------------------------------------------------------------------------------------

void *nd_elfsyms_open(const char *path, int *fd, int *err)
{
    Elf *elf;

    *fd = nd_regular_open(path, NULL);
    if (*fd < 0) {
        *err = *fd;
        return NULL;
    }
    elf_version(EV_CURRENT);
    elf = elf_begin(*fd, ELF_C_READ, NULL);
    if (elf && elf_kind(elf) == ELF_K_ELF)
        return elf;
    *err = -ENOEXEC;
    elf_end(elf);
    close(*fd);
    return NULL;
}

void *nd_elfsyms_data(void *scn)
{
    GElf_Shdr sh;

    if (!scn || !gelf_getshdr(scn, &sh) || sh.sh_size > SECTION)
        return NULL;
    return elf_getdata(scn, NULL);
}

const char *nd_elfsyms_string(const void *data, uint64_t off)
{
    const Elf_Data *d = data;
    const char *s = d && d->d_buf && off < d->d_size ? (const char *)d->d_buf + off : NULL;
    size_t most = s && d->d_size - off < NAME ? (size_t)(d->d_size - off) : NAME;

    return s && memchr(s, 0, most) ? s : NULL;
}
