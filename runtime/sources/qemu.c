// SPDX-License-Identifier: GPL-2.0-or-later
// QEMU's command line has the name, its open files the devices. All of it is read in the process
// aside: a command line is memory of the process, which may never come.
#include "runtime/sources/qemu.h"

#include "runtime/common/aside.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CMDLINE_MAX (256u << 10)
#define TAPS_MAX 256
#define NAME_MAX_BYTES 256
#define SKIPPED 16u

struct question {
    char proc[200]; // the folder
    char name[NAME_MAX_BYTES];
    int64_t pid;            // whose name is wanted; 0: the taps of the machine with this name
    uint32_t skip[SKIPPED]; // processes that did not let themselves be read
};

struct answer {
    uint32_t machines, pids[2], n;
    char name[NAME_MAX_BYTES];
    char tap[TAPS_MAX][IFNAMSIZ];
};

struct nd_qemu {
    struct nd_aside *aside;
    char proc[200];
    uint32_t skip[SKIPPED], nskip;
    struct answer answer;
};

// ---- in the process aside -----------------------------------------------------------------------

struct reader {
    char cmd[CMDLINE_MAX]; // words that end in NUL
    size_t size;
    char path[512];
    struct question q;
    struct answer a;
    volatile uint64_t *at;
};

// VALUE of -name VALUE, or guest=VALUE in it: is it this name?
static bool names(const char *value, const char *name)
{
    const char *guest = strstr(value, "guest=");
    size_t n;

    value = guest ? guest + strlen("guest=") : value;
    n = strcspn(value, ",");
    return strlen(name) == n && !strncmp(value, name, n);
}

// An option, which QEMU takes with one dash or two.
static bool is_flag(const char *word, const char *flag)
{
    return !strcmp(word, flag) || (*word == '-' && !strcmp(word + 1, flag));
}

// Is this the command line of the machine with that name or UUID?
static bool is_vm(const char *cmd, size_t size, const char *name)
{
    const char *p, *end = cmd + size, *before = "";

    for (p = cmd; p < end; before = p, p += strlen(p) + 1) {
        if (is_flag(before, "-uuid") && !strcasecmp(p, name))
            return true;
        if (is_flag(before, "-name") && names(p, name))
            return true;
    }
    return false;
}

static size_t read_file(const char *path, char *text, size_t size)
{
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(text, 1, size - 1, f) : 0;

    if (f)
        fclose(f);
    text[n] = 0;
    return n;
}

static const char *path_of(struct reader *r, const char *pid, const char *what)
{
    snprintf(r->path, sizeof(r->path), "%s/%.20s/%s", r->q.proc, pid, what);
    return r->path;
}

// qemu-system-x86_64, qemu-kvm; distributions also call it kvm. Nobody else may have made it.
static bool is_program(struct reader *r, const char *pid)
{
    char name[4096];
    const char *path = path_of(r, pid, "exe"), *slash;
    ssize_t n = readlink(path, name, sizeof(name) - 1);
    struct stat st;

    if (n <= 0 || stat(path, &st))
        return false;
    name[n] = 0;
    slash = strrchr(name, '/');
    slash = slash ? slash + 1 : name;
    return (strstr(slash, "qemu") || !strcmp(slash, "kvm") || !strcmp(slash, "kvm (deleted)")) &&
           S_ISREG(st.st_mode) && !(st.st_mode & (S_IWGRP | S_IWOTH)) &&
           (!st.st_uid || st.st_uid == geteuid());
}

// In another user namespace anyone is root, and devices can have any name.
static bool in_our_namespace(struct reader *r, const char *pid)
{
    struct stat ours, its;

    return !stat("/proc/self/ns/user", &ours) && !stat(path_of(r, pid, "ns/user"), &its) &&
           ours.st_ino == its.st_ino && ours.st_dev == its.st_dev;
}

static bool has_machine(struct reader *r, const char *pid)
{
    static const char machine[] = "anon_inode:kvm-vm";
    DIR *d = opendir(path_of(r, pid, "fd"));
    bool found = false;
    struct dirent *e;
    char name[32];

    while (d && !found && (e = readdir(d))) {
        ssize_t n = readlinkat(dirfd(d), e->d_name, name, sizeof(name));

        found = n == (ssize_t)strlen(machine) && !memcmp(name, machine, strlen(machine));
    }
    if (d)
        closedir(d);
    return found;
}

static bool is_skipped(const struct reader *r, uint32_t pid)
{
    uint32_t i;

    for (i = 0; i < SKIPPED && r->q.skip[i] != pid; i++)
        ;
    return i < SKIPPED;
}

// Reads its command line if it is QEMU.
static bool is_qemu(struct reader *r, const char *pid)
{
    *r->at = (uint64_t)atoll(pid);
    if (is_skipped(r, (uint32_t)*r->at))
        return false;
    if (!is_program(r, pid) || !in_our_namespace(r, pid) || !has_machine(r, pid))
        return false;
    r->size = read_file(path_of(r, pid, "cmdline"), r->cmd, sizeof(r->cmd));
    return r->size > 0;
}

// The words that follow a flag; "" if it is not there.
static const char *value_of(const char *cmd, size_t size, const char *flag)
{
    const char *p, *end = cmd + size, *before = "";

    for (p = cmd; p < end; before = p, p += strlen(p) + 1) {
        if (is_flag(before, flag))
            return p;
    }
    return "";
}

static void name_of(struct reader *r)
{
    const char *name, *guest;
    char pid[24];

    snprintf(pid, sizeof(pid), "%lld", (long long)r->q.pid);
    if (!is_qemu(r, pid))
        return;
    name = value_of(r->cmd, r->size, "-name");
    guest = strstr(name, "guest=");
    name = guest ? guest + strlen("guest=") : name;
    if (!*name)
        name = value_of(r->cmd, r->size, "-uuid");
    snprintf(r->a.name, sizeof(r->a.name), "%.*s", (int)strcspn(name, ","), name);
    if (!*r->a.name)
        snprintf(r->a.name, sizeof(r->a.name), "qemu");
}

static void add_tap(struct answer *t, const char *fdinfo)
{
    const char *iff = strstr(fdinfo, "iff:\t");
    char name[IFNAMSIZ];
    uint32_t i;

    if (!iff || sscanf(iff + 5, "%15s", name) != 1)
        return;
    for (i = 0; i < t->n; i++) { // a file for each queue
        if (!strcmp(t->tap[i], name))
            return;
    }
    if (t->n < TAPS_MAX)
        memcpy(t->tap[t->n++], name, sizeof(name));
}

static void find_taps(struct reader *r, const char *pid)
{
    char text[1024], name[64];
    struct dirent *e;
    DIR *d = opendir(path_of(r, pid, "fdinfo"));

    while (d && (e = readdir(d))) {
        snprintf(name, sizeof(name), "fdinfo/%.20s", e->d_name);
        if (e->d_name[0] != '.' && read_file(path_of(r, pid, name), text, sizeof(text)))
            add_tap(&r->a, text);
    }
    if (d)
        closedir(d);
}

static int by_name(const void *a, const void *b)
{
    return strverscmp(a, b);
}

static void taps_of(struct reader *r)
{
    struct dirent *e;
    DIR *d = *r->q.name ? opendir(r->q.proc) : NULL;

    while (d && (e = readdir(d))) {
        if (e->d_name[0] < '0' || e->d_name[0] > '9' || !is_qemu(r, e->d_name) ||
            !is_vm(r->cmd, r->size, r->q.name))
            continue;
        if (r->a.machines < 2)
            r->a.pids[r->a.machines] = (uint32_t)atoi(e->d_name);
        r->a.machines++;
        find_taps(r, e->d_name);
    }
    if (d)
        closedir(d);
    qsort(r->a.tap, r->a.n, sizeof(r->a.tap[0]), by_name);
}

static void *start(void)
{
    return calloc(1, sizeof(struct reader));
}

static size_t serve(void *state, const void *msg, size_t n, void *out, volatile uint64_t *at)
{
    struct reader *r = state;

    if (n != sizeof(r->q))
        return 0;
    memcpy(&r->q, msg, n);
    r->at = at;
    memset(&r->a, 0, sizeof(r->a));
    if (r->q.pid)
        name_of(r);
    else
        taps_of(r);
    memcpy(out, &r->a, sizeof(r->a));
    return sizeof(r->a);
}

// ---- here ---------------------------------------------------------------------------------------

struct nd_qemu *nd_qemu_new(const char *proc)
{
    static const struct nd_aside_job job = {"virtual machines", start, serve};
    struct nd_qemu *q = calloc(1, sizeof(*q));

    if (!q)
        return NULL;
    snprintf(q->proc, sizeof(q->proc), "%s", proc ? proc : "/proc");
    q->aside = nd_aside_new(&job);
    if (q->aside)
        return q;
    free(q);
    return NULL;
}

void nd_qemu_free(struct nd_qemu *q)
{
    if (q)
        nd_aside_free(q->aside);
    free(q);
}

// Asks again without a process that held up the first answer.
static ssize_t ask_twice(struct nd_qemu *q, struct question *question)
{
    uint32_t bad;
    ssize_t n;
    int i;

    for (i = 0; i < 2; i++) {
        memcpy(question->skip, q->skip, sizeof(q->skip));
        n = nd_aside_ask(q->aside, question, sizeof(*question), &q->answer, sizeof(q->answer));
        bad = (uint32_t)nd_aside_at(q->aside);
        if (n >= 0 || n == -EAGAIN || !bad)
            break;
        q->skip[q->nskip++ % SKIPPED] = bad;
    }
    return n;
}

// The answer is from where it may have been made up.
static int ask(struct nd_qemu *q, const char *name, int64_t pid)
{
    struct question question = {.pid = pid};
    struct answer *a = &q->answer;
    uint32_t i;
    ssize_t n;

    snprintf(question.proc, sizeof(question.proc), "%s", q->proc);
    snprintf(question.name, sizeof(question.name), "%s", name);
    n = ask_twice(q, &question);
    if (n < 0)
        return (int)n;
    if (n != sizeof(*a) || a->n > TAPS_MAX)
        return -EPROTO;
    a->name[sizeof(a->name) - 1] = 0;
    for (i = 0; i < a->n; i++)
        a->tap[i][IFNAMSIZ - 1] = 0;
    return 0;
}

int nd_qemu_tap(struct nd_qemu *q, const char *name, int64_t i, char tap[IFNAMSIZ],
                uint32_t pids[2])
{
    int err = ask(q, name, 0);

    *tap = 0;
    if (err)
        return err;
    memcpy(pids, q->answer.pids, sizeof(q->answer.pids));
    if (q->answer.machines > 1)
        return -EEXIST;
    if (i >= 0 && i < q->answer.n)
        memcpy(tap, q->answer.tap[i], IFNAMSIZ);
    return 0;
}

int nd_qemu_name(struct nd_qemu *q, int64_t pid, char *out, size_t size)
{
    int err = pid > 0 ? ask(q, "", pid) : 0;

    snprintf(out, size, "%s", err || pid <= 0 ? "" : q->answer.name);
    return err;
}
