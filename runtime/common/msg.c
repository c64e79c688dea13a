// SPDX-License-Identifier: GPL-2.0-or-later
// One write per message, so that lines of two processes do not mix.
#include "runtime/common/msg.h"

#include "runtime/common/printable.h"
#include "runtime/common/regular.h"

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A stopped terminal, or a pipe that nobody reads, must not stop the tracer.
static bool heard(void)
{
    struct pollfd pfd = {.fd = STDERR_FILENO, .events = POLLOUT};

    return poll(&pfd, 1, 500) > 0;
}

// What is quoted of others is made printable; line breaks and tabs are those of the format: if it
// has no break inside, then one in the text is not ours either.
__attribute__((format(printf, 1, 0))) static void put_text(const char *fmt, va_list ap,
                                                           struct nd_buf *out)
{
    size_t n = strlen(fmt), len;
    bool lines = n && memchr(fmt, '\n', n - 1);
    char text[4096], *p = text;

    vsnprintf(text, sizeof(text), fmt, ap);
    for (; *p; p++) {
        len = strcspn(p, "\t\n");
        nd_printable_put(p, len, out);
        p += len;
        if (!*p)
            break;
        if (*p == '\t' || lines || !p[1])
            nd_buf_put(out, p, 1);
        else
            nd_printable_put(p, 1, out);
    }
}

// One write.
static void say(struct nd_buf *b)
{
    if (b->v && heard())
        fputs(b->v, stderr);
    free(b->v);
}

void nd_msg(const char *fmt, ...)
{
    struct nd_buf b = {0};
    va_list ap;

    nd_buf_puts(&b, "ndtrace: ");
    va_start(ap, fmt);
    put_text(fmt, ap, &b);
    va_end(ap);
    nd_buf_put(&b, "\n", 1);
    say(&b);
}

void nd_msg_plain(const char *fmt, ...)
{
    struct nd_buf b = {0};
    va_list ap;

    va_start(ap, fmt);
    put_text(fmt, ap, &b);
    va_end(ap);
    say(&b);
}

// The script's text as a stream: the file, or what the manifest holds of a one-liner.
static FILE *open_script(const struct nd_mf *mf, const char *file)
{
    const char *text = nd_mf_str(mf, mf->h->text);
    int fd;

    if (strcmp(file, "-e") != 0) {
        fd = *file ? nd_regular_open(file, NULL) : -1; // an object names it
        return fd >= 0 ? fdopen(fd, "r") : NULL;
    }
    return *text ? fmemopen((void *)(uintptr_t)text, strlen(text), "r") : NULL;
}

#define WIDTH 160u // of a line that is shown

// A text that someone else wrote must not steer the terminal; a column for each byte that is not
// shown, so that the caret is in its place.
static void put_plain(const char *text, size_t n)
{
    size_t len;

    while (n) {
        len = nd_printable_span(text, n);
        fwrite(text, 1, len, stderr);
        text += len;
        n -= len;
        if (!n)
            break;
        fputc(*text == '\t' ? '\t' : '?', stderr);
        text++;
        n--;
    }
}

static void mark(const char *text, uint32_t line, uint32_t col, uint32_t len)
{
    uint32_t n = (uint32_t)strcspn(text, "\r\n"), from = 0, i;
    bool far = col > WIDTH && col <= n + 1;

    if (far)
        from = col - WIDTH / 2;
    fprintf(stderr, "%5u | %s", line, far ? "..." : "");
    put_plain(text + from, n - from < WIDTH ? n - from : WIDTH);
    fprintf(stderr, n - from > WIDTH ? "...\n" : "\n");
    if (!col || col > n + 1)
        return;
    fprintf(stderr, "      | %s", far ? "   " : "");
    for (i = from + 1; i < col; i++)
        fputc(text[i - 1] == '\t' ? '\t' : ' ', stderr);
    for (i = 0; i < (len ? len : 1) && col + i <= n + (i == 0); i++)
        fputc('^', stderr);
    fputc('\n', stderr);
}

void nd_msg_line(const struct nd_mf *mf, const char *file, uint32_t line, uint32_t col,
                 uint32_t len)
{
    char text[512];
    uint32_t n = 0;
    FILE *f;

    f = line ? open_script(mf, file) : NULL;
    if (!f)
        return;
    while (n < line && fgets(text, sizeof(text), f)) {
        if (strchr(text, '\n') || feof(f))
            n++;
        else if (n + 1 == line)
            n = line; // a very long line: its first part will do
    }
    fclose(f);
    if (n == line)
        mark(text, line, col, len);
}

void nd_msg_in(const char *file, const char *text, uint32_t line, uint32_t col, const char *why,
               size_t n)
{
    put_plain(file, strlen(file));
    fprintf(stderr, ":%u:%u: error: ", line, col);
    put_plain(why, n);
    fputc('\n', stderr);
    if (text)
        mark(text, line, col, 1);
}

void nd_msg_at(const struct nd_mf *mf, const struct nd_mf_span *span, const char *severity,
               const char *fmt, ...)
{
    const char *file = NULL;
    struct nd_buf b = {0};
    va_list ap;

    if (!heard())
        return;
    if (span && span->line && span->file < mf->h->nfiles) {
        file = nd_mf_str(mf, mf->words[mf->h->files + span->file]);
        nd_printable_put(file, strlen(file), &b);
        nd_buf_printf(&b, ":%u:%u: %s: ", span->line, span->col, severity);
    } else {
        nd_buf_printf(&b, "ndtrace: %s: ", severity);
    }
    va_start(ap, fmt);
    put_text(fmt, ap, &b);
    va_end(ap);
    nd_buf_put(&b, "\n", 1);
    say(&b);
    if (file)
        nd_msg_line(mf, file, span->line, span->col, span->len);
}
