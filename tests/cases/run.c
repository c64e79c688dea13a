// SPDX-License-Identifier: GPL-2.0-or-later
// Runs language cases: compiles or runs the script of each case file in a child and compares what
// came back. Must not know the language. Serves the tests; the format is in README.md.
#include "case.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PARALLEL = 2, PASSED = 0, FAILED = 1, SKIPPED = 77 };

struct job {
    pid_t pid;
    FILE *report;
};

static const char *tool(const struct setup *s, const char *name)
{
    static __thread char path[512];

    snprintf(path, sizeof(path), "%s/%s", s->build, name);
    return path;
}

// ---- one case -----------------------------------------------------------------------------------

static int check_diagnostics(const struct setup *s, const struct one_case *c, FILE *report)
{
    char *argv[] = {strdup(tool(s, "ndtrace-compile")),
                    "check",
                    "-f",
                    "json",
                    "case.nd",
                    "--facts",
                    strdup(s->facts),
                    NULL};
    struct outcome o;
    int bad;

    if (c->facts && !strcmp(c->facts, "none"))
        argv[6] = "nonesuch";
    else if (c->facts && !strcmp(c->facts, "live"))
        argv[5] = NULL;
    run_child(argv, &o);
    bad = expect_status(&o, c->exit_code >= 0 ? c->exit_code : has_errors(c) ? 2 : 0, report);
    bad |= compare_diagnostics(c, o.err, report);
    if (c->text[SEC_OUT])
        bad |= compare("out", c->text[SEC_OUT], o.out, report);
    return bad;
}

// A program may be too long for a kernel that NDTRACE_WITHOUT stands for; then it must be said.
static bool too_long(const struct one_case *c, const struct outcome *o)
{
    const char *without = getenv("NDTRACE_WITHOUT");

    return c->unless && without && strstr(without, c->unless) && WIFEXITED(o->status) &&
           WEXITSTATUS(o->status) == 2 &&
           (strstr(o->err, "error[E0701]") || strstr(o->err, "error[E0703]"));
}

// A kernel before `since`, or one that NDTRACE_WITHOUT stands for, may lack something; then it must
// be said.
static bool too_old(const struct one_case *c, const struct outcome *o)
{
    unsigned int have[2] = {0}, want[2] = {0};
    struct utsname u;

    if (!c->since || sscanf(c->since, "%u.%u", &want[0], &want[1]) != 2 || uname(&u) ||
        sscanf(u.release, "%u.%u", &have[0], &have[1]) != 2)
        return false;
    return (getenv("NDTRACE_WITHOUT") || have[0] < want[0] ||
            (have[0] == want[0] && have[1] < want[1])) &&
           WIFEXITED(o->status) && WEXITSTATUS(o->status) == 2 && strstr(o->err, "error[E0401]");
}

static int run_script(const struct setup *s, const struct one_case *c, FILE *report)
{
    char *argv[ARGS_MAX + 4] = {strdup(tool(s, "ndtrace")), "case.nd"};
    struct outcome o;
    int bad;

    split_args(c->text[SEC_ARGS] ? strdup(c->text[SEC_ARGS]) : NULL, argv + 2);
    run_child(argv, &o);
    if (too_long(c, &o) || too_old(c, &o))
        return 0;
    bad = expect_status(&o, c->exit_code >= 0 ? c->exit_code : 0, report);
    if (c->text[SEC_OUT])
        bad |= compare("out", c->text[SEC_OUT], o.out, report);
    bad |= contains("stderr", c->text[SEC_STDERR], o.err, report);
    bad |= contains("stdout", c->text[SEC_STDOUT], o.out, report);
    if (bad && *o.err)
        fprintf(report, "  on stderr: %s\n", o.err);
    return bad;
}

// The same statements in the kernel and in user space.
static int run_both(const struct setup *s, struct one_case *c, FILE *report)
{
    static const char *const heads[] = {"BEGIN", "begin"};
    const char *pre = c->text[SEC_SCRIPT] ? c->text[SEC_SCRIPT] : "";
    int bad = 0;
    size_t i;

    for (i = 0; i < 2; i++) {
        char *text;
        int one;

        if (asprintf(&text, "%s%s {\n%sexit();\n}\n", pre, heads[i], c->text[SEC_BOTH]) < 0)
            return 1;
        write_file("case.nd", text, strlen(text));
        free(text);
        one = run_script(s, c, report);
        if (one)
            fprintf(report, "  that was %s { }\n", heads[i]);
        bad |= one;
    }
    return bad;
}

static int run_case(const struct setup *s, const char *path, FILE *report)
{
    char dir[] = "/tmp/ndcase.XXXXXX";
    struct one_case c;
    int ret;

    if (read_case(path, &c, report))
        return FAILED;
    if (c.live && geteuid() != 0)
        return SKIPPED;
    if (!mkdtemp(dir) || chdir(dir) || make_script(&c, report))
        return FAILED;
    if (c.text[SEC_BOTH])
        ret = run_both(s, &c, report);
    else if (c.text[SEC_ERR])
        ret = check_diagnostics(s, &c, report);
    else
        ret = run_script(s, &c, report);
    remove_dir(dir);
    return ret ? FAILED : PASSED;
}

// ---- all of them --------------------------------------------------------------------------------

static void start(const struct setup *s, const char *path, struct job *j)
{
    j->report = tmpfile();
    fflush(NULL);
    j->pid = fork();
    if (j->pid == 0) {
        int ret = run_case(s, path, j->report);

        fflush(j->report);
        _exit(ret);
    }
}

static void show_report(FILE *report)
{
    char line[4096];

    rewind(report);
    while (fgets(line, sizeof(line), report))
        fputs(line, stdout);
}

static int finish(struct job *jobs, char **names, int counts[3])
{
    int status, i;
    pid_t pid = wait(&status);

    for (i = 0; i < PARALLEL; i++) {
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;

        if (jobs[i].pid != pid || pid <= 0)
            continue;
        if (code != PASSED && code != SKIPPED) {
            printf("FAILED %s\n", names[i]);
            show_report(jobs[i].report);
        }
        counts[code == PASSED ? 0 : code == SKIPPED ? 2 : 1]++;
        fclose(jobs[i].report);
        jobs[i].pid = 0;
        return i;
    }
    return -1;
}

int main(int argc, char **argv)
{
    struct setup s;
    struct job jobs[PARALLEL] = {{0}};
    char *names[PARALLEL] = {NULL};
    int counts[3] = {0}, running = 0, slot, i;
    struct paths p = {0};

    if (setup(&s, argc, argv))
        return 2;
    for (i = optind; i < argc; i++)
        add_paths(&p, argv[i]);
    sort_paths(&p);
    for (i = 0; i < (int)p.n || running; i += i < (int)p.n) {
        if (running == PARALLEL || i >= (int)p.n) {
            slot = finish(jobs, names, counts);
            running--;
        } else {
            slot = running;
        }
        if (slot < 0)
            return 2;
        if (i >= (int)p.n)
            continue;
        names[slot] = p.v[i];
        start(&s, p.v[i], &jobs[slot]);
        running++;
    }
    for (i = 0; i < (int)p.n; i++)
        free(p.v[i]);
    free(p.v);
    if (counts[2])
        printf("%d skipped: not root\n", counts[2]);
    printf("%d passed, %d failed\n", counts[0], counts[1]);
    return counts[1] || !counts[0] ? 1 : 0;
}
