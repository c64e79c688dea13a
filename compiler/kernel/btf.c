// SPDX-License-Identifier: GPL-2.0-or-later
// BTF reader: opening a file, looking up names, and the records of types, all bounds-checked.
// Must not know the language, nor what kernel the data is of. Serves kernel facts and the checker.
#include "compiler/kernel/btf.h"

#include "compiler/kernel/btf_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define RECORD 12u       // bytes of struct btf_type
#define MAX_SAME_NAME 16 // places of one name in the string section looked at
#define MAX_FILE ((size_t)1 << 30)

// The last names that were looked for: scripts ask for a few of them again and again.
#define ASKED 64u
struct nd_btf_asked {
    uint32_t n;
    struct {
        enum nd_btf_kind kind;
        uint32_t id; // 0: there is none
        char name[48];
    } v[ASKED];
};

// Loads by memcpy: data in memory need not be aligned.
static uint32_t load32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

// Bytes that follow a record, per record and per element; indexed by kind.
static const struct {
    uint8_t fixed, each;
} tails[] = {
    [ND_BTF_INT] = {4, 0},     [ND_BTF_ARRAY] = {12, 0},   [ND_BTF_STRUCT] = {0, 12},
    [ND_BTF_UNION] = {0, 12},  [ND_BTF_ENUM] = {0, 8},     [ND_BTF_FUNC_PROTO] = {0, 8},
    [ND_BTF_VAR] = {4, 0},     [ND_BTF_DATASEC] = {0, 12}, [ND_BTF_DECL_TAG] = {4, 0},
    [ND_BTF_ENUM64] = {0, 12},
};

static uint32_t info_kind(uint32_t info)
{
    return (info >> 24) & 0x1f;
}

// ---- opening ---------------------------------------------------------------------------------

static int index_types(struct nd_btf *b, const char **why)
{
    uint32_t most = b->type_len / RECORD, n = 0, at = 0;

    if (most) {
        b->off = malloc((size_t)most * sizeof(*b->off)); // pages not used are never touched
        b->names = malloc((size_t)most * sizeof(*b->names));
        if (!b->off || !b->names) {
            *why = "out of memory";
            return -ENOMEM;
        }
    }
    while (b->type_len - at >= RECORD) {
        uint32_t info = load32(b->types + at + 4), kind = info_kind(info);
        uint64_t len = RECORD;

        if (kind == ND_BTF_VOID || kind > ND_BTF_ENUM64) {
            *why = "the BTF has an unknown kind of type";
            return -EINVAL;
        }
        if (kind < sizeof(tails) / sizeof(tails[0]))
            len += tails[kind].fixed + (uint64_t)tails[kind].each * (info & 0xffff);
        if (len > b->type_len - at)
            break;
        b->off[n] = at;
        b->names[n++] = load32(b->types + at);
        at += (uint32_t)len;
    }
    b->n = n;
    if (at != b->type_len) {
        *why = "the BTF ends in the middle of a type";
        return -EINVAL;
    }
    return 0;
}

// What every BTF has of the header: the one of newer kernel headers is longer than what older
// kernels give.
#define HEADER (offsetof(struct btf_header, str_len) + sizeof(uint32_t))

static int check_header(struct nd_btf *b, const uint8_t *data, size_t size, const char **why)
{
    struct btf_header h = {0};
    uint64_t types, strings;

    if (size < HEADER) {
        *why = "too short for BTF";
        return -EINVAL;
    }
    memcpy(&h, data, HEADER);
    if (h.magic == __builtin_bswap16(BTF_MAGIC)) {
        *why = "BTF of a machine with the other byte order";
        return -EINVAL;
    }
    if (h.magic != BTF_MAGIC) {
        *why = "not BTF (no magic number at its start)";
        return -EINVAL;
    }
    if (h.version != BTF_VERSION || h.hdr_len < HEADER || h.hdr_len > size) {
        *why = "unknown version of BTF";
        return -EINVAL;
    }
    types = (uint64_t)h.hdr_len + h.type_off;
    strings = (uint64_t)h.hdr_len + h.str_off;
    if (types + h.type_len > size || strings + h.str_len > size) {
        *why = "the BTF is cut short";
        return -EINVAL;
    }
    // One check for all strings: every offset inside is the start of a terminated string.
    if (!h.str_len || data[strings + h.str_len - 1] || (!b->base && data[strings])) {
        *why = "the BTF has a damaged string section";
        return -EINVAL;
    }
    b->types = data + types;
    b->type_len = h.type_len;
    b->str = (const char *)data + strings;
    b->str_len = h.str_len;
    return 0;
}

struct nd_btf *nd_btf_from_memory(const void *data, size_t size, struct nd_btf *base,
                                  const char **why)
{
    struct nd_btf *b = calloc(1, sizeof(*b));
    const char *unused;

    why = why ? why : &unused;
    if (b)
        b->asked = calloc(1, sizeof(*b->asked));
    if (!b || !b->asked) {
        free(b);
        *why = "out of memory";
        return NULL;
    }
    b->base = base;
    b->first_id = b->own_id = base ? nd_btf_count(base) : 1;
    while (base && base->base)
        base = base->base;
    if (base) { // modules do not know each other
        b->own_id = nd_btf_count(base);
        b->first_str = base->str_len;
    }
    if (check_header(b, data, size, why) || index_types(b, why)) {
        nd_btf_free(b);
        return NULL;
    }
    return b;
}

static int read_all(int fd, uint64_t off, size_t size, void **out)
{
    uint8_t *buf = malloc(size ? size : 1);
    size_t got = 0;

    if (!buf)
        return -ENOMEM;
    while (got < size) {
        ssize_t r = pread(fd, buf + got, size - got, (off_t)(off + got));

        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0) {
            free(buf);
            return r ? -errno : -EIO;
        }
        got += (size_t)r;
    }
    *out = buf;
    return 0;
}

// Which bytes of the file are the BTF: all, or a section of an ELF file.
static bool part_of_file(int fd, uint64_t *off, uint64_t *size, const char **why)
{
    struct stat st;
    int err = -EINVAL;

    *why = "the BTF file cannot be read";
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        return false;
    err = nd_btf_in_elf(fd, off, size);
    if (err == -ENOEXEC) {
        *off = 0;
        *size = (uint64_t)st.st_size;
        err = 0;
    }
    if (err == -ENOENT)
        *why = "it has no BTF; pahole makes it of debug information, see docs/kernels.md";
    return !err && *size <= MAX_FILE;
}

struct nd_btf *nd_btf_open(const char *path, struct nd_btf *base, const char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    void *map = MAP_FAILED, *buf = NULL;
    struct nd_btf *b = NULL;
    struct statfs fs;
    uint64_t off, size;
    const char *unused;

    why = why ? why : &unused;
    if (fd < 0) {
        *why = errno == ENOENT ? "no such file" : "the BTF file cannot be opened";
        return NULL;
    }
    if (!part_of_file(fd, &off, &size, why))
        goto out;
    // Only sysfs is mapped (Linux 6.16): another file may be cut short while it is in use.
    if (!fstatfs(fd, &fs) && fs.f_type == SYSFS_MAGIC)
        map = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED && read_all(fd, off, (size_t)size, &buf)) {
        *why = "the BTF file cannot be read";
        goto out;
    }
    b = nd_btf_from_memory(buf ? buf : map, (size_t)size, base, why);
    if (b) {
        b->buf = buf;
        b->map = buf ? NULL : map;
        b->map_size = (size_t)size;
        buf = NULL;
        map = MAP_FAILED;
    }
out:
    free(buf);
    if (map != MAP_FAILED)
        munmap(map, (size_t)size);
    close(fd);
    return b;
}

void nd_btf_free(struct nd_btf *btf)
{
    if (!btf)
        return;
    if (btf->map)
        munmap(btf->map, btf->map_size);
    free(btf->buf);
    free(btf->off);
    free(btf->names);
    free(btf->asked);
    free(btf);
}

uint32_t nd_btf_count(const struct nd_btf *btf)
{
    return btf->first_id + btf->n;
}

// A reference as it is in the data, as an id.
static uint32_t link_id(const struct nd_btf *b, uint32_t id)
{
    return id >= b->own_id ? id - b->own_id + b->first_id : id;
}

uint32_t nd_btf_own_id(const struct nd_btf *btf, uint32_t id)
{
    while (btf->base && id < btf->first_id)
        btf = btf->base;
    return id - btf->first_id + btf->own_id;
}

// ---- names -----------------------------------------------------------------------------------

static const char *string_at(const struct nd_btf *b, uint32_t off)
{
    while (b && off < b->first_str)
        b = b->base;
    if (!b || off - b->first_str >= b->str_len)
        return "";
    return b->str + (off - b->first_str);
}

struct places {
    uint32_t n;
    bool more; // too many: compare the strings themselves
    uint32_t off[MAX_SAME_NAME];
};

// Where the string section has the name as a whole string. Data that no tool has deduplicated can
// have it more than once.
static void find_places(const struct nd_btf *b, const char *name, size_t len, struct places *p)
{
    char stack[256], *needle = len + 2 <= sizeof(stack) ? stack : malloc(len + 2);
    const char *at = b->str, *end = b->str + b->str_len;

    if (b->base)
        find_places(b->base, name, len, p);
    if (!needle) {
        p->more = true;
        return;
    }
    needle[0] = 0;
    memcpy(needle + 1, name, len + 1);
    // The string section of split BTF need not start with the empty string.
    if (b->base && (size_t)(end - at) > len && !memcmp(at, name, len + 1) && p->n < MAX_SAME_NAME)
        p->off[p->n++] = b->first_str;
    while ((at = memmem(at, (size_t)(end - at), needle, len + 2))) {
        if (p->n == MAX_SAME_NAME) {
            p->more = true;
            break;
        }
        p->off[p->n++] = b->first_str + (uint32_t)(at + 1 - b->str);
        at += len + 1;
    }
    if (needle != stack)
        free(needle);
}

static bool is_place(const struct nd_btf *b, const struct places *p, uint32_t off, const char *name)
{
    for (uint32_t i = 0; i < p->n; i++)
        if (p->off[i] == off)
            return !strcmp(string_at(b, off), name); // or a place of another module's
    return p->more && !strcmp(string_at(b, off), name);
}

static uint32_t find_in(const struct nd_btf *b, enum nd_btf_kind kind, const struct places *p,
                        const char *name)
{
    uint32_t id = b->base ? find_in(b->base, kind, p, name) : 0;

    for (uint32_t i = 0; !id && i < b->n; i++)
        if (is_place(b, p, b->names[i], name) &&
            info_kind(load32(b->types + b->off[i] + 4)) == (uint32_t)kind)
            id = b->first_id + i;
    return id;
}

uint32_t nd_btf_find(const struct nd_btf *btf, enum nd_btf_kind kind, const char *name)
{
    struct nd_btf_asked *a = btf->asked;
    struct places p = {0};
    size_t len = strlen(name);
    uint32_t i, id;

    if (!len)
        return 0;
    for (i = 0; i < a->n && i < ASKED; i++) {
        if (a->v[i].kind == kind && !strcmp(a->v[i].name, name))
            return a->v[i].id;
    }
    find_places(btf, name, len, &p);
    id = p.n || p.more ? find_in(btf, kind, &p, name) : 0;
    if (len < sizeof(a->v[0].name)) {
        i = a->n++ % ASKED;
        a->v[i].kind = kind;
        a->v[i].id = id;
        memcpy(a->v[i].name, name, len + 1);
    }
    return id;
}

// ---- records ---------------------------------------------------------------------------------

// The record of a type and the part of the data that has it; NULL for void and missing types.
static const uint8_t *record(const struct nd_btf **btf, uint32_t id)
{
    const struct nd_btf *b = *btf;

    while (b && id < b->first_id)
        b = b->base;
    if (!b || id - b->first_id >= b->n)
        return NULL;
    *btf = b;
    return b->types + b->off[id - b->first_id];
}

static void fill_int(struct nd_btf_type *t, uint32_t v)
{
    t->is_signed = v >> 24 & BTF_INT_SIGNED;
    t->is_char = v >> 24 & BTF_INT_CHAR;
    t->is_bool = v >> 24 & BTF_INT_BOOL;
}

bool nd_btf_get(const struct nd_btf *btf, uint32_t id, struct nd_btf_type *t)
{
    const uint8_t *r;
    uint32_t info, value;

    memset(t, 0, sizeof(*t));
    t->name = "";
    if (!id) {
        t->name = "void";
        return true;
    }
    r = record(&btf, id);
    if (!r)
        return false;
    info = load32(r + 4);
    value = load32(r + 8);
    t->id = id;
    t->kind = (enum nd_btf_kind)info_kind(info);
    t->name = string_at(btf, load32(r));
    t->kind_flag = info >> 31;
    if (t->kind != ND_BTF_ARRAY)
        t->vlen = info & 0xffff;
    switch (t->kind) {
    case ND_BTF_INT:
        fill_int(t, load32(r + RECORD));
        t->size = value;
        break;
    case ND_BTF_ENUM:
    case ND_BTF_ENUM64:
        t->is_signed = t->kind_flag;
        t->size = value;
        break;
    case ND_BTF_STRUCT:
    case ND_BTF_UNION:
    case ND_BTF_DATASEC:
    case ND_BTF_FLOAT:
        t->size = value;
        break;
    case ND_BTF_ARRAY:
        t->type = link_id(btf, load32(r + RECORD));
        t->nelems = load32(r + RECORD + 8);
        break;
    case ND_BTF_FWD:
        break;
    default:
        t->type = link_id(btf, value);
    }
    return true;
}

bool nd_btf_resolve(const struct nd_btf *btf, uint32_t id, struct nd_btf_type *t)
{
    for (int i = 0; i <= ND_BTF_MAX_DEPTH; i++) {
        if (!nd_btf_get(btf, id, t))
            return false;
        if (t->kind != ND_BTF_CONST && t->kind != ND_BTF_VOLATILE && t->kind != ND_BTF_RESTRICT &&
            t->kind != ND_BTF_TYPEDEF && t->kind != ND_BTF_TYPE_TAG)
            return true;
        id = t->type;
    }
    return false;
}

// Element i of a record with elements of `each` bytes, if the type is of a kind that has them.
static const uint8_t *element(const struct nd_btf **btf, uint32_t id, uint32_t i, uint32_t kinds,
                              uint32_t each, uint32_t *info)
{
    const uint8_t *r = id ? record(btf, id) : NULL;

    if (!r)
        return NULL;
    *info = load32(r + 4);
    if (!(kinds >> info_kind(*info) & 1) || i >= (*info & 0xffff))
        return NULL;
    return r + RECORD + (size_t)i * each;
}

// Before Linux 4.20 a bit-field was a member of an INT type with fewer bits than bytes.
static void old_bit_field(const struct nd_btf *btf, struct nd_btf_member *m)
{
    struct nd_btf_type t;
    const uint8_t *r;
    uint32_t v;

    if (!nd_btf_resolve(btf, m->type, &t) || t.kind != ND_BTF_INT)
        return;
    r = record(&btf, t.id);
    v = r ? load32(r + RECORD) : 0;
    if (!v || (!(v >> 16 & 0xff) && (v & 0xff) == t.size * 8))
        return;
    m->bit_off += v >> 16 & 0xff;
    m->bits = v & 0xff;
}

bool nd_btf_member(const struct nd_btf *btf, uint32_t id, uint32_t i, struct nd_btf_member *m)
{
    const struct nd_btf *b = btf;
    uint32_t info, off;
    const uint8_t *e = element(&b, id, i, 1u << ND_BTF_STRUCT | 1u << ND_BTF_UNION, 12, &info);

    memset(m, 0, sizeof(*m));
    m->name = "";
    if (!e)
        return false;
    m->name = string_at(b, load32(e));
    m->type = link_id(b, load32(e + 4));
    off = load32(e + 8);
    if (info >> 31) {
        m->bit_off = BTF_MEMBER_BIT_OFFSET(off);
        m->bits = BTF_MEMBER_BITFIELD_SIZE(off);
    } else {
        m->bit_off = off;
        old_bit_field(btf, m);
    }
    return true;
}

bool nd_btf_enumerator(const struct nd_btf *btf, uint32_t id, uint32_t i,
                       struct nd_btf_enumerator *en)
{
    uint32_t info, v;
    const uint8_t *e = element(&btf, id, i, 1u << ND_BTF_ENUM, 8, &info);

    memset(en, 0, sizeof(*en));
    en->name = "";
    if (e) {
        v = load32(e + 4);
        // Without the flag values are unsigned, but data older than Linux 6.0 never has it.
        en->value = info >> 31 || (v & 0x80000000u) ? (int64_t)(int32_t)v : (int64_t)v;
    } else {
        e = element(&btf, id, i, 1u << ND_BTF_ENUM64, 12, &info);
        if (!e)
            return false;
        en->value = (int64_t)((uint64_t)load32(e + 8) << 32 | load32(e + 4));
    }
    en->name = string_at(btf, load32(e));
    return true;
}

bool nd_btf_param(const struct nd_btf *btf, uint32_t id, uint32_t i, struct nd_btf_param *p)
{
    uint32_t info;
    const uint8_t *e = element(&btf, id, i, 1u << ND_BTF_FUNC_PROTO, 8, &info);

    memset(p, 0, sizeof(*p));
    p->name = "";
    if (!e)
        return false;
    p->name = string_at(btf, load32(e));
    p->type = link_id(btf, load32(e + 4));
    return true;
}

static uint32_t find_enumerator_in(const struct nd_btf *b, const struct places *p, const char *name,
                                   int64_t *value)
{
    uint32_t id = b->base ? find_enumerator_in(b->base, p, name, value) : 0;
    struct nd_btf_enumerator e;

    for (uint32_t i = 0; !id && i < b->n; i++) {
        const uint8_t *r = b->types + b->off[i];
        uint32_t info = load32(r + 4), kind = info_kind(info);

        if (kind != ND_BTF_ENUM && kind != ND_BTF_ENUM64)
            continue;
        for (uint32_t j = 0; j < (info & 0xffff); j++) {
            if (!is_place(b, p, load32(r + RECORD + (size_t)j * tails[kind].each), name))
                continue;
            nd_btf_enumerator(b, b->first_id + i, j, &e);
            *value = e.value;
            return b->first_id + i;
        }
    }
    return id;
}

uint32_t nd_btf_find_enumerator(const struct nd_btf *btf, const char *name, int64_t *value)
{
    struct places p = {0};

    if (!*name)
        return 0;
    find_places(btf, name, strlen(name), &p);
    return p.n || p.more ? find_enumerator_in(btf, &p, name, value) : 0;
}
