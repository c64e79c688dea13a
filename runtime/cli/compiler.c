// SPDX-License-Identifier: GPL-2.0-or-later
// The compiler is a process of its own: its memory goes back when it is done, and a crash is a
// message. The object comes through a memfd. Must not know the language. Serves the command line.
#include "runtime/cli/compiler.h"

#include "runtime/common/msg.h"
#include "runtime/kernel/feature_try.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "ndtrace-compile"

extern char **environ;

// Beside the running program or where `make install` puts it, below whatever prefix; else where the
// build says. NDTRACE_COMPILE overrides all.
void nd_compiler_path(char *path, size_t size)
{
    static const char *const places[] = {NAME, "../libexec/ndtrace/" NAME};
    const char *given = getenv("NDTRACE_COMPILE");
    char exe[PATH_MAX], *slash;
    ssize_t n;
    size_t i;

    if (given && *given) {
        snprintf(path, size, "%s", given);
        return;
    }
    n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[n > 0 ? n : 0] = 0;
    slash = strrchr(exe, '/');
    for (i = 0; slash && i < sizeof(places) / sizeof(*places); i++) {
        snprintf(path, size, "%.*s/%s", (int)(slash - exe), exe, places[i]);
        if (!access(path, X_OK))
            return;
    }
    snprintf(path, size, "%s/%s", ND_LIBEXECDIR, NAME);
}

static int not_found(const char *path, int err)
{
    nd_msg("error: cannot start the compiler %s: %s; it belongs beside ndtrace or into %s", path,
           strerror(err), ND_LIBEXECDIR);
    return 1;
}

// The words of a command line with "--without a,b" behind the verb; one allocation.
static char **with_features(char **argv, uint32_t without)
{
    size_t n = 0, room = 1;
    char **out, *list;
    uint32_t i;

    for (i = 0; i < ND_F_MAX; i++)
        room += strlen(nd_features_row(i)->name) + 1;
    while (argv[n])
        n++;
    out = malloc((n + 3) * sizeof(*out) + room);
    if (!out)
        return NULL;
    list = (char *)(out + n + 3);
    *list = 0;
    for (i = 0; i < ND_F_MAX; i++) {
        if (without >> i & 1)
            strcat(strcat(list, *list ? "," : ""), nd_features_row(i)->name);
    }
    memcpy(out, argv, 2 * sizeof(*out));
    out[2] = (char *)(uintptr_t) "--without";
    out[3] = list;
    memcpy(out + 4, argv + 2, (n - 1) * sizeof(*out)); // with the NULL
    return out;
}

int nd_compiler_exec(char **argv, uint32_t without)
{
    char path[PATH_MAX], **words = without ? with_features(argv, without) : argv;

    nd_compiler_path(path, sizeof(path));
    if (words)
        execv(path, words);
    if (words != argv)
        free(words);
    return not_found(path, errno);
}

static int exit_code(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return 1;
    }
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    if (WTERMSIG(status) != SIGINT && WTERMSIG(status) != SIGTERM)
        nd_msg("error: the compiler crashed (%s); please report the script that made it do so",
               strsignal(WTERMSIG(status)));
    return 1;
}

int nd_compiler_run(char **argv, uint32_t without)
{
    char path[PATH_MAX], **words = without ? with_features(argv, without) : argv;
    posix_spawnattr_t attr;
    sigset_t none;
    pid_t pid;
    int err;

    nd_compiler_path(path, sizeof(path));
    sigemptyset(&none);
    posix_spawnattr_init(&attr); // our signals are blocked; the compiler's must not be
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    err = words ? posix_spawn(&pid, path, NULL, &attr, words, environ) : ENOMEM;
    posix_spawnattr_destroy(&attr);
    if (words != argv)
        free(words);
    return err ? not_found(path, err) : exit_code(pid);
}

static int map_fd(int fd, struct nd_object *out)
{
    struct stat st;
    void *p;

    if (fstat(fd, &st))
        return -errno;
    if (st.st_size <= 0)
        return -ENODATA;
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return -errno;
    out->data = p;
    out->size = (size_t)st.st_size;
    return 0;
}

int nd_object_map(const char *path, struct nd_object *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), err;

    if (fd < 0)
        return -errno;
    err = map_fd(fd, out);
    close(fd);
    return err;
}

void nd_object_warn(struct nd_object *o)
{
    if (o->warnings)
        fputs(o->warnings, stderr);
    free(o->warnings);
    o->warnings = NULL;
}

void nd_object_free(struct nd_object *o)
{
    free(o->warnings);
    if (o->map)
        munmap(o->map, o->map_size);
    else if (o->data)
        munmap(o->data, o->size);
    memset(o, 0, sizeof(*o));
}

static void add(char **argv, int *n, const char *flag, const char *value)
{
    if (!value)
        return;
    if (flag)
        argv[(*n)++] = (char *)(uintptr_t)flag;
    argv[(*n)++] = (char *)(uintptr_t)value;
}

// All that a file has, as text; NULL: nothing.
static char *text_of(int fd)
{
    struct stat st;
    char *s = NULL;
    ssize_t n;

    if (!fstat(fd, &st) && st.st_size > 0)
        s = malloc((size_t)st.st_size + 1);
    if (!s)
        return NULL;
    n = pread(fd, s, (size_t)st.st_size, 0);
    s[n > 0 ? n : 0] = 0;
    return s;
}

static int compile_to(const struct nd_compiler_opts *o, int fd, int warn_fd)
{
    char *argv[22], numbers[2][16];
    int n = 0;

    snprintf(numbers[0], sizeof(numbers[0]), "%d", fd);
    snprintf(numbers[1], sizeof(numbers[1]), "%d", warn_fd);
    add(argv, &n, NULL, NAME);
    add(argv, &n, NULL, o->verb);
    add(argv, &n, "--out-fd", numbers[0]);
    add(argv, &n, "--warn-fd", numbers[1]);
    add(argv, &n, "-p", o->pid);
    add(argv, &n, "--facts", o->facts);
    add(argv, &n, "--btf", o->btf);
    // What describes another kernel gives an object that must be fitted to this one.
    add(argv, &n, NULL, o->portable || o->btf || o->facts ? "--portable" : NULL);
    add(argv, &n, "-f", o->messages);
    add(argv, &n, "-e", o->text);
    add(argv, &n, NULL, o->text ? NULL : o->file);
    argv[n] = NULL;
    return nd_compiler_run(argv, o->without);
}

int nd_compiler_make(const struct nd_compiler_opts *o, struct nd_object *out)
{
    int fd = memfd_create("ndtrace", 0), warn_fd = memfd_create("ndtrace", 0); // the child's, too
    int code = 1, err;

    if (fd < 0 || warn_fd < 0)
        nd_msg("error: no memory for the object: %s", strerror(errno));
    else
        code = compile_to(o, fd, warn_fd);
    if (!code) {
        out->warnings = text_of(warn_fd);
        err = map_fd(fd, out);
        if (err) {
            nd_msg("error: the compiler gave no object: %s", strerror(-err));
            code = 1;
        }
    }
    if (fd >= 0)
        close(fd);
    if (warn_fd >= 0)
        close(warn_fd);
    return code;
}
