// SPDX-License-Identifier: GPL-2.0-or-later
// Tracepoints: where the tracefs is, which events it has, and what their format files say.
// Must not know the language, nor how events are attached. Serves the checker.
#include "compiler/kernel/kernel_impl.h"

#include "runtime/common/caps.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

// ---- the tracefs -----------------------------------------------------------------------------

static const char *const places[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

static bool is_tracefs(const char *path)
{
    struct statfs fs;

    return !statfs(path, &fs) && fs.f_type == TRACEFS_MAGIC;
}

// A mount of our own, reached only through this descriptor (Linux 5.2). Negative errno.
static int private_tracefs(void)
{
    int fs, fd = -1, err;

    fs = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);
    if (fs >= 0 && syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
                          MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    err = fd < 0 ? -errno : fd;
    if (fs >= 0)
        close(fs);
    return err;
}

int nd_kernel_mount_tracefs(void)
{
    size_t i;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (is_tracefs(places[i]))
            return 0;
    return private_tracefs();
}

static int mounted_tracefs(struct nd_kernel *k, const char **why)
{
    int fd;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (!is_tracefs(places[i]))
            continue;
        fd = open(places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0 && faccessat(fd, "events", R_OK | X_OK, AT_EACCESS) == 0)
            return fd;
        if (fd >= 0)
            close(fd);
        *why = "the formats of tracepoints are in tracefs, whose files belong to root; "
               "CAP_DAC_READ_SEARCH is missing";
        return -1;
    }
    fd = k->tracefs_given ? k->tracefs_given : private_tracefs();
    if (fd < 0)
        *why = fd == -EPERM || fd == -EACCES ? "the formats of tracepoints are in tracefs, which "
                                               "is not mounted here; CAP_SYS_ADMIN "
                                               "is missing to mount it"
               : fd == -ENODEV               ? "this kernel has no tracefs (CONFIG_TRACING is off)"
                               : "tracefs is not mounted; mount it with: mount -t tracefs "
                                 "tracefs /sys/kernel/tracing";
    return fd < 0 ? -1 : fd;
}

int nd_kernel_tracefs(struct nd_kernel *k, const char **why)
{
    if (!k->tracefs_tried) {
        k->tracefs_tried = true;
        if (!k->facts) {
            k->tracefs = mounted_tracefs(k, &k->tracefs_why);
        } else {
            k->tracefs = open(k->facts, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            k->tracefs_why = "the recorded description has no folder of events";
        }
    }
    if (why)
        *why = k->tracefs < 0 ? k->tracefs_why : NULL;
    return k->tracefs;
}

// ---- format files ----------------------------------------------------------------------------

static bool name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static void trim(char *s)
{
    size_t n = strlen(s);

    while (n && isspace((unsigned char)s[n - 1]))
        s[--n] = 0;
}

// Bytes of one element of an array, by the type's text, 0 if it is not a type known here.
static uint32_t known_size(const char *type)
{
    static const struct {
        const char *word;
        uint32_t size;
    } known[] = {
        {"*", 8},    {"long", 8}, {"64", 8},       {"size_t", 8}, {"pid_t", 4}, {"short", 2},
        {"char", 1}, {"bool", 1}, {"16", 2},       {"32", 4},     {"u8", 1},    {"s8", 1},
        {"int8", 1}, {"int", 4},  {"unsigned", 4}, {"enum", 4},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strstr(type, known[i].word))
            return known[i].size;
    return 0;
}

// "[4]" or "[2][3]"; 0 when a length is not a number ("[sizeof(struct in6_addr)]").
static uint32_t dimensions(const char *s)
{
    uint64_t n = 1;

    while (*s == '[') {
        char *end;
        unsigned long v = strtoul(s + 1, &end, 0);

        if (end == s + 1 || *end != ']' || v > UINT32_MAX)
            return 0;
        n *= v;
        if (n > UINT32_MAX)
            return 0;
        s = end + 1;
    }
    return (uint32_t)n;
}

// "void (*function)(struct timer_list *)": the name is after the first star in parentheses.
static bool split_function(char *decl, struct nd_tp_field *f, struct nd_arena *a)
{
    char *star = strstr(decl, "(*"), *end;

    if (!star || !name_char(star[2]))
        return false;
    for (end = star + 2; name_char(*end); end++)
        ;
    f->name = nd_arena_strndup(a, star + 2, (size_t)(end - star - 2));
    f->type = nd_arena_printf(a, "%.*s%s", (int)(star + 2 - decl), decl, end);
    return true;
}

// Splits a declaration into type and name: "char comm[16]", "__data_loc char[] name".
static int split_decl(char *decl, struct nd_tp_field *f, struct nd_arena *a)
{
    char *end, *name, *bracket;
    uint32_t one;

    trim(decl);
    f->data_loc = !strncmp(decl, "__data_loc ", 11);
    f->rel_loc = !strncmp(decl, "__rel_loc ", 10);
    if (split_function(decl, f, a))
        return 0;
    end = decl + strlen(decl);
    // Back over the dimensions after the name, which can contain any expression.
    while (end > decl && end[-1] == ']') {
        int depth = 0;

        do {
            end--;
            depth += (*end == ']') - (*end == '[');
        } while (end > decl && depth);
    }
    for (name = end; name > decl && name_char(name[-1]); name--)
        ;
    if (name == end || name == decl)
        return -EINVAL;
    bracket = *end == '[' ? nd_arena_strdup(a, end) : NULL;
    f->name = nd_arena_strndup(a, name, (size_t)(end - name));
    *name = 0;
    trim(decl);
    f->type = decl;
    if (!bracket)
        return 0;
    f->nelems = dimensions(bracket);
    if (!f->nelems) {
        one = known_size(decl);
        f->nelems = one && f->size % one == 0 ? f->size / one : f->size;
    }
    return 0;
}

// The value of "key:123;" in a line; `keep` if there is none.
static uint32_t number_of(const char *line, const char *key, uint32_t keep)
{
    const char *p = strstr(line, key);

    return p ? (uint32_t)strtoul(p + strlen(key), NULL, 10) : keep;
}

static int parse_field(struct nd_arena *a, char *line, struct nd_tp_field *f)
{
    char *semi = strchr(line, ';');

    if (!semi)
        return -EINVAL;
    *semi++ = 0;
    memset(f, 0, sizeof(*f));
    f->off = number_of(semi, "offset:", UINT32_MAX);
    f->size = number_of(semi, "size:", UINT32_MAX);
    f->is_signed = number_of(semi, "signed:", 0) != 0;
    if (f->off > UINT16_MAX || f->size > UINT16_MAX)
        return -EINVAL;
    return split_decl(line, f, a);
}

static int parse_format(struct nd_arena *a, char *text, struct nd_tp_format *f)
{
    ND_VEC(struct nd_tp_field) fields = {0};
    char *line, *next;
    bool id = false;

    f->print_fmt = "";
    for (line = text; line && *line; line = next) {
        struct nd_tp_field field;

        if (!strncmp(line, "print fmt: ", 11)) { // the last one, of several lines in some events
            trim(line);
            f->print_fmt = line + 11;
            break;
        }
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        if (!strncmp(line, "ID:", 3)) {
            f->id = (uint32_t)strtoul(line + 3, NULL, 10);
            id = true;
        }
        while (*line == '\t' || *line == ' ')
            line++;
        if (strncmp(line, "field:", 6))
            continue;
        if (parse_field(a, line + 6, &field))
            return -EINVAL;
        if (strncmp(field.name, "common_", 7))
            *ND_PUSH(a, &fields) = field;
    }
    f->fields = fields.v;
    f->nfields = fields.n;
    return id ? 0 : -EINVAL;
}

static int read_format(struct nd_kernel *k, struct nd_tp_format *f, const char **why)
{
    int fd = nd_kernel_tracefs(k, why), err;
    char *text, *copy;
    size_t len;

    if (fd < 0)
        return -ENODATA;
    if (strchr(f->category, '/') || strchr(f->event, '/'))
        return -ENOENT;
    err = nd_read_text(fd, nd_arena_printf(k->a, "events/%s/%s/format", f->category, f->event),
                       &text, &len);
    if (err) {
        if (err != -ENOENT && err != -ENOTDIR)
            *why = nd_arena_printf(k->a, "the format of this tracepoint cannot be read: %s%s",
                                   strerror(-err),
                                   err == -EACCES && !nd_caps_has(ND_CAP_DAC_READ_SEARCH)
                                       ? "; CAP_DAC_READ_SEARCH is missing"
                                       : "");
        return err == -ENOTDIR ? -ENOENT : err;
    }
    copy = nd_arena_strndup(k->a, text, len);
    free(text);
    err = parse_format(k->a, copy, f);
    if (err)
        *why = "the format file of this tracepoint is damaged";
    return err;
}

int nd_kernel_tracepoint(struct nd_kernel *k, const char *category, const char *event,
                         const struct nd_tp_format **out, const char **why)
{
    struct nd_tp_entry *e;
    const char *unused;

    why = why ? why : &unused;
    *why = NULL;
    *out = NULL;
    for (uint32_t i = 0; i < k->formats.n; i++) {
        e = k->formats.v[i];
        if (!strcmp(e->format.event, event) && !strcmp(e->format.category, category)) {
            *out = &e->format;
            return 0;
        }
    }
    e = ND_NEW(k->a, struct nd_tp_entry);
    e->format.category = nd_arena_strdup(k->a, category);
    e->format.event = nd_arena_strdup(k->a, event);
    e->err = read_format(k, &e->format, why);
    if (e->err && e->err != -ENOENT && !nd_tp_from_btf(k, &e->format))
        e->err = 0;
    if (e->err)
        return e->err;
    *ND_PUSH(k->a, &k->formats) = e;
    *out = &e->format;
    return 0;
}

// ---- globs -----------------------------------------------------------------------------------

// Folders in a folder that match, sorted. Without glob characters the name is only looked up.
static void list_dirs(struct nd_kernel *k, const char *path, const char *glob,
                      struct nd_strings *out)
{
    struct dirent *d;
    DIR *dir;
    int fd;

    if (!nd_glob_is(glob)) {
        const char *one = nd_arena_printf(k->a, "%s/%s", path, glob);

        if (!strchr(glob, '/') && faccessat(k->tracefs, one, F_OK, AT_EACCESS) == 0)
            *ND_PUSH(k->a, out) = nd_arena_strdup(k->a, glob);
        return;
    }
    fd = openat(k->tracefs, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((d = readdir(dir)))
        if (d->d_name[0] != '.' && (d->d_type == DT_DIR || d->d_type == DT_UNKNOWN) &&
            nd_glob_match(glob, d->d_name))
            *ND_PUSH(k->a, out) = nd_arena_strdup(k->a, d->d_name);
    closedir(dir);
    nd_strings_sort(out);
}

int nd_kernel_each_tracepoint(struct nd_kernel *k, const char *category_glob,
                              const char *event_glob,
                              int (*fn)(void *arg, const char *category, const char *event),
                              void *arg, const char **why)
{
    struct nd_strings cats = {0};
    const char *unused;
    int err = 0;

    if (nd_kernel_tracefs(k, why ? why : &unused) < 0)
        return -ENODATA;
    list_dirs(k, "events", category_glob, &cats);
    for (uint32_t i = 0; i < cats.n && !err; i++) {
        struct nd_strings events = {0};

        // Records of the tracers themselves: formats, but no events that can be switched on.
        if (nd_glob_is(category_glob) && !strcmp(cats.v[i], "ftrace"))
            continue;
        list_dirs(k, nd_arena_printf(k->a, "events/%s", cats.v[i]), event_glob, &events);
        for (uint32_t j = 0; j < events.n && !err; j++)
            err = fn(arg, cats.v[i], events.v[j]);
    }
    return err;
}
