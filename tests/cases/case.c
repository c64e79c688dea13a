// SPDX-License-Identifier: GPL-2.0-or-later
// Reads case files into sections and writes their scripts, those that are generated as well. Must
// not know the language. Serves the runner of cases.
#include "case.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const sections[SEC_MAX] = {
    [SEC_SCRIPT] = "script", [SEC_BOTH] = "both",     [SEC_ARGS] = "args",     [SEC_OUT] = "out",
    [SEC_ERR] = "err",       [SEC_STDERR] = "stderr", [SEC_STDOUT] = "stdout",
};

int setup(struct setup *s, int argc, char **argv)
{
    const char *build = "build", *facts = "tests/facts/base";
    char *full;
    int o;

    while ((o = getopt(argc, argv, "b:f:")) != -1) {
        if (o == 'b')
            build = optarg;
        else if (o == 'f')
            facts = optarg;
        else
            goto usage;
    }
    if (optind >= argc)
        goto usage;
    full = realpath(build, NULL);
    snprintf(s->build, sizeof(s->build), "%s", full ? full : build);
    free(full);
    full = realpath(facts, NULL);
    snprintf(s->facts, sizeof(s->facts), "%s", full ? full : facts);
    free(full);
    return 0;
usage:
    fprintf(stderr, "usage: run [-b BUILD] [-f FACTS] CASE...\n");
    return -1;
}

void add_paths(struct paths *p, const char *path)
{
    size_t len = strlen(path);
    struct dirent *e;
    DIR *d = opendir(path);

    if (!d) {
        if (p->n == p->cap) {
            p->cap = p->cap * 2 + 64;
            p->v = realloc(p->v, p->cap * sizeof(*p->v));
            if (!p->v)
                abort();
        }
        p->v[p->n] = realpath(path, NULL);
        if (!p->v[p->n])
            p->v[p->n] = strdup(path);
        p->n++;
        return;
    }
    while ((e = readdir(d))) {
        size_t n = strlen(e->d_name);
        char *sub;

        if (e->d_name[0] == '.' || asprintf(&sub, "%.*s/%s", (int)len, path, e->d_name) < 0)
            continue;
        if (e->d_type == DT_DIR || (n > 5 && !strcmp(e->d_name + n - 5, ".case")))
            add_paths(p, sub);
        free(sub);
    }
    closedir(d);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void sort_paths(struct paths *p)
{
    if (p->n)
        qsort(p->v, p->n, sizeof(*p->v), by_name);
}

static char *slurp(const char *path, size_t *n)
{
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t size;
    FILE *out;
    int c;

    if (!f)
        return NULL;
    out = open_memstream(&text, &size);
    while ((c = getc(f)) != EOF)
        putc(c, out);
    fclose(out);
    fclose(f);
    *n = size;
    return text;
}

// "--- name [word]": where its text goes; -1: a setting, -2: unknown.
static int heading(struct one_case *c, const char *line)
{
    char name[32] = "", word[64] = "";
    int i;

    sscanf(line, "--- %31s %63s", name, word);
    for (i = 0; i < SEC_MAX; i++) {
        if (strcmp(name, sections[i]))
            continue;
        if (i == SEC_SCRIPT && !strcmp(word, "bytes"))
            c->bytes = true;
        return i;
    }
    if (!strcmp(name, "exit"))
        c->exit_code = atoi(word);
    else if (!strcmp(name, "facts"))
        c->facts = strdup(word);
    else if (!strcmp(name, "when"))
        c->live = !strcmp(word, "live");
    else if (!strcmp(name, "unless"))
        c->unless = strdup(word);
    else if (!strcmp(name, "since"))
        c->since = strdup(word);
    else if (!strcmp(name, "generate"))
        c->generate = strdup(word);
    else
        return -2;
    return -1;
}

int read_case(const char *path, struct one_case *c, FILE *report)
{
    size_t size = 0;
    char *text = slurp(path, &size), *p, *next;
    FILE *out = NULL;
    int sec = -1;

    memset(c, 0, sizeof(*c));
    c->exit_code = -1;
    if (!text) {
        fprintf(report, "  %s: %s\n", path, strerror(errno));
        return -1;
    }
    for (p = text; p < text + size; p = next) {
        next = memchr(p, '\n', (size_t)(text + size - p));
        next = next ? next + 1 : text + size;
        if (strncmp(p, "--- ", 4)) {
            if (out)
                fwrite(p, 1, (size_t)(next - p), out);
            continue;
        }
        if (out)
            fclose(out);
        out = NULL;
        sec = heading(c, p);
        if (sec == -2 || (sec >= 0 && c->text[sec])) {
            fprintf(report, "  unknown or repeated section: %.*s", (int)(next - p), p);
            return -1;
        }
        if (sec >= 0)
            out = open_memstream(&c->text[sec], &c->size[sec]);
    }
    if (out)
        fclose(out);
    if (!c->text[SEC_ERR] && !c->text[SEC_OUT] && !c->text[SEC_STDOUT] && !c->text[SEC_STDERR]) {
        fprintf(report, "  nothing is expected\n");
        return -1;
    }
    free(text);
    return 0;
}

int write_file(const char *path, const char *data, size_t n)
{
    FILE *f = fopen(path, "w");
    bool ok = f && fwrite(data, 1, n, f) == n;

    return f && !fclose(f) && ok ? 0 : -1;
}

void remove_dir(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;

    while (d && (e = readdir(d))) {
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
            unlinkat(dirfd(d), e->d_name, e->d_type == DT_DIR ? AT_REMOVEDIR : 0);
    }
    if (d)
        closedir(d);
    rmdir(dir);
}

void split_args(char *text, char **argv)
{
    int n = 0;
    char *save = NULL, *w;

    for (w = text ? strtok_r(text, "\n", &save) : NULL; w && n < ARGS_MAX;
         w = strtok_r(NULL, "\n", &save))
        argv[n++] = w;
    argv[n] = NULL;
}

// ---- scripts ------------------------------------------------------------------------------------

static void fill(FILE *f, int n, const char *text)
{
    while (n-- > 0)
        fputs(text, f);
}

static void gen_binary(FILE *f)
{
    int i;

    for (i = 0; i < 65536; i++)
        putc(i * 2654435761u >> 13 & 0xff, f);
}

static void gen_nul(FILE *f)
{
    fputs("\177ELF\2\1\1", f);
    fill(f, 9, "");
    putc(0, f);
    fputs("more", f);
}

static void gen_parens(FILE *f)
{
    fputs("BEGIN { $x = ", f);
    fill(f, 10000, "(");
    fputs("1", f);
    fill(f, 10000, ")");
    fputs(" }\n", f);
}

static void gen_blocks(FILE *f)
{
    fputs("BEGIN ", f);
    fill(f, 10000, "{ ");
    fill(f, 10000, "} ");
}

static void gen_minus(FILE *f)
{
    fputs("BEGIN { $x = ", f);
    fill(f, 10000, "- ");
    fputs("1 }\n", f);
}

static void gen_sum(FILE *f)
{
    fputs("BEGIN { $x = 1", f);
    fill(f, 10000, "+1");
    fputs(" }\n", f);
}

static void gen_elseif(FILE *f)
{
    fputs("BEGIN { ", f);
    fill(f, 5000, "if 1 { } else ");
    fputs("{ } }\n", f);
}

static void gen_spaces(FILE *f)
{
    fputs("BEGIN { $x = 1;", f);
    fill(f, 1000000, " ");
    fputs("foo(); }\n", f);
}

static void gen_longname(FILE *f)
{
    fputs("BEGIN { print(", f);
    fill(f, 1000000, "x");
    fputs("); }\n", f);
}

static void gen_longcomment(FILE *f)
{
    fputs("BEGIN { exit(); } /* ", f);
    fill(f, 1000000, "x");
    fputs(" */\n", f);
}

static void gen_errors(FILE *f)
{
    int i;

    fputs("BEGIN {\n", f);
    for (i = 0; i < 25; i++)
        fprintf(f, "  print(x%d);\n", i);
    fputs("}\n", f);
}

static void gen_empty(FILE *f)
{
    (void)f;
}

static const struct {
    const char *name;
    void (*fn)(FILE *f);
} generators[] = {
    {"empty", gen_empty},   {"binary", gen_binary},     {"nul", gen_nul},
    {"parens", gen_parens}, {"blocks", gen_blocks},     {"minus", gen_minus},
    {"sum", gen_sum},       {"elseif", gen_elseif},     {"spaces", gen_spaces},
    {"errors", gen_errors}, {"longname", gen_longname}, {"longcomment", gen_longcomment},
};

static void decode_bytes(char *text, size_t *size)
{
    size_t from, to = 0;

    for (from = 0; from < *size; from++) {
        unsigned int byte;
        int used = 0;

        if (text[from] == '<' && sscanf(text + from, "<%2x>%n", &byte, &used) == 1 && used == 4) {
            text[to++] = (char)byte;
            from += 3;
        } else {
            text[to++] = text[from];
        }
    }
    *size = to;
}

int make_script(struct one_case *c, FILE *report)
{
    size_t i;
    FILE *f;

    if (c->bytes)
        decode_bytes(c->text[SEC_SCRIPT], &c->size[SEC_SCRIPT]);
    if (!c->generate)
        return c->text[SEC_SCRIPT] ? write_file("case.nd", c->text[SEC_SCRIPT], c->size[SEC_SCRIPT])
               : c->text[SEC_BOTH] ? 0
                                   : -1;
    for (i = 0; i < sizeof(generators) / sizeof(generators[0]); i++) {
        if (strcmp(generators[i].name, c->generate))
            continue;
        f = fopen("case.nd", "w");
        if (!f)
            return -1;
        generators[i].fn(f);
        return fclose(f);
    }
    if (!strcmp(c->generate, "nothing")) // there is no file at all
        return 0;
    fprintf(report, "  no generator '%s'\n", c->generate);
    return -1;
}
