// SPDX-License-Identifier: GPL-2.0-or-later
// One write per message, so that lines of two processes do not mix.
#include "msg.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void nd_msg(const char *fmt, ...)
{
    char text[4096];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    fprintf(stderr, "ndtrace: %s\n", text);
}

// The script's text as a stream: the file, or what the manifest holds of a one-liner.
static FILE *open_script(const struct nd_mf *mf, const char *file)
{
    const char *text = nd_mf_str(mf, mf->h->text);

    if (strcmp(file, "-e") != 0)
        return *file ? fopen(file, "re") : NULL;
    return *text ? fmemopen((void *)(uintptr_t)text, strlen(text), "r") : NULL;
}

void nd_msg_line(const struct nd_mf *mf, const char *file, uint32_t line, uint32_t col,
                 uint32_t len)
{
    char text[512];
    uint32_t n = 0, i;
    FILE *f;

    f = line ? open_script(mf, file) : NULL;
    if (!f)
        return;
    while (n < line && fgets(text, sizeof(text), f)) {
        if (strchr(text, '\n') || feof(f))
            n++;
        else if (n + 1 == line)
            break; // a very long line: its first part will do
    }
    fclose(f);
    if (n + 1 < line)
        return;
    text[strcspn(text, "\r\n")] = 0;
    fprintf(stderr, "%5u | %s\n", line, text);
    if (!col || col > strlen(text) + 1)
        return;
    fprintf(stderr, "      | ");
    for (i = 1; i < col; i++)
        fputc(text[i - 1] == '\t' ? '\t' : ' ', stderr);
    for (i = 0; i < (len ? len : 1) && col + i <= strlen(text) + (i == 0); i++)
        fputc('^', stderr);
    fputc('\n', stderr);
}

void nd_msg_at(const struct nd_mf *mf, const struct nd_mf_span *span, const char *severity,
               const char *fmt, ...)
{
    const char *file;
    char text[4096];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (!span || !span->line || span->file >= mf->h->nfiles) {
        fprintf(stderr, "ndtrace: %s: %s\n", severity, text);
        return;
    }
    file = nd_mf_str(mf, mf->words[mf->h->files + span->file]);
    fprintf(stderr, "%s:%u:%u: %s: %s\n", file, span->line, span->col, severity, text);
    nd_msg_line(mf, file, span->line, span->col, span->len);
}
