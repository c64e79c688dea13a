// SPDX-License-Identifier: GPL-2.0-or-later
// Optimal string alignment, a row at a time.
#include "runtime/common/near.h"

#include <string.h>

#define MAX_NAME 96 // longer names are not compared

static uint32_t min3(uint32_t a, uint32_t b, uint32_t c)
{
    return a < b ? (a < c ? a : c) : (b < c ? b : c);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

// Optimal string alignment: insert, delete, replace, swap two neighbours; cases do not differ.
static uint32_t distance(const char *a, size_t na, const char *b, size_t nb)
{
    uint32_t rows[3][MAX_NAME + 1], *old = rows[0], *last = rows[1], *row = rows[2];

    for (size_t j = 0; j <= nb; j++)
        last[j] = old[j] = (uint32_t)j;
    for (size_t i = 1; i <= na; i++) {
        uint32_t *t = old;

        row[0] = (uint32_t)i;
        for (size_t j = 1; j <= nb; j++) {
            uint32_t differ = lower(a[i - 1]) != lower(b[j - 1]);

            row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + differ);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]) && old[j - 2] + 1 < row[j])
                row[j] = old[j - 2] + 1;
        }
        old = last;
        last = row;
        row = t;
    }
    return last[nb];
}

void nd_near_try(struct nd_near *near, const char *candidate)
{
    size_t n = strlen(near->name), m = strlen(candidate), most = (n + 2) / 3;
    uint32_t d, at, cap = sizeof(near->best) / sizeof(near->best[0]);

    if (!n || n > MAX_NAME || m > MAX_NAME || (n > m ? n - m : m - n) > most)
        return;
    d = distance(near->name, n, candidate, m);
    if (d > most || d >= m)
        return;
    for (at = 0; at < near->n; at++)
        if (!strcmp(near->best[at], candidate))
            return;
    for (at = near->n; at && near->dist[at - 1] > d; at--)
        ;
    if (at == cap)
        return;
    if (near->n < cap)
        near->n++;
    for (uint32_t i = near->n - 1; i > at; i--) {
        near->best[i] = near->best[i - 1];
        near->dist[i] = near->dist[i - 1];
    }
    near->best[at] = candidate;
    near->dist[at] = d;
}
