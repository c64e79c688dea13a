// SPDX-License-Identifier: GPL-2.0-or-later
// Looks options up by their flags.
#include "runtime/common/options.h"

#include <stdlib.h>
#include <string.h>

bool nd_options_flag_is(const char *flag, const char *word, size_t n)
{
    size_t i;

    for (i = 0; i < n && flag[i]; i++) {
        char a = flag[i] == '_' ? '-' : flag[i], b = word[i] == '_' ? '-' : word[i];

        if (a != b)
            return false;
    }
    return i == n && !flag[i];
}

const void *nd_options_value(const struct nd_mf *mf, const struct nd_options *o, const char *flag,
                             uint32_t kind)
{
    uint32_t i, n;

    for (i = 0; i < mf->noptions; i++) {
        const struct nd_mf_option *d = &mf->options[i];

        if (d->kind != kind || !nd_options_flag_is(nd_mf_str(mf, d->flag), flag, strlen(flag)))
            continue;
        memcpy(&n, o->data + d->count_off, sizeof(n));
        return n ? o->data + d->off : NULL;
    }
    return NULL;
}

void nd_options_scope(const struct nd_mf *mf, const struct nd_options *o,
                      const struct nd_mf_scope *s)
{
    if (mf->h->opts_size >= sizeof(*s))
        memcpy(o->data, s, sizeof(*s));
}

struct nd_mf_scope nd_options_scope_of(const struct nd_mf *mf, const struct nd_options *o)
{
    struct nd_mf_scope s = {0};

    if (mf->h->opts_size >= sizeof(s))
        memcpy(&s, o->data, sizeof(s));
    return s;
}

void nd_options_free(struct nd_options *o)
{
    uint32_t i;

    for (i = 0; o->texts && i < o->n; i++)
        free(o->texts[i]);
    free(o->texts);
    free(o->names);
    free(o->values);
    free(o->data);
    memset(o, 0, sizeof(*o));
}
