// SPDX-License-Identifier: GPL-2.0-or-later
// The compiler is a separate process: its memory is released when it is done, and a crash is a
// message. The object comes through a memfd. Must not know the language. Serves the command line.
#include "runtime/cli/compiler.h"

#include "runtime/common/btffile.h"
#include "runtime/common/msg.h"
#include "runtime/common/regular.h"
#include "runtime/common/trust.h"
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
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "ndtrace-compile"
#define ENOUGH ((rlim_t)2 << 30) // bytes of address space; large scripts need a tenth of it
#define OBJECT_MAX (512 << 20)   // bytes
#define SAID_MAX (16 << 20)      // bytes of what the compiler says

extern char **environ;

// Next to the running program or where `make install` puts it, below any prefix; otherwise where
// the build says. NDTRACE_COMPILE overrides all.
void nd_compiler_path(char *path, size_t size)
{
    static const char *const places[] = {NAME, "../libexec/ndtrace/" NAME};
    const char *given = secure_getenv("NDTRACE_COMPILE");
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
    nd_msg("error: cannot start the compiler %s: %s; it must be next to ndtrace or in %s", path,
           strerror(err), ND_LIBEXECDIR);
    return 1;
}

// The words of a command line with "--without a,b" after the verb; one allocation.
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

// What it needs to know of this process's surroundings, and no more: nothing of them should change
// how it works.
static char **its_environment(void)
{
    static const char *const kept[] = {
        "NDTRACE_",    "PATH=",         "LD_LIBRARY_PATH=", "HOME=",         "SUDO_UID=",
        "PKEXEC_UID=", "ASAN_OPTIONS=", "LSAN_OPTIONS=",    "UBSAN_OPTIONS="};
    size_t n = 0, i, k;
    char **env;

    while (environ && environ[n])
        n++;
    env = calloc(n + 1, sizeof(*env));
    for (i = 0, k = 0; env && i < n; i++) {
        size_t j;

        for (j = 0; j < sizeof(kept) / sizeof(*kept); j++) {
            if (!strncmp(environ[i], kept[j], strlen(kept[j])))
                break;
        }
        if (j < sizeof(kept) / sizeof(*kept))
            env[k++] = environ[i];
    }
    return env;
}

int nd_compiler_exec(char **argv, uint32_t without)
{
    char **env;
    int err;
    char path[PATH_MAX], **words = without ? with_features(argv, without) : argv;

    nd_compiler_path(path, sizeof(path));
    env = its_environment();
    if (words && env)
        execve(path, words, env);
    err = errno;
    free(env);
    if (words != argv)
        free(words);
    return not_found(path, err);
}

// A crash, or memory that was short?
static void say_death(int sig)
{
    struct rlimit r;

    if (sig == SIGKILL)
        nd_msg("error: the compiler was killed; the machine or its control group may be out of "
               "memory");
    else if (!getrlimit(RLIMIT_AS, &r) && r.rlim_cur < ENOUGH)
        nd_msg("error: the compiler ended (%s) with at most %llu MiB of address space; raise "
               "ulimit -v",
               strsignal(sig), (unsigned long long)r.rlim_cur >> 20);
    else
        nd_msg("error: the compiler crashed (%s); please report the script that made it do so",
               strsignal(sig));
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
        say_death(WTERMSIG(status));
    return 1;
}

// Starts it with these words. 0 or an exit code, after a message.
static int spawn(char **argv, uint32_t without, pid_t *pid)
{
    char path[PATH_MAX], **words = without ? with_features(argv, without) : argv;
    char **env = its_environment();
    posix_spawnattr_t attr;
    sigset_t none;
    int err;

    nd_compiler_path(path, sizeof(path));
    sigemptyset(&none);
    posix_spawnattr_init(&attr); // our signals are blocked; the compiler's must not be
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    err = words && env ? posix_spawn(pid, path, NULL, &attr, words, env) : ENOMEM;
    free(env);
    posix_spawnattr_destroy(&attr);
    if (words != argv)
        free(words);
    return err ? not_found(path, err) : 0;
}

int nd_compiler_run(char **argv, uint32_t without)
{
    pid_t pid;
    int code = spawn(argv, without, &pid);

    return code ? code : exit_code(pid);
}

void nd_compiler_reap(pid_t *compiler)
{
    if (*compiler > 0)
        exit_code(*compiler);
    *compiler = 0;
}

// By reading: what is mapped could be cut or changed meanwhile by whoever else has the file.
static int read_fd(int fd, struct nd_object *out)
{
    struct stat st;
    size_t n = 0;
    char *p;

    if (fstat(fd, &st))
        return -errno;
    if (st.st_size <= 0 || !S_ISREG(st.st_mode))
        return -ENODATA;
    if (st.st_size > OBJECT_MAX)
        return -EFBIG;
    p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return -errno;
    while (n < (size_t)st.st_size) {
        ssize_t got = pread(fd, p + n, (size_t)st.st_size - n, (off_t)n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break; // cut meanwhile: what is missing is zeros, which the checksum shows
        n += (size_t)got;
    }
    out->data = p;
    out->size = (size_t)st.st_size;
    return 0;
}

// An object is code, whoever wrote it.
static int check_owner(int fd, const char *path)
{
    struct nd_trust trust;
    struct stat st;
    char why[160];

    nd_trust_init(&trust);
    if (fstat(fd, &st) || !nd_trust_why_not(&trust, &st, why, sizeof(why)))
        return 0;
    nd_msg("error: %s is not loaded: %s; whoever can change it would decide what this user runs; "
           "ndtrace --any-owner loads it all the same",
           path, why);
    return -EPERM;
}

int nd_object_map(const char *path, bool any_owner, struct nd_object *out)
{
    int fd = nd_regular_open(path, NULL), err;

    if (fd < 0)
        return fd;
    err = any_owner ? 0 : check_owner(fd, path);
    if (!err)
        err = read_fd(fd, out);
    out->foreign = true;
    close(fd);
    return err;
}

void nd_object_say(struct nd_object *o)
{
    if (o->said)
        fputs(o->said, stderr);
    free(o->said);
    o->said = NULL;
}

void nd_object_free(struct nd_object *o)
{
    nd_compiler_reap(&o->compiler);
    free(o->said);
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

    if (!fstat(fd, &st) && st.st_size > 0 && st.st_size <= SAID_MAX)
        s = malloc((size_t)st.st_size + 1);
    if (!s)
        return NULL;
    n = pread(fd, s, (size_t)st.st_size, 0);
    s[n > 0 ? n : 0] = 0;
    return s;
}

static bool read_all(int fd, void *data, size_t size)
{
    char *p = data;

    while (size) {
        ssize_t n = read(fd, p, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        size -= (size_t)n;
    }
    return true;
}

// Follows what the compiler says until it is done. False: it ended without a word.
static bool listen(const struct nd_compiler_opts *o, int fd, int *code)
{
    struct nd_plan plan;
    struct nd_plan_map *maps;
    bool got;

    while (read_all(fd, &plan, sizeof(plan)) && plan.magic == ND_PLAN_MAGIC &&
           plan.n <= ND_PLAN_MAPS_MAX) {
        *code = (int)plan.code;
        if (plan.kind == ND_PLAN_END)
            return true;
        maps = calloc(plan.n + 1, sizeof(*maps));
        got = maps && read_all(fd, maps, plan.n * sizeof(*maps));
        if (got && o->planned)
            o->planned(o->planned_arg, &plan, maps);
        free(maps);
        if (!got)
            return false;
    }
    return false;
}

// In the order of the words: object, warnings, plan.
static int compile_to(const struct nd_compiler_opts *o, const int *fds, int listen_fd, pid_t *pid)
{
    static const char *const flags[] = {"--out-fd", "--warn-fd", "--plan-fd"};
    char **argv = calloc(26 + 2 * ((size_t)o->nwords + o->nnamed + o->nsettings), sizeof(*argv)),
         numbers[3][16];
    int n = 0, i, code;
    uint32_t k;

    if (!argv) {
        close(fds[2]);
        return not_found(NAME, ENOMEM);
    }

    add(argv, &n, NULL, NAME);
    add(argv, &n, NULL, o->verb);
    for (i = 0; i < 3; i++) {
        snprintf(numbers[i], sizeof(numbers[i]), "%d", fds[i]);
        add(argv, &n, flags[i], numbers[i]);
    }
    add(argv, &n, "-p", o->pid);
    add(argv, &n, "--facts", o->facts);
    add(argv, &n, "--btf", o->btf);
    // What describes another kernel gives an object that must be fitted to this one, by its BTF.
    add(argv, &n, NULL,
        o->portable || o->facts ||
                (o->btf && !(o->without & ND_F_BIT(BTF)) && !access(ND_BTF_OWN, F_OK))
            ? "--portable"
            : NULL);
    add(argv, &n, NULL, o->verbose ? "-v" : NULL);
    add(argv, &n, "--style", o->bpftrace ? "bpftrace" : NULL);
    add(argv, &n, NULL, o->unsafe ? "--unsafe" : NULL);
    add(argv, &n, NULL, o->any_owner ? "--any-owner" : NULL);
    add(argv, &n, "-f", o->messages);
    for (k = 0; k < o->nwords; k++)
        add(argv, &n, "--word", o->words[k]);
    for (k = 0; k < o->nsettings; k++)
        add(argv, &n, "--config", o->settings[k]);
    for (k = 0; k < o->nnamed; k++)
        add(argv, &n, "--named", o->named[k]);
    add(argv, &n, "-e", o->text);
    add(argv, &n, NULL, o->text ? NULL : o->file);
    argv[n] = NULL;
    code = spawn(argv, o->without, pid);
    free(argv);
    close(fds[2]); // so that its end is the end of what it says
    if (code)
        return code;
    if (listen(o, listen_fd, &code))
        return code;
    code = exit_code(*pid);
    *pid = 0;
    return code;
}

int nd_compiler_make(const struct nd_compiler_opts *o, struct nd_object *out)
{
    int fds[3] = {-1, -1, -1}, ends[2] = {-1, -1}, code = 1, err;

    fds[0] = memfd_create("ndtrace", 0); // the child's as well
    fds[1] = memfd_create("ndtrace", 0);
    if (!pipe2(ends, O_CLOEXEC))
        fds[2] = fcntl(ends[1], F_DUPFD, 0);
    if (ends[1] >= 0)
        close(ends[1]);
    if (fds[0] < 0 || fds[1] < 0 || fds[2] < 0)
        nd_msg("error: not enough memory for the object: %s", strerror(errno));
    else
        code = compile_to(o, fds, ends[0], &out->compiler);
    if (fds[0] >= 0 && fds[1] >= 0) {
        out->said = text_of(fds[1]);
        err = read_fd(fds[0], out);
        out->options = code && !err;
        if (err && !code) {
            nd_msg("error: the compiler returned no object: %s", strerror(-err));
            code = 1;
        }
    }
    if (code)
        nd_compiler_reap(&out->compiler);
    if (fds[0] >= 0)
        close(fds[0]);
    if (fds[1] >= 0)
        close(fds[1]);
    if (ends[0] >= 0)
        close(ends[0]);
    return code;
}
