// SPDX-License-Identifier: GPL-2.0-or-later
// The child waits on a pipe until it may start its command. Must not know probes. Serves the run.
#include "runtime/run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORDS 256

// Plain words are started directly, so that the process is the command itself; anything that a
// shell would read differently goes to the shell.
static void start(int failed, char *command)
{
    char *argv[MAX_WORDS + 1], *save = NULL, *w;
    int n = 0;

    if (!strpbrk(command, "|&;<>()$`\\\"'*?[]#~=%{}!\n")) {
        for (w = strtok_r(command, " \t", &save); w && n < MAX_WORDS;
             w = strtok_r(NULL, " \t", &save))
            argv[n++] = w;
        argv[n] = NULL;
        if (n)
            execvp(argv[0], argv);
        fprintf(stderr, "ndtrace: error: cannot start %s: %s\n", n ? argv[0] : "\"\"",
                strerror(errno));
    } else {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        fprintf(stderr, "ndtrace: error: cannot start /bin/sh: %s\n", strerror(errno));
    }
    if (write(failed, "f", 1) != 1) // a command may end with 127 by itself
        _exit(126);
    _exit(127);
}

static void wait_and_start(int go, int failed, const char *command)
{
    char *copy = strdup(command), byte;
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (!copy || read(go, &byte, 1) != 1)
        _exit(0); // the run ended before it began
    start(failed, copy);
}

int nd_child_make(struct nd_child *c, const char *command)
{
    int go[2], failed[2], err;

    if (pipe2(go, O_CLOEXEC))
        return -errno;
    if (pipe2(failed, O_CLOEXEC | O_NONBLOCK)) {
        err = -errno;
        close(go[0]);
        close(go[1]);
        return err;
    }
    c->pid = fork();
    err = c->pid < 0 ? -errno : 0;
    if (!c->pid) {
        close(go[1]);
        wait_and_start(go[0], failed[1], command);
    }
    close(go[0]);
    close(failed[1]);
    if (err) {
        close(go[1]);
        close(failed[0]);
        c->pid = 0;
        return err;
    }
    c->go = go[1];
    c->failed = failed[0];
    return 0;
}

static void let_go(struct nd_child *c, size_t n)
{
    ssize_t rc;

    if (c->go <= 0)
        return;
    rc = write(c->go, "g", n);
    (void)rc; // a child that died already is found by nd_child_ended
    close(c->go);
    c->go = 0;
}

void nd_child_go(struct nd_child *c)
{
    let_go(c, 1);
}

int nd_child_ended(struct nd_child *c, int *code)
{
    int status;
    char byte;

    if (!c->pid || waitpid(c->pid, &status, WNOHANG) != c->pid)
        return 0;
    c->pid = 0;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return read(c->failed, &byte, 1) == 1 ? -1 : 1;
}

#define PATIENCE_MS 1000 // for a command that ignores SIGTERM

void nd_child_end(struct nd_child *c)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    int status, i;

    let_go(c, 0);
    if (c->failed > 0)
        close(c->failed);
    c->failed = 0;
    if (!c->pid)
        return;
    kill(c->pid, SIGTERM);
    for (i = 0; i < PATIENCE_MS && waitpid(c->pid, &status, WNOHANG) != c->pid; i++)
        nanosleep(&nap, NULL);
    if (i == PATIENCE_MS) {
        kill(c->pid, SIGKILL);
        waitpid(c->pid, &status, 0);
    }
    c->pid = 0;
}
