// SPDX-License-Identifier: GPL-2.0-or-later
// The key is all that decides what the compiler makes and that is known before it runs; what it
// read besides (modules of the script, executables) is listed in the entry and looked at again.
// An entry holds its key in full, so the hash in its name need not be strong.
#include "runtime/cli/cache.h"

#include "runtime/cli/cache_dir.h"
#include "runtime/common/btffile.h"
#include "runtime/common/mf.h"
#include "runtime/kernel/load.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#ifndef ND_VERSION
#define ND_VERSION "0.1.0"
#endif

#define MAGIC 0x32434e44u // "DNC2"
#define ALIGN 64u

struct head { // of an entry: key, files, warnings and object follow, each aligned
    uint32_t magic;
    uint32_t crc;                      // of key, files and warnings; the object has its own
    uint32_t key, files, said, object; // bytes
};

struct text {
    char *v;
    size_t n, cap;
    bool failed;
};

struct nd_cache {
    int dir;
    bool verbose;
    struct text key;
    char name[32];
    const char *script;     // NULL for a one-liner
    struct timespec opened; // CLOCK_REALTIME
};

// ---- texts -------------------------------------------------------------------------------------

static void put(struct text *t, const void *data, size_t n)
{
    if (t->n + n + 1 > t->cap) {
        size_t cap = (t->n + n + 1) * 2;
        char *v = realloc(t->v, cap);

        if (!v) {
            t->failed = true;
            return;
        }
        t->v = v;
        t->cap = cap;
    }
    memcpy(t->v + t->n, data, n);
    t->n += n;
    t->v[t->n] = 0;
}

// NAME LENGTH:VALUE, so that no two lists of values look the same.
static void put_value(struct text *t, const char *name, const void *value, size_t n)
{
    char head[64];

    put(t, head, (size_t)snprintf(head, sizeof(head), "%s %zu:", name, n));
    put(t, value, n);
    put(t, "\n", 1);
}

static void put_string(struct text *t, const char *name, const char *value)
{
    put_value(t, name, value ? value : "", value ? strlen(value) : 0);
}

static bool put_file(struct text *t, const char *name, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct text content = {0};
    char buf[16384];
    ssize_t n = 0;

    while (fd >= 0 && (n = read(fd, buf, sizeof(buf))) > 0)
        put(&content, buf, (size_t)n);
    if (fd >= 0)
        close(fd);
    put_value(t, name, content.v ? content.v : "", content.n);
    t->failed |= content.failed;
    free(content.v);
    return fd >= 0 && n == 0;
}

// Which content a file has, as far as the file system tells; "none" if there is no such file.
static void identity(const char *path, char *out, size_t size)
{
    struct stat st;

    if (stat(path, &st))
        snprintf(out, size, "none");
    else
        snprintf(out, size, "%llu %llu %lld %lld.%09ld %lld.%09ld", (unsigned long long)st.st_dev,
                 (unsigned long long)st.st_ino, (long long)st.st_size, (long long)st.st_mtim.tv_sec,
                 st.st_mtim.tv_nsec, (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
}

// ---- the key -----------------------------------------------------------------------------------

static void put_modules(struct text *t) // names, sizes and addresses; not how often they are used
{
    FILE *f = fopen("/proc/modules", "re");
    char line[1024], name[256], size[32], address[32];

    while (f && fgets(line, sizeof(line), f)) {
        if (sscanf(line, "%255s %31s %*s %*s %*s %31s", name, size, address) != 3)
            continue;
        put_string(t, name, size);
        put_string(t, "at", address);
    }
    if (f)
        fclose(f);
}

// Addresses of symbols and ids of types are those of this boot.
static void put_kernel(struct text *t)
{
    struct utsname u;

    memset(&u, 0, sizeof(u));
    uname(&u);
    put_string(t, "release", u.release);
    put_string(t, "version", u.version);
    put_string(t, "machine", u.machine);
    put_file(t, "notes", "/sys/kernel/notes");
    put_file(t, "boot", "/proc/sys/kernel/random/boot_id");
    put_modules(t);
}

// Where a kernel without BTF has its types from: which of these there are, and as what.
static void put_btf(struct text *t, const struct nd_compiler_opts *o)
{
    char path[PATH_MAX], id[160];
    struct utsname u;
    unsigned int i;

    if (!(o->without & ND_F_BIT(BTF)) && !access(ND_BTF_OWN, F_OK))
        return;
    memset(&u, 0, sizeof(u));
    uname(&u);
    for (i = 0; nd_btffile_at(i, NULL, u.release, "", path, sizeof(path)); i++) {
        identity(path, id, sizeof(id));
        put_string(t, path, id);
    }
}

static bool make_key(struct nd_cache *c, const struct nd_compiler_opts *o)
{
    static const char *const env[] = {"NDTRACE_WITHOUT", "NDTRACE_BTF", "PATH", "LD_LIBRARY_PATH"};
    char path[PATH_MAX], id[160], cwd[PATH_MAX] = "";
    struct text *t = &c->key;
    uint64_t h = 14695981039346656037u; // FNV-1a
    size_t i;

    put_string(t, "ndtrace", ND_VERSION);
    nd_compiler_path(path, sizeof(path));
    identity(path, id, sizeof(id));
    put_string(t, path, id);
    put_kernel(t);
    put_btf(t, o);
    snprintf(id, sizeof(id), "%u %x", geteuid(), o->without);
    put_string(t, "user and features", id);
    for (i = 0; i < sizeof(env) / sizeof(*env); i++)
        put_string(t, env[i], getenv(env[i]));
    put_string(t, "cwd", getcwd(cwd, sizeof(cwd)));
    put_string(t, "pid", o->pid);
    put_string(t, "messages", o->messages);
    put_string(t, "for", isatty(STDERR_FILENO) ? "a terminal" : "a file");
    put_string(t, "style", o->bpftrace ? "bpftrace" : "");
    put_string(t, "unsafe", o->unsafe ? "yes" : "");
    put_string(t, "of any owner", o->any_owner ? "yes" : "");
    for (i = 0; i < o->nwords; i++)
        put_string(t, "word", o->words[i]);
    for (i = 0; i < o->nsettings; i++)
        put_string(t, "setting", o->settings[i]);
    for (i = 0; i < o->nnamed; i++)
        put_string(t, "named", o->named[i]);
    put_string(t, "path", o->text ? "-e" : o->file);
    if (o->text)
        put_string(t, "text", o->text);
    else if (!put_file(t, "text", o->file))
        return false;
    for (i = 0; i < t->n; i++)
        h = (h ^ (uint8_t)t->v[i]) * 1099511628211u;
    snprintf(c->name, sizeof(c->name), "%016llx", (unsigned long long)h);
    return !t->failed;
}

struct nd_cache *nd_cache_open(const struct nd_compiler_opts *o, bool verbose)
{
    struct nd_cache *c;
    int dir;

    // What is described in files is another kernel; that is for tests and for compile.
    if (o->portable || o->btf || o->facts)
        return NULL;
    dir = nd_cache_dir();
    if (dir < 0)
        return NULL;
    c = calloc(1, sizeof(*c));
    if (!c) {
        close(dir);
        return NULL;
    }
    c->dir = dir;
    c->verbose = verbose;
    c->script = o->text ? NULL : o->file;
    clock_gettime(CLOCK_REALTIME, &c->opened);
    if (make_key(c, o))
        return c;
    nd_cache_close(c);
    return NULL;
}

void nd_cache_close(struct nd_cache *c)
{
    if (!c)
        return;
    close(c->dir);
    free(c->key.v);
    free(c);
}

// ---- files that the compiler read --------------------------------------------------------------

static void put_identity(struct text *t, const char *path)
{
    char id[160];

    identity(path, id, sizeof(id));
    put(t, path, strlen(path));
    put(t, "\n", 1);
    put(t, id, strlen(id));
    put(t, "\n", 1);
}

static int folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (int)(slash - path) + 1 : 0;
}

// A module is looked for next to the file that uses it first: what is missing now must not be
// there then.
static void put_beside(struct text *t, const struct nd_mf *mf, const char *module)
{
    const char *name = module + folder_of(module);
    uint32_t i, depth;

    // The name may have folders in it.
    for (depth = 0; depth < 3; depth++) {
        for (i = 0; i < mf->h->nfiles; i++) {
            const char *user = nd_mf_str(mf, mf->words[mf->h->files + i]);
            char path[PATH_MAX];

            snprintf(path, sizeof(path), "%.*s%s", folder_of(user), user, name);
            if (strcmp(path, module) != 0)
                put_identity(t, path);
        }
        if (name == module)
            return;
        for (name--; name > module && name[-1] != '/'; name--)
            ;
    }
}

#define TICK_NS 50000000 // file times are only as fine as a kernel tick; this leaves room

// Was the file changed while we were at it, or so shortly before that its time may not show it?
static bool just_changed(const struct nd_cache *c, const char *path)
{
    struct stat st;
    int64_t before;

    if (stat(path, &st))
        return false;
    before = (c->opened.tv_sec - st.st_ctim.tv_sec) * 1000000000ll + c->opened.tv_nsec -
             st.st_ctim.tv_nsec;
    return before < TICK_NS;
}

// Paths and identities, line by line. False: it cannot be checked that something is unchanged.
static bool list_files(struct nd_cache *c, const struct nd_mf *mf, struct text *t)
{
    static const char *const made[] = {"kprobes", "uprobes", "synthetic", "eprobes", "fprobes"};
    uint32_t i;
    size_t k;

    if (c->script && just_changed(c, c->script))
        return false;
    for (i = 1; i < mf->h->nfiles; i++) {
        const char *path = nd_mf_str(mf, mf->words[mf->h->files + i]);

        if (just_changed(c, path))
            return false;
        put_identity(t, path);
        put_beside(t, mf, path);
    }
    for (i = 0; i < mf->nattaches; i++) {
        const struct nd_mf_attach *a = &mf->attaches[i];
        const char *s0 = nd_mf_str(mf, a->s0);

        for (k = 0; a->kind == ND_AT_TRACEPOINT && k < sizeof(made) / sizeof(*made); k++) {
            if (!strcmp(s0, made[k]))
                return false; // people make and remove such events
        }
        if ((a->kind != ND_AT_UPROBE && a->kind != ND_AT_URETPROBE) || a->flags & ND_ATF_OPTION)
            continue;
        if (!strstr(c->key.v, s0))
            return false; // found by its name, which may lead elsewhere next time
        put_identity(t, s0);
    }
    return !t->failed;
}

// The path that is not as it was, or NULL. v is changed.
static const char *changed(char *v)
{
    char id[160], *path, *was, *end;

    for (path = v; *path; path = end + 1) {
        was = strchr(path, '\n');
        end = was ? strchr(was + 1, '\n') : NULL;
        if (!end)
            return "its list of files";
        *was++ = 0;
        *end = 0;
        identity(path, id, sizeof(id));
        if (strcmp(id, was) != 0)
            return path;
    }
    return NULL;
}

// ---- entries -----------------------------------------------------------------------------------

static size_t aligned(size_t n)
{
    return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

// NULL: the entry can be used; otherwise why not.
static const char *check_entry(struct nd_cache *c, const uint8_t *map, size_t size,
                               struct nd_object *out)
{
    size_t key = aligned(sizeof(struct head)), files, said, object;
    struct head h;
    uLong crc;
    char *list;
    const char *why;

    if (size < key)
        return "its entry is damaged";
    memcpy(&h, map, sizeof(h));
    files = key + aligned(h.key);
    said = files + aligned(h.files);
    object = said + aligned(h.said);
    if (h.magic != MAGIC || object + h.object != size)
        return "its entry is damaged";
    crc = crc32_z(crc32_z(0, map + key, h.key), map + files, h.files);
    if ((uint32_t)crc32_z(crc, map + said, h.said) != h.crc)
        return "its entry is damaged";
    if (h.key != c->key.n || memcmp(map + key, c->key.v, h.key) != 0)
        return "another script has the same hash";
    list = strndup((const char *)map + files, h.files);
    why = list ? changed(list) : "no memory";
    if (why && c->verbose)
        fprintf(stderr, "cache: %s has changed\n", why);
    free(list);
    if (why)
        return "a file that it was made from has changed";
    if (nd_mf_unseal(map + object, h.object, &files, &why))
        return "its object is damaged";
    out->data = (void *)(uintptr_t)(map + object);
    out->size = h.object;
    out->said = h.said ? strndup((const char *)map + said, h.said) : NULL;
    return NULL;
}

int nd_cache_find(struct nd_cache *c, struct nd_object *out)
{
    const char *why;
    void *map;
    size_t size;
    int err = nd_cache_map(c->dir, c->name, &map, &size);

    if (err) {
        if (c->verbose)
            fprintf(stderr, "cache: miss (%s): %s\n", c->name,
                    err == -ENOENT  ? "not compiled before, or the script or the kernel has changed"
                    : err == -EPERM ? "the entry is not ours, or others can write to it"
                                    : strerror(-err));
        return err;
    }
    why = check_entry(c, map, size, out);
    if (c->verbose)
        fprintf(stderr, "cache: %s (%s)%s%s\n", why ? "miss" : "hit", c->name, why ? ": " : "",
                why ? why : "");
    if (!why) {
        out->map = map;
        out->map_size = size;
        return 0;
    }
    munmap(map, size);
    return -ESTALE;
}

static void write_entry(struct nd_cache *c, const struct text *files, const struct nd_object *obj)
{
    static const uint8_t zero[ALIGN];
    struct head h = {.magic = MAGIC,
                     .key = (uint32_t)c->key.n,
                     .files = (uint32_t)files->n,
                     .object = (uint32_t)obj->size};
    const uint8_t *list = files->v ? (const uint8_t *)files->v : zero;
    const uint8_t *said = obj->said ? (const uint8_t *)obj->said : zero;
    struct iovec v[9];
    int err;

    h.said = obj->said ? (uint32_t)strlen(obj->said) : 0;
    h.crc = (uint32_t)crc32_z(crc32_z(0, (const uint8_t *)c->key.v, c->key.n), list, files->n);
    h.crc = (uint32_t)crc32_z(h.crc, said, h.said);
#define PIECE(i, data, n) v[i] = (struct iovec){(void *)(uintptr_t)(data), n}
    PIECE(0, &h, sizeof(h));
    PIECE(1, zero, aligned(sizeof(h)) - sizeof(h));
    PIECE(2, c->key.v, c->key.n);
    PIECE(3, zero, aligned(c->key.n) - c->key.n);
    PIECE(4, list, files->n);
    PIECE(5, zero, aligned(files->n) - files->n);
    PIECE(6, said, h.said);
    PIECE(7, zero, aligned(h.said) - h.said);
    PIECE(8, obj->data, obj->size);
#undef PIECE
    err = nd_cache_write(c->dir, c->name, v, 9, ND_CACHE_BYTES, ND_CACHE_ENTRIES);
    if (c->verbose)
        fprintf(stderr, "cache: %s (%s)\n", err ? strerror(-err) : "kept", c->name);
}

void nd_cache_keep(struct nd_cache *c, const struct nd_object *obj)
{
    struct nd_load l;
    struct text files = {0};

    if (!nd_load_open(&l, obj->data, obj->size)) {
        if (list_files(c, &l.mf, &files))
            write_entry(c, &files, obj);
        else if (c->verbose)
            fprintf(stderr, "cache: not kept: it depends on something that can change unnoticed\n");
    }
    free(files.v);
    nd_load_free(&l);
}
