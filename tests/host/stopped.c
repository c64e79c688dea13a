// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a command on a terminal whose output is stopped, as by Ctrl-S: stdout, and stderr as well.
// Exit status: that of the command. Serves the tests of tests/host.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY), slave, status;
    pid_t pid;

    if (argc < 2 || master < 0 || grantpt(master) || unlockpt(master)) {
        perror("stopped");
        return 125;
    }
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    if (slave < 0 || tcflow(slave, TCOOFF)) {
        perror("stopped: terminal");
        return 125;
    }
    pid = fork();
    if (!pid) {
        dup2(slave, STDOUT_FILENO);
        dup2(slave, STDERR_FILENO);
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid)
        return 125;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
