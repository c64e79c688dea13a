// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/common/elfsyms.h"

#include "runtime/common/demangle.h"
#include "runtime/common/near.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

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
    Elf_Data *of_symbol, *defined;
    size_t strings; // section
};

static void find_versions(Elf *elf, struct versions *v)
{
    Elf_Scn *scn = NULL;
    GElf_Shdr sh;

    memset(v, 0, sizeof(*v));
    while ((scn = elf_nextscn(elf, scn))) {
        if (!gelf_getshdr(scn, &sh))
            continue;
        if (sh.sh_type == SHT_GNU_versym)
            v->of_symbol = elf_getdata(scn, NULL);
        if (sh.sh_type == SHT_GNU_verdef) {
            v->defined = elf_getdata(scn, NULL);
            v->strings = sh.sh_link;
        }
    }
}

static const char *version_name(Elf *elf, const struct versions *v, uint16_t index)
{
    int off = 0;
    GElf_Verdef def;
    GElf_Verdaux aux;

    while (v->defined && gelf_getverdef(v->defined, off, &def)) {
        if (def.vd_ndx == index && gelf_getverdaux(v->defined, off + (int)def.vd_aux, &aux))
            return elf_strptr(elf, v->strings, aux.vda_name);
        if (!def.vd_next)
            break;
        off += (int)def.vd_next;
    }
    return NULL;
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
        v = realloc(f->v, cap * sizeof(*v));
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
    Elf_Data *data = elf_getdata(scn, NULL);
    size_t n = data && sh->sh_entsize ? data->d_size / sh->sh_entsize : 0, i;
    GElf_Sym sym;

    for (i = 0; i < n && i < INT32_MAX && !f->failed; i++) {
        const char *name, *version = NULL;
        GElf_Versym at = 0;
        int type;

        if (!gelf_getsym(data, (int)i, &sym))
            continue;
        type = GELF_ST_TYPE(sym.st_info);
        name = elf_strptr(elf, sh->sh_link, sym.st_name);
        if ((type != STT_FUNC && type != STT_GNU_IFUNC) || sym.st_shndx == SHN_UNDEF ||
            !sym.st_value || !name || !*name)
            continue;
        if (sh->sh_type == SHT_DYNSYM && v->of_symbol && gelf_getversym(v->of_symbol, (int)i, &at))
            version = version_name(elf, v, at & 0x7fff);
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
    Elf_Scn *scn = NULL;
    struct versions v;
    GElf_Shdr sh;
    size_t i;
    int err;

    f.bare = at ? strndup(pattern, (size_t)(at - pattern)) : strdup(pattern);
    f.version = at ? strdup(at + 1 + (at[1] == '@')) : NULL;
    f.must = f.bare ? longest_word(f.bare) : NULL;
    f.failed = !f.must || (at && !f.version);
    if (!f.failed)
        find_versions(elf, &v);
    while (!f.failed && (scn = elf_nextscn(elf, scn))) {
        if (gelf_getshdr(scn, &sh) && (sh.sh_type == SHT_SYMTAB || sh.sh_type == SHT_DYNSYM))
            read_table(&f, elf, scn, &sh, &v);
    }
    if (f.n)
        qsort(f.v, f.n, sizeof(*f.v), compare);
    err = f.failed ? -ENOMEM : tell(&f, fn, arg);
    for (i = 0; i < f.n; i++) {
        free(f.v[i].name);
        free(f.v[i].version);
    }
    free(f.v);
    free(f.bare);
    free(f.version);
    free(f.must);
    return err;
}
