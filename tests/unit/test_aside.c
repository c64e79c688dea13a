// SPDX-License-Identifier: GPL-2.0-or-later
// The process aside: it answers, cannot do what it must not, and its end is not ours.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runtime/common/aside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FIFO "/tmp/nd-aside-fifo"

enum what {
    ECHO,
    CRASH,
    HANG,
    SPIN,
    WRITE,
    CREATE,
    EXEC,
    NET,
    KILL,
    MAP,
    MEMORY,
    COUNT,
    FDS,
    NONE
};

static void *start(void)
{
    return calloc(1, sizeof(int));
}

static int open_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    while (d && readdir(d))
        n++;
    closedir(d);
    return n - 3; // ".", ".." and of the folder
}

static size_t memory(void)
{
    size_t n = 0;
    char *p;

    while (n < 4096 && (p = malloc(1 << 20))) {
        memset(p, 1, 1 << 20);
        n++;
    }
    return n;
}

static void misbehave(enum what what)
{
    char *const args[] = {(char *)"/bin/true", NULL};

    switch (what) {
    case CRASH:
        raise(SIGSEGV);
        break;
    case HANG:
        open(FIFO, O_RDONLY); // nobody writes
        break;
    case SPIN:
        for (;;)
            ;
    case WRITE:
        open("/dev/null", O_WRONLY);
        break;
    case CREATE:
        open("/tmp/nd-aside-made", O_RDONLY | O_CREAT, 0600);
        break;
    case EXEC:
        execv(args[0], args);
        break;
    case NET:
        socket(AF_INET, SOCK_DGRAM, 0);
        break;
    case KILL:
        kill(getppid(), SIGKILL);
        break;
    case MAP:
        mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, open("/proc/self/exe", O_RDONLY), 0);
        break;
    default:
        break;
    }
}

static size_t serve(void *state, const void *msg, size_t n, void *out, volatile uint64_t *at)
{
    enum what what = ECHO;
    int *count = state, answer = 0;

    memcpy(&what, msg, sizeof(what));
    *at = 7;
    if (what == ECHO) {
        memcpy(out, msg, n);
        return n;
    }
    misbehave(what);
    if (what == COUNT)
        answer = ++*count;
    if (what == FDS)
        answer = open_descriptors();
    if (what == MEMORY)
        answer = (int)memory();
    memcpy(out, &answer, sizeof(answer));
    return what == NONE ? 0 : sizeof(answer);
}

static const struct nd_aside_job job = {"nothing", start, serve};

static int64_t ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

static ssize_t ask(struct nd_aside *a, enum what what, int *answer)
{
    return nd_aside_ask(a, &what, sizeof(what), answer, sizeof(*answer));
}

static void answers(void **state)
{
    static char big[ND_ASIDE_MESSAGE], got[ND_ASIDE_MESSAGE];
    struct nd_aside *a = nd_aside_new(&job);
    enum what count = COUNT;
    int answer, i;

    (void)state;
    memset(big + sizeof(count), 'x', sizeof(big) - sizeof(count));
    for (i = 0; i < 20; i++) {
        assert_int_equal(nd_aside_ask(a, big, sizeof(big), got, sizeof(got)), sizeof(big));
        assert_memory_equal(big, got, sizeof(big));
    }
    for (i = 0; i < 5000; i++) // more than a socket holds
        assert_int_equal(nd_aside_tell(a, &count, sizeof(count)), 0);
    assert_int_equal(ask(a, COUNT, &answer), sizeof(answer));
    assert_int_equal(answer, 5001);
    assert_int_equal(ask(a, NONE, &answer), 0);
    assert_int_equal(nd_aside_up(a), 1);
    nd_aside_free(a);
}

// Our descriptors are not its, so that nothing of ours is kept alive.
static void descriptors(void **state)
{
    struct nd_aside *a = nd_aside_new(&job);
    int answer, fd[20], i;

    (void)state;
    for (i = 0; i < 20; i++)
        fd[i] = open("/dev/null", O_RDONLY);
    assert_int_equal(ask(a, FDS, &answer), sizeof(answer));
    assert_int_equal(answer, 4); // 0, 1, 2 and the socket
    for (i = 0; i < 20; i++)
        close(fd[i]);
    nd_aside_free(a);
}

// Ends it, is said, and it is started again once; then only after a while.
static void ends(enum what what, int err, int64_t most_ms)
{
    struct nd_aside *a = nd_aside_new(&job);
    int answer;
    int64_t t = ms();

    assert_int_equal(ask(a, what, &answer), err);
    assert_true(ms() - t <= most_ms);
    assert_int_equal(nd_aside_at(a), 7);
    assert_int_equal(ask(a, COUNT, &answer), sizeof(answer));
    assert_int_equal(answer, 1);
    assert_int_equal(nd_aside_up(a), 2);
    assert_true(ask(a, CRASH, &answer) < 0);
    t = ms();
    assert_int_equal(ask(a, COUNT, &answer), -EAGAIN);
    assert_true(ms() - t < 500);
    nd_aside_free(a);
}

// It cannot be started: that is said once, and is not tried each time.
static void no_process(void **state)
{
    struct nd_aside *a = nd_aside_new(&job);
    struct rlimit files, none = {0, 0};
    int answer, i;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    none.rlim_max = files.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (i = 0; i < 100; i++)
        assert_int_equal(ask(a, COUNT, &answer), -EAGAIN);
    assert_int_equal(nd_aside_up(a), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    nd_aside_free(a);
}

static void crash(void **state)
{
    (void)state;
    ends(CRASH, -EPIPE, 2000);
}

static void hang(void **state)
{
    (void)state;
    unlink(FIFO);
    assert_int_equal(mkfifo(FIFO, 0600), 0);
    ends(HANG, -ETIMEDOUT, 20000);
    unlink(FIFO);
}

static void spin(void **state)
{
    (void)state;
    ends(SPIN, -ETIMEDOUT, 60000);
}

static void forbidden(void **state)
{
    static const enum what what[] = {WRITE, CREATE, EXEC, NET, KILL, MAP};
    size_t i;

    (void)state;
#if !defined(__x86_64__) && !defined(__aarch64__)
    skip();
#endif
    for (i = 0; i < sizeof(what) / sizeof(what[0]); i++)
        ends(what[i], -EPIPE, 2000);
    assert_int_equal(access("/tmp/nd-aside-made", F_OK), -1);
}

static void little_memory(void **state)
{
    struct nd_aside *a;
    int answer = 0;

    (void)state;
#if defined(__SANITIZE_ADDRESS__)
    skip();
#endif
    a = nd_aside_new(&job);
    assert_int_equal(ask(a, MEMORY, &answer), sizeof(answer));
    assert_in_range(answer, 16, 400);
    nd_aside_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),   cmocka_unit_test(descriptors),   cmocka_unit_test(no_process),
        cmocka_unit_test(crash),     cmocka_unit_test(hang),          cmocka_unit_test(spin),
        cmocka_unit_test(forbidden), cmocka_unit_test(little_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
