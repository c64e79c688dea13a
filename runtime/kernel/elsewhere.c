// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/kernel/elsewhere.h"

#include "runtime/common/aside.h"
#include "runtime/common/msg.h"
#include "runtime/common/probekinds.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILES 16u // different ones that are looked for
#define NAMED 3u  // processes that the line names

struct traced {
    char base[NAME_MAX + 1]; // of its path
    dev_t dev;
    ino_t ino;
    uint32_t processes;
    char examples[500];
    bool seen; // in the process that is being looked at
};

struct search { // also the question to the process aside, and its answer
    struct traced v[FILES];
    uint32_t n;
};

// ---- in the process aside: mappings of others may take for ever to read
// --------------------------

// Characters of a file's name up to its version: libc.so of libc.so.6.
static size_t stem(const char *name)
{
    const char *so = strstr(name, ".so");

    return so ? (size_t)(so - name) + 3 : strlen(name);
}

static const char *base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static bool same_name(const char *a, const char *b)
{
    return stem(a) == stem(b) && !strncmp(a, b, stem(a));
}

// Is what the process has mapped there the file that is traced?
static bool same_file(const struct traced *t, const char *pid, const char *range, uint64_t inode)
{
    struct stat st;
    char path[400];

    snprintf(path, sizeof(path), "/proc/%.20s/map_files/%.64s", pid, range);
    if (stat(path, &st))
        return inode == t->ino; // not allowed to look
    return st.st_ino == t->ino && st.st_dev == t->dev;
}

static void note(struct traced *t, const char *pid, const char *path)
{
    size_t n = strlen(t->examples);

    if (t->seen)
        return;
    t->seen = true;
    if (t->processes++ < NAMED)
        snprintf(t->examples + n, sizeof(t->examples) - n, "%s%s has %.120s", n ? ", " : "", pid,
                 path);
}

static void look(struct search *s, const char *pid)
{
    char line[PATH_MAX + 128], range[64], perms[8], path[PATH_MAX];
    unsigned long long inode;
    uint32_t i;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%.20s/maps", pid);
    f = fopen(path, "re");
    for (i = 0; i < s->n; i++)
        s->v[i].seen = false;
    while (f && fgets(line, sizeof(line), f)) {
        if (sscanf(line, "%63s %7s %*s %*s %llu %4095[^\n]", range, perms, &inode, path) != 4 ||
            !strchr(perms, 'x') || *path != '/')
            continue;
        for (i = 0; i < s->n; i++) {
            if (same_name(s->v[i].base, base(path)) && !same_file(&s->v[i], pid, range, inode))
                note(&s->v[i], pid, path);
        }
    }
    if (f)
        fclose(f);
}

static void *start(void)
{
    return calloc(1, sizeof(struct search));
}

static size_t serve(void *state, const void *msg, size_t n, void *out, volatile uint64_t *at)
{
    struct search *s = state;
    struct dirent *e;
    DIR *d;

    (void)at;
    if (n != sizeof(*s))
        return 0;
    memcpy(s, msg, n);
    d = opendir("/proc");
    while (d && (e = readdir(d))) {
        if (isdigit((unsigned char)*e->d_name))
            look(s, e->d_name);
    }
    if (d)
        closedir(d);
    memcpy(out, s, n);
    return n;
}

// ---- here ---------------------------------------------------------------------------------------

struct files {
    struct search s;
    const char *path[FILES];
};

static void add(struct files *f, const char *path)
{
    struct traced *t = &f->s.v[f->s.n];
    struct stat st;
    uint32_t i;

    for (i = 0; i < f->s.n && strcmp(f->path[i], path) != 0; i++)
        ;
    if (!*path || i < f->s.n || f->s.n == FILES || stat(path, &st))
        return;
    *t = (struct traced){.dev = st.st_dev, .ino = st.st_ino};
    snprintf(t->base, sizeof(t->base), "%s", base(path));
    f->path[f->s.n++] = path;
}

static void collect(struct files *f, const struct nd_mf *mf, const bool *wanted,
                    const uint8_t *opts)
{
    uint32_t i, j;

    for (i = 0; i < mf->nprogs; i++) {
        const struct nd_mf_prog *p = &mf->progs[i];

        for (j = p->first; wanted[i] && j < p->first + p->count; j++) {
            const struct nd_mf_attach *a = &mf->attaches[j];

            if (nd_kind_attaches(a->kind, ND_AF_FILE))
                add(f, a->flags & ND_ATF_OPTION ? (const char *)opts + mf->options[a->num].off
                                                : nd_mf_str(mf, a->s0));
        }
    }
}

static bool ask(struct search *s)
{
    static const struct nd_aside_job job = {"which files processes map", start, serve};
    struct nd_aside *a = nd_aside_new(&job);
    bool told = a && nd_aside_ask(a, s, sizeof(*s), s, sizeof(*s)) == (ssize_t)sizeof(*s);

    nd_aside_free(a);
    return told;
}

void nd_elsewhere_warn(const struct nd_mf *mf, const bool *wanted, const uint8_t *opts)
{
    struct files f = {.s = {.n = 0}};
    uint32_t i, n;

    collect(&f, mf, wanted, opts);
    n = f.s.n;
    if (!n || !ask(&f.s))
        return;
    for (i = 0; i < n; i++) {
        struct traced *t = &f.s.v[i];

        t->examples[sizeof(t->examples) - 1] = 0;
        if (t->processes)
            nd_msg("warning: only %s is traced, and %u process%s another file of that name: %s%s; "
                   "-p PID traces the one that the process has",
                   f.path[i], t->processes, t->processes == 1 ? " has" : "es have", t->examples,
                   t->processes > NAMED ? ", ..." : "");
    }
}
