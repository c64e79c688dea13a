// SPDX-License-Identifier: GPL-2.0-or-later
// Compares what an object took from the kernel it was compiled on with the kernel at hand. Fields
// are not among it, libbpf relocates them, except where their absence or size would go unnoticed.
#include "runtime/kernel/needs.h"

#include "runtime/common/kallsyms.h"
#include "runtime/common/msg.h"
#include "runtime/common/regular.h"
#include "runtime/kernel/feature.h"
#include "runtime/kernel/modules.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

struct check {
    const struct nd_mf *mf;
    struct btf *btf;
    const struct nd_mf_need *n;
    const char *type, *path;
    bool absent;
    uint32_t failed;
};

bool nd_needs_same_kernel(const struct nd_mf *mf)
{
    struct utsname u;

    return *nd_mf_str(mf, mf->h->build) && !uname(&u) &&
           !strcmp(u.release, nd_mf_str(mf, mf->h->kernel)) &&
           !strcmp(u.version, nd_mf_str(mf, mf->h->build));
}

__attribute__((format(printf, 2, 3))) static void differs(struct check *c, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    c->failed++;
    nd_msg_at(c->mf, &c->n->span, "error", "%s: compile it on this kernel", text);
}

// What the object asks for is not here, which may be what it needs.
__attribute__((format(printf, 2, 3))) static void absent(struct check *c, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    c->absent = true;
    if (!(c->n->flags & ND_NEEDF_NOT))
        differs(c, "%s", text);
}

// ---- structs -----------------------------------------------------------------------------------

static int find_type(const struct check *c)
{
    static const uint32_t tags[] = {BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_TYPEDEF};

    return c->n->tag < 3 ? btf__find_by_name_kind(c->btf, c->type, tags[c->n->tag]) : -EINVAL;
}

static int bare(const struct btf *btf, int id) // without typedefs and qualifiers
{
    const struct btf_type *t = btf__type_by_id(btf, (uint32_t)id);

    while (t && (btf_is_mod(t) || btf_is_typedef(t) || btf_is_type_tag(t))) {
        id = (int)t->type;
        t = btf__type_by_id(btf, (uint32_t)id);
    }
    return id;
}

struct found {
    int type;
    uint32_t bit;
};

#define DEPTH_MAX 16

// A member by name, also inside anonymous structs and unions.
static bool find_member(const struct btf *btf, int id, const char *name, size_t len, uint32_t depth,
                        struct found *out)
{
    const struct btf_type *t = btf__type_by_id(btf, (uint32_t)bare(btf, id));
    uint32_t i;

    if (depth > DEPTH_MAX || !t || !btf_is_composite(t))
        return false;
    for (i = 0; i < btf_vlen(t); i++) {
        const struct btf_member *m = &btf_members(t)[i];
        const char *is = btf__name_by_offset(btf, m->name_off);
        struct found in = {.bit = out->bit + btf_member_bit_offset(t, i)};

        if (is && strlen(is) == len && !memcmp(is, name, len)) {
            *out = (struct found){(int)m->type, in.bit};
            return true;
        }
        if ((!is || !*is) && find_member(btf, (int)m->type, name, len, depth + 1, &in)) {
            *out = in;
            return true;
        }
    }
    return false;
}

// A path of members; what a script asks about may lead through pointers.
static bool find_path(const struct check *c, int id, struct found *out)
{
    const char *p = c->path;

    *out = (struct found){.type = id};
    while (*p) {
        size_t n = strcspn(p, ".");
        const struct btf_type *t = btf__type_by_id(c->btf, (uint32_t)bare(c->btf, out->type));

        if (t && btf_is_ptr(t))
            *out = (struct found){.type = (int)t->type};

        if (!find_member(c->btf, out->type, p, n, 0, out))
            return false;
        p += n + (p[n] == '.');
    }
    return true;
}

// The name as C writes it.
static const char *tag_of(const struct nd_mf_need *n)
{
    static const char *const words[] = {"struct ", "union ", ""};

    return n->tag < 3 ? words[n->tag] : "";
}

// As libbpf sees it when it compares types.
static bool has_form(const struct check *c, const struct found *f)
{
    const struct btf_type *t = btf__type_by_id(c->btf, (uint32_t)bare(c->btf, f->type));

    switch (c->n->value) {
    case ND_FORM_INT:
        return t && btf_is_int(t);
    case ND_FORM_ENUM:
        return t && (btf_is_int(t) || btf_is_any_enum(t));
    case ND_FORM_PTR:
        return t && btf_is_ptr(t);
    case ND_FORM_ARRAY:
        return t && btf_is_array(t);
    default:
        return true;
    }
}

static void check_field(struct check *c)
{
    int id = find_type(c);
    struct found f;
    int64_t size;

    if (id < 0) {
        absent(c, "this kernel has no %s%s", tag_of(c->n), c->type);
        return;
    }
    if (!find_path(c, id, &f)) {
        absent(c, "%s%s has no %s on this kernel", tag_of(c->n), c->type, c->path);
        return;
    }
    size = btf__resolve_size(c->btf, (uint32_t)f.type);
    if (c->n->kind == ND_NEED_FIELD && !has_form(c, &f))
        differs(c, "%s of %s%s has another kind of type on this kernel", c->path, tag_of(c->n),
                c->type);
    else if (c->n->bytes && size != c->n->bytes)
        differs(c, "%s of %s%s has %lld bytes on this kernel, not %u", c->path, tag_of(c->n),
                c->type, (long long)size, c->n->bytes);
    else if (c->n->kind == ND_NEED_PLACE && f.bit != c->n->value)
        differs(c, "%s of %s%s is at byte %u on this kernel, not %lld", c->path, tag_of(c->n),
                c->type, f.bit / 8, (long long)c->n->value / 8);
}

static void check_size(struct check *c)
{
    int id = find_type(c);
    int64_t size = id < 0 ? 0 : btf__resolve_size(c->btf, (uint32_t)id);

    if (id < 0)
        absent(c, "this kernel has no %s%s", tag_of(c->n), c->type);
    else if (size != c->n->bytes)
        differs(c, "%s%s has %lld bytes on this kernel, not %u", tag_of(c->n), c->type,
                (long long)size, c->n->bytes);
}

// ---- enums -------------------------------------------------------------------------------------

static void check_enum(struct check *c)
{
    int64_t value;

    if (!nd_needs_enumerator(c->btf, c->type, c->path, &value))
        absent(c, "this kernel has no %s", c->path);
    else if (value != c->n->value)
        differs(c, "%s is %lld on this kernel, not %lld", c->path, (long long)value,
                (long long)c->n->value);
}

// ---- arguments ---------------------------------------------------------------------------------

static const struct btf_type *prototype(const struct btf *btf, const char *func)
{
    int id = btf__find_by_name_kind(btf, func, BTF_KIND_FUNC);
    const struct btf_type *t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

    t = t ? btf__type_by_id(btf, t->type) : NULL;
    return t && btf_is_func_proto(t) ? t : NULL;
}

// skip: parameters before those that the script sees.
static void check_param(struct check *c, const struct btf_type *proto, uint32_t skip,
                        const char *what)
{
    uint32_t i, slot = 0; // words of 8 bytes before it: a struct by value can be several

    for (i = skip; proto && i < btf_vlen(proto); i++) {
        const char *name = btf__name_by_offset(c->btf, btf_params(proto)[i].name_off);

        if (!name || !*c->path || strcmp(name, c->path) != 0) {
            int64_t size = btf__resolve_size(c->btf, btf_params(proto)[i].type);

            slot += size > 8 ? (uint32_t)(size + 7) / 8 : size != 0;
            continue;
        }
        if (c->n->value >= 0 && i - skip == c->n->value && c->n->bytes && slot != c->n->bytes)
            differs(c, "%u words come before argument %s of %s %s on this kernel, not %u", slot,
                    c->path, what, c->type, c->n->bytes);
        if (c->n->value >= 0 && i - skip != c->n->value)
            differs(c, "argument %s of %s %s is number %u on this kernel, not %lld", c->path, what,
                    c->type, i - skip, (long long)c->n->value);
        return;
    }
    if (*c->path || !proto)
        absent(c, "%s %s has no argument %s on this kernel", what, c->type, c->path);
    else if (i - skip != c->n->value || slot != c->n->bytes) // where the result is
        differs(c, "function %s has %u arguments on this kernel, not %lld", c->type, i - skip,
                (long long)c->n->value);
}

static void check_func(struct check *c)
{
    check_param(c, prototype(c->btf, c->type), 0, "function");
}

static const struct btf_type *raw_prototype(const struct btf *btf, const char *event)
{
    static const char *const prefixes[] = {"__probestub_", "__traceiter_"};
    const struct btf_type *proto = NULL;
    char name[256];
    size_t i;

    for (i = 0; i < 2 && !proto; i++) {
        snprintf(name, sizeof(name), "%s%s", prefixes[i], event);
        proto = prototype(btf, name);
    }
    return proto;
}

static void check_raw(struct check *c)
{
    check_param(c, raw_prototype(c->btf, c->type), 1, "raw tracepoint");
}

// A line of a format file: "	field:unsigned int len;	offset:16;	size:4;	signed:0;".
static bool is_field(const char *line, const char *name, long *off, long *size)
{
    const char *decl = strstr(line, "field:"), *end = decl ? strchr(decl, ';') : NULL, *o, *s;
    size_t n = strlen(name);

    o = end ? strstr(end, "offset:") : NULL;
    s = end ? strstr(end, "size:") : NULL;
    if (!o || !s)
        return false;
    if (end[-1] == ']')
        while (end > decl && *end != '[')
            end--;
    if ((size_t)(end - decl) <= n || memcmp(end - n, name, n) != 0 ||
        !strchr(" *:", end[-(ptrdiff_t)n - 1]))
        return false;
    *off = strtol(o + strlen("offset:"), NULL, 10);
    *size = strtol(s + strlen("size:"), NULL, 10);
    return true;
}

static void check_record(struct check *c)
{
    char path[320], line[512];
    int dir = nd_feature_tracefs(), fd;
    const char *colon = strchr(c->type, ':');
    bool found = false;
    long off, size;
    FILE *f;

    if (dir < 0 || !colon) {
        differs(c, "the records of trace events cannot be read here");
        return;
    }
    snprintf(path, sizeof(path), "events/%.*s/%s/format", (int)(colon - c->type), c->type,
             colon + 1);
    fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    f = fd >= 0 ? fdopen(fd, "r") : NULL;
    while (f && !found && fgets(line, sizeof(line), f))
        found = is_field(line, c->path, &off, &size);
    if (f)
        fclose(f);
    close(dir);
    if (!f)
        absent(c, "this kernel has no tracepoint %s", c->type);
    else if (!found)
        absent(c, "tracepoint %s has no field %s on this kernel", c->type, c->path);
    else if (c->n->value >= 0 && (off != c->n->value || size != c->n->bytes))
        differs(c, "field %s of tracepoint %s is %ld bytes at %ld on this kernel, not %u at %lld",
                c->path, c->type, size, off, c->n->bytes, (long long)c->n->value);
}

// ---- the kernel --------------------------------------------------------------------------------

static void check_kernel_func(struct check *c)
{
    FILE *f = fopen("/proc/kallsyms", "re");
    struct nd_kallsym s;
    char *line = NULL;
    bool found = false;
    size_t cap = 0;
    ssize_t n;

    while (f && !found && (n = getline(&line, &cap, f)) > 0)
        found = nd_kallsyms_line(line, line + n - (line[n - 1] == '\n'), &s) &&
                nd_kallsyms_is_func(&s) && nd_kallsyms_runs(&s, c->type);
    if (f)
        fclose(f);
    free(line);
    if (!found)
        absent(c, "this kernel has no function %s", c->type);
}

static void check_version(struct check *c)
{
    unsigned int v[3] = {0};
    struct utsname u;

    if (uname(&u) || sscanf(u.release, "%u.%u.%u", &v[0], &v[1], &v[2]) < 2 ||
        (int64_t)(v[0] << 16 | v[1] << 8 | (v[2] > 255 ? 255 : v[2])) < c->n->value)
        absent(c, "this kernel is older than %lld.%lld", (long long)c->n->value >> 16,
               (long long)c->n->value >> 8 & 255);
}

// ---- the machine -------------------------------------------------------------------------------

static void check_file(struct check *c)
{
    char id[64];

    if (!nd_regular_id(c->type, id, sizeof(id)))
        differs(c, "%s does not exist", c->type);
    else if (strcmp(id, c->path) != 0)
        differs(c, "%s is not the build for which the object was compiled", c->type);
}

static void check_arch(struct check *c)
{
    struct utsname u;

    if (uname(&u) || strcmp(u.machine, c->type) != 0)
        differs(c, "the object was compiled for %s", c->type);
}

// ---- all ---------------------------------------------------------------------------------------

enum { BY_NAME, BY_TYPE, BY_FUNC, BY_RAW, BY_NOTHING }; // what of BTF a check starts from

static const struct {
    void (*check)(struct check *c);
    uint32_t by;
} kinds[ND_NEED_KIND_MAX] = {
    [ND_NEED_FIELD] = {check_field, BY_TYPE},      [ND_NEED_PLACE] = {check_field, BY_TYPE},
    [ND_NEED_SIZE] = {check_size, BY_TYPE},        [ND_NEED_ENUM] = {check_enum, BY_NAME},
    [ND_NEED_PARAM] = {check_func, BY_FUNC},       [ND_NEED_RAW] = {check_raw, BY_RAW},
    [ND_NEED_RECORD] = {check_record, BY_NOTHING}, [ND_NEED_FILE] = {check_file, BY_NOTHING},
    [ND_NEED_ARCH] = {check_arch, BY_NOTHING},     [ND_NEED_FUNC] = {check_kernel_func, BY_NOTHING},
    [ND_NEED_SINCE] = {check_version, BY_NOTHING},
};

static bool has_it(const struct check *c)
{
    switch (kinds[c->n->kind].by) {
    case BY_TYPE:
        return find_type(c) > 0;
    case BY_FUNC:
        return prototype(c->btf, c->type) != NULL;
    case BY_RAW:
        return raw_prototype(c->btf, c->type) != NULL;
    default:
        return true;
    }
}

// What the kernel itself does not have may be in one of its modules: their BTF, on top of it.
static struct btf *module_with(struct check *c, struct btf *kernel)
{
    char name[ND_MODULE_NAME];
    uint32_t id = 0;
    int fd;

    while ((fd = nd_module_btf_next(&id, name)) >= 0) {
        c->btf = btf__load_from_kernel_by_id_split(id, kernel);
        close(fd);
        if (c->btf && has_it(c))
            return c->btf;
        btf__free(c->btf);
    }
    return NULL;
}

static void check_one(struct check *c, struct btf *kernel)
{
    struct btf *module = NULL;

    c->btf = kernel;
    if (!has_it(c)) {
        module = module_with(c, kernel);
        c->btf = module ? module : kernel;
    }
    kinds[c->n->kind].check(c);
    btf__free(module);
}

// The answers that the script got when it was compiled must be the same here.
static void check_not(struct check *c)
{
    if ((c->n->flags & ND_NEEDF_NOT) && !c->absent)
        differs(c,
                "this kernel has a feature that was missing when the object was compiled (%s%s%s)",
                c->type, *c->path ? " " : "", c->path);
}

bool nd_needs_btf(const struct nd_mf *mf)
{
    uint32_t i;

    for (i = 0; i < mf->nneeds; i++) {
        if (kinds[mf->needs[i].kind].by != BY_NOTHING)
            return true;
    }
    return nd_needs_has_enums(mf);
}

int nd_needs_check(const struct nd_mf *mf, struct btf *kernel)
{
    struct check c = {.mf = mf};
    uint32_t i;

    for (i = 0; i < mf->nneeds; i++) {
        c.n = &mf->needs[i];
        c.type = nd_mf_str(mf, c.n->type);
        c.path = nd_mf_str(mf, c.n->path);
        c.absent = false;
        if (kinds[c.n->kind].by == BY_NOTHING)
            kinds[c.n->kind].check(&c);
        else if (kernel)
            check_one(&c, kernel);
        else
            continue;
        check_not(&c);
    }
    return c.failed ? -EINVAL : 0;
}
