// SPDX-License-Identifier: GPL-2.0-or-later
// Files are opened without blocking and read with a limit; a pipe is read once.
#include "runtime/sources/textfile.h"

#include "runtime/common/regular.h"
#include "runtime/common/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MAX (1u << 20)
#define LOOK_MS 100 // how often Ctrl-C is looked for: it is blocked, so it interrupts nothing

// NULL, or why it cannot be read to its end.
static const char *read_to_end(int fd, bool pipe, char *text, size_t *size)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    ssize_t n;

    for (*size = 0; *size <= TEXT_MAX;) {
        n = read(fd, text + *size, TEXT_MAX + 1 - *size);
        if (n > 0)
            *size += (size_t)n;
        else if (!n)
            return pipe && !*size ? "it is a pipe that nothing writes to" : NULL;
        else if (errno != EAGAIN && errno != EINTR)
            return strerror(errno);
        else if (nd_signals_pending())
            return "interrupted";
        else
            poll(&p, 1, LOOK_MS);
    }
    return "more than 1 MiB";
}

static const char *read_text(int fd, char *text, size_t *size)
{
    const char *why;
    struct stat st;

    if (fstat(fd, &st))
        return strerror(errno);
    if (!text)
        return strerror(ENOMEM);
    why = read_to_end(fd, S_ISFIFO(st.st_mode), text, size);
    if (why)
        return why;
    text[*size] = 0;
    return strlen(text) == *size ? NULL : "it is not text";
}

// A file or a pipe; nothing else is even opened, since opening a device already does something.
static int open_file(const char *path)
{
    int pin = nd_regular_pin(path, true), fd;
    char by_pin[32];
    struct stat st;

    if (pin < 0)
        return pin;
    fd = nd_regular_reopen(pin, &st);
    if (fd == -EINVAL && S_ISFIFO(st.st_mode)) {
        snprintf(by_pin, sizeof(by_pin), "/proc/self/fd/%d", pin);
        fd = open(by_pin, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
            fd = -errno;
    }
    close(pin);
    return fd;
}

char *nd_textfile_read(const char *path, size_t *size, const char **why)
{
    int fd = open_file(path);
    char *text, *less;

    if (fd < 0) {
        *why = fd == -EINVAL ? "it is not a file" : strerror(-fd);
        return NULL;
    }
    text = malloc(TEXT_MAX + 2);
    *why = read_text(fd, text, size);
    close(fd);
    if (*why) {
        free(text);
        return NULL;
    }
    less = realloc(text, *size + 1);
    return less ? less : text;
}

// ---- lines --------------------------------------------------------------------------------------

static void free_file(struct nd_textfile *f)
{
    free(f->name);
    free(f->text);
    free(f->lines);
    free(f);
}

void nd_textfiles_free(struct nd_textfile *list)
{
    while (list) {
        struct nd_textfile *next = list->next;

        free_file(list);
        list = next;
    }
}

// Splits the text; a last line needs no line break.
static int split(struct nd_textfile *f, size_t size)
{
    char *p = f->text, *end = f->text + size, *eol;
    uint32_t cap = 0;

    while (p < end) {
        if (f->n == cap) {
            char **more = realloc(f->lines, (cap = cap ? cap * 2 : 64) * sizeof(*more));

            if (!more)
                return -ENOMEM;
            f->lines = more;
        }
        eol = memchr(p, '\n', (size_t)(end - p));
        f->lines[f->n++] = p;
        if (eol)
            *eol = 0;
        if (eol && eol > p && eol[-1] == '\r')
            eol[-1] = 0;
        p = eol ? eol + 1 : end;
    }
    return 0;
}

const struct nd_textfile *nd_textfile_find(const struct nd_textfile *list, const char *name)
{
    while (list && strcmp(list->name, name) != 0)
        list = list->next;
    return list;
}

const struct nd_textfile *nd_textfile_open(struct nd_textfile **list, const char *name,
                                           const char **why)
{
    const struct nd_textfile *known = nd_textfile_find(*list, name);
    struct nd_textfile *f;
    size_t size = 0;

    if (known)
        return known;
    *why = NULL;
    f = calloc(1, sizeof(*f));
    if (f) {
        f->name = strdup(name);
        f->text = nd_textfile_read(name, &size, why);
    }
    if (!f || !f->name || !f->text || split(f, size)) {
        if (!*why)
            *why = strerror(ENOMEM);
        if (f)
            free_file(f);
        return NULL;
    }
    f->next = *list;
    *list = f;
    return f;
}
