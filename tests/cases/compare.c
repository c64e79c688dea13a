// SPDX-License-Identifier: GPL-2.0-or-later
// Comparisons of a case: text with a line by line difference, diagnostics as "LINE:COL+LEN CODE
// text". Must not know how the output came to be. Serves the runner of cases.
#include "case.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

int expect_status(const struct outcome *o, int want, FILE *report)
{
    if (o->timeout) {
        fprintf(report, "  did not end within 10 s\n");
        return 1;
    }
    if (!WIFEXITED(o->status)) {
        fprintf(report, "  ended by signal %d\n", WTERMSIG(o->status));
        return 1;
    }
    if (WEXITSTATUS(o->status) == want)
        return 0;
    fprintf(report, "  exit code %d, wanted %d\n", WEXITSTATUS(o->status), want);
    return 1;
}

static size_t line_len(const char *s)
{
    return strcspn(s, "\n");
}

static const char *next_line(const char *s)
{
    s += line_len(s);
    return *s ? s + 1 : s;
}

// Lines that differ after the equal ones at both ends are cut off.
static void diff(const char *want, const char *have, FILE *report)
{
    while (*want && *have && line_len(want) == line_len(have) &&
           !memcmp(want, have, line_len(want)) && want[line_len(want)] == have[line_len(have)]) {
        want = next_line(want);
        have = next_line(have);
    }
    for (; *want; want = next_line(want))
        fprintf(report, "  - %.*s\n", (int)line_len(want), want);
    for (; *have; have = next_line(have))
        fprintf(report, "  + %.*s\n", (int)line_len(have), have);
}

int compare(const char *what, const char *want, const char *have, FILE *report)
{
    if (!strcmp(want, have))
        return 0;
    fprintf(report, "  %s differs (- wanted, + got):\n", what);
    diff(want, have, report);
    return 1;
}

int contains(const char *what, const char *want, const char *have, FILE *report)
{
    int bad = 0;

    for (; want && *want; want = next_line(want)) {
        char *line = strndup(want, line_len(want));

        if (*line && !strstr(have, line)) {
            fprintf(report, "  not on %s: %s\n", what, line);
            bad = 1;
        }
        free(line);
    }
    return bad;
}

bool has_errors(const struct one_case *c)
{
    const char *s = c->text[SEC_ERR];

    for (; s && *s; s = next_line(s)) {
        const char *code = memchr(s, ' ', line_len(s));

        if (*s != ' ' && code && code[1] == 'E')
            return true;
        if (!strncmp(s, "more ", 5))
            return true;
    }
    return false;
}

// The value of a member of one line of JSON, unescaped into buf; NULL if there is none.
static const char *member(const char *json, const char *end, const char *name, char *buf,
                          size_t size)
{
    char key[32];
    const char *p;
    size_t n = 0;

    snprintf(key, sizeof(key), "\"%s\":", name);
    p = strstr(json, key);
    if (!p || p > end)
        return NULL;
    p += strlen(key);
    if (*p != '"') {
        for (; *p >= '0' && *p <= '9' && n + 1 < size; p++)
            buf[n++] = *p;
        buf[n] = 0;
        return buf;
    }
    for (p++; *p && *p != '"' && n + 1 < size; p++) {
        if (*p == '\\' && p[1] == 'u') {
            buf[n++] = (char)strtol(p + 4, NULL, 16);
            p += 5;
            continue;
        }
        p += *p == '\\';
        buf[n++] = *p;
    }
    buf[n] = 0;
    return buf;
}

static void print_notes(const char *json, const char *end, FILE *out)
{
    const char *p = strstr(json, "\"notes\":[");
    char text[1024];

    for (; p && p < end && (p = strstr(p, "\"text\":")) && p < end; p += 7) {
        if (member(p, end, "text", text, sizeof(text)))
            fprintf(out, "  = %s\n", text);
    }
}

// One line of JSON as one line of a case; its notes follow if the case names notes.
// A wanted line "~ CODE" stands for any place and text.
static void print_diagnostic(const char *json, const char *end, bool notes, bool any, FILE *out)
{
    char line[16], col[16], len[16], code[16], text[2048];

    if (!member(json, end, "text", text, sizeof(text))) {
        fprintf(out, "%.*s\n", (int)(end - json), json); // no JSON: shown as it is
        return;
    }
    if (!member(json, end, "code", code, sizeof(code))) {
        fprintf(out, "more %s\n", text);
        return;
    }
    if (any) {
        fprintf(out, "~ %s\n", code);
        return;
    }
    if (strstr(json, "\"notes\":") &&
        member(json, strstr(json, "\"text\":"), "line", line, sizeof(line))) {
        member(json, end, "col", col, sizeof(col));
        member(json, end, "len", len, sizeof(len));
        fprintf(out, "%s:%s+%s %s %s\n", line, col, len, code, text);
    } else {
        fprintf(out, "- %s %s\n", code, text);
    }
    if (notes)
        print_notes(json, end, out);
}

int compare_diagnostics(const struct one_case *c, const char *json, FILE *report)
{
    const char *want = c->text[SEC_ERR], *w = want;
    bool notes = strstr(want, "\n  = ") != NULL;
    char *have = NULL;
    size_t size;
    FILE *out = open_memstream(&have, &size);
    int bad;

    for (; *json; json = next_line(json)) {
        char *line = strndup(json, line_len(json));

        print_diagnostic(line, line + strlen(line), notes, *w == '~', out);
        free(line);
        do
            w = next_line(w);
        while (*w == ' ');
    }
    fclose(out);
    bad = compare("err", want, have, report);
    free(have);
    return bad;
}
