// SPDX-License-Identifier: GPL-2.0-or-later
// A case file taken apart, the child that runs it, and the comparisons. Must not know the language.
// Serves the runner of cases.
#ifndef ND_CASE_H
#define ND_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { ARGS_MAX = 32 };

enum section {
    SEC_SCRIPT,
    SEC_BOTH,
    SEC_ARGS,
    SEC_OUT,
    SEC_ERR,
    SEC_STDERR,
    SEC_STDOUT,
    SEC_MAX,
};

struct one_case {
    char *text[SEC_MAX]; // NULL: no such section
    size_t size[SEC_MAX];
    bool bytes;     // the script has <NN> for the byte NN
    bool live;      // needs root and BPF
    int exit_code;  // -1: not said
    char *facts;    // "base" or "none"
    char *unless;   // feature of the kernel without which it may be too long
    char *since;    // a kernel before this release may say that it lacks something
    char *generate; // name of a generated script
};

struct setup {
    char build[400];
    char facts[400];
};

struct outcome {
    char *out, *err;
    int status;
    bool timeout;
};

struct paths {
    char **v;
    size_t n, cap;
};

// case.c
int setup(struct setup *s, int argc, char **argv);
void add_paths(struct paths *p, const char *path);
void sort_paths(struct paths *p);
int read_case(const char *path, struct one_case *c, FILE *report);
int make_script(struct one_case *c, FILE *report);
int write_file(const char *path, const char *data, size_t n);
void remove_dir(const char *dir);
void split_args(char *text, char **argv);

// child.c
void run_child(char *const argv[], struct outcome *o);

// compare.c: 0 if it is as wanted, else 1 after a report
int expect_status(const struct outcome *o, int want, FILE *report);
int compare(const char *what, const char *want, const char *have, FILE *report);
int contains(const char *what, const char *want, const char *have, FILE *report);
bool has_errors(const struct one_case *c);
int compare_diagnostics(const struct one_case *c, const char *json, FILE *report);

#endif
