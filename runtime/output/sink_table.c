// SPDX-License-Identifier: GPL-2.0-or-later
// A table as text: columns as wide as their cells, in as many characters as there are. Must not
// know where cells come from. Serves sink_text.c.
#include "runtime/common/manifest.h"
#include "runtime/output/sink_impl.h"

#include <string.h>

#define LEAST 8u     // characters of a text that is cut
#define COLUMNS 256u // more are not printed
#define CUT "…"

static bool starts(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

// Characters, not bytes, so that columns with names beyond ASCII line up.
static size_t characters(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += starts(*s);
    return n;
}

static size_t column_width(const struct nd_sink_table *t, uint32_t col)
{
    size_t w = t->no_head && !t->nrows ? 0 : characters(t->heads[col]);
    uint32_t r;

    if (t->least && t->least[col] > w)
        w = t->least[col];
    for (r = 0; r < t->nrows; r++) {
        size_t n = characters(t->cells[(size_t)r * t->ncols + col]);

        w = n > w ? n : w;
    }
    return w;
}

// Texts become shorter, the last ones first, until a line fits; numbers are never cut.
static void fit(const struct nd_sink *s, const struct nd_sink_table *t, size_t *width, uint32_t n)
{
    size_t all = t->gap * (n - 1), cut;
    uint32_t c;

    for (c = 0; c < n; c++)
        all += width[c];
    for (c = n; s->columns && c-- > 0 && all > s->columns;) {
        if (t->numeric[c] || width[c] <= LEAST)
            continue;
        cut = all - s->columns < width[c] - LEAST ? all - s->columns : width[c] - LEAST;
        width[c] -= cut;
        all -= cut;
    }
}

// The first n characters, of which the last one says that there are more.
static void put_cut(struct nd_buf *out, const char *s, size_t n)
{
    const char *end = s;
    size_t k = 0;

    for (; *end; end++) {
        k += starts(*end);
        if (k == n)
            break;
    }
    nd_buf_put(out, s, (size_t)(end - s));
    nd_buf_puts(out, CUT);
}

// gap: blanks after it; 0: it is the last one. sgr: what tells a terminal the colour; NULL: none.
static void put_cell(struct nd_sink *s, const char *cell, size_t width, bool right, uint32_t gap,
                     const char *sgr)
{
    size_t n = characters(cell), pad = n < width ? width - n : 0;

    if (right)
        nd_buf_fill(&s->out, ' ', pad);
    if (sgr)
        nd_buf_puts(&s->out, sgr);
    if (n > width)
        put_cut(&s->out, cell, width);
    else
        nd_buf_puts(&s->out, cell);
    if (sgr)
        nd_buf_puts(&s->out, "\033[0m");
    if (!right && gap)
        nd_buf_fill(&s->out, ' ', pad);
    nd_buf_fill(&s->out, ' ', gap);
    while (!gap && s->out.n && s->out.v[s->out.n - 1] == ' ') // an empty cell
        s->out.n--;
    if (!gap)
        nd_buf_puts(&s->out, "\n");
}

static const char *color_of(const struct nd_sink *s, const struct nd_sink_table *t, uint32_t row,
                            uint32_t col)
{
    static const char *const sgr[1 << ND_COL_LEVELS] = {NULL, "\033[33m", "\033[31m", "\033[31m"};

    if (!s->color || !t->levels || col >= 64 / ND_COL_LEVELS)
        return NULL;
    return sgr[t->levels[row] >> (ND_COL_LEVELS * col) & ((1 << ND_COL_LEVELS) - 1)];
}

void nd_sink_text_table(struct nd_sink *s, const struct nd_sink_table *t)
{
    size_t width[COLUMNS];
    uint32_t c, r, n = t->ncols < COLUMNS ? t->ncols : COLUMNS;

    for (c = 0; c < n; c++)
        width[c] = column_width(t, c);
    fit(s, t, width, n);
    for (c = 0; c < n && !t->no_head; c++)
        put_cell(s, t->heads[c], width[c], t->numeric[c], c + 1 == n ? 0 : t->gap, NULL);
    for (r = 0; r < t->nrows; r++) {
        for (c = 0; c < n; c++)
            put_cell(s, t->cells[(size_t)r * t->ncols + c], width[c], t->numeric[c],
                     c + 1 == n ? 0 : t->gap, color_of(s, t, r, c));
    }
}
