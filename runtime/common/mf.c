// SPDX-License-Identifier: GPL-2.0-or-later
// Opens a manifest: nothing in it is trusted before it was compared with the sizes around it.
// Must not know the kernel. Serves the whole runtime.
#include "runtime/common/mf.h"

#include "runtime/common/mf_impl.h"
#include "runtime/common/probekinds.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

#define MAX_STATE (1u << 20)

static const uint8_t elem_size[ND_SEC_MAX] = {ND_MF_SECTIONS(ND_MF_SEC_SIZE)};

static const char *check_header(const void *data, size_t size)
{
    const struct nd_mf_header *h = data;
    const size_t skip = offsetof(struct nd_mf_header, checksum) + sizeof(h->checksum);
    int i;

    if (size < sizeof(*h) || (uintptr_t)data % 8)
        return "too short";
    if (h->magic != ND_MF_MAGIC)
        return "not made by ndtrace-compile, or made on a machine with another byte order";
    if (h->version != ND_MF_VERSION)
        return "made by another version of ndtrace-compile; compile the script again";
    if (h->size < sizeof(*h) || h->size > size)
        return "truncated";
    if (crc32(0, (const uint8_t *)data + skip, (uInt)(h->size - skip)) != h->checksum)
        return "damaged (checksum)";
    for (i = 0; i < ND_SEC_MAX; i++) {
        if (h->sec[i].off % 8 || h->sec[i].off > h->size ||
            h->sec[i].count > (h->size - h->sec[i].off) / elem_size[i])
            return "a section lies outside the manifest";
    }
    return NULL;
}

static void fill(struct nd_mf *mf, const void *data)
{
    const struct nd_mf_header *h = data;
    const uint8_t *p = data;

#define SEC(name, id, type)                                      \
    mf->name = (const type *)(const void *)(p + h->sec[id].off); \
    mf->n##name = h->sec[id].count
    mf->h = h;
    SEC(strings, ND_SEC_STRINGS, char);
    SEC(types, ND_SEC_TYPES, struct nd_mf_type);
    SEC(fields, ND_SEC_FIELDS, struct nd_mf_field);
    SEC(enumerators, ND_SEC_ENUMERATORS, struct nd_mf_enumerator);
    SEC(maps, ND_SEC_MAPS, struct nd_mf_map);
    SEC(progs, ND_SEC_PROGS, struct nd_mf_prog);
    SEC(attaches, ND_SEC_ATTACHES, struct nd_mf_attach);
    SEC(events, ND_SEC_EVENTS, struct nd_mf_event);
    SEC(options, ND_SEC_OPTIONS, struct nd_mf_option);
    SEC(sites, ND_SEC_SITES, struct nd_mf_site);
    SEC(hooks, ND_SEC_HOOKS, struct nd_mf_hook);
    SEC(funcs, ND_SEC_FUNCS, struct nd_mf_func);
    SEC(code, ND_SEC_CODE, struct nd_mf_insn);
    SEC(consts, ND_SEC_CONSTS, uint64_t);
    SEC(words, ND_SEC_WORDS, uint32_t);
    SEC(blob, ND_SEC_BLOB, uint8_t);
    SEC(needs, ND_SEC_NEEDS, struct nd_mf_need);
    SEC(paths, ND_SEC_PATHS, struct nd_mf_path);
    SEC(absent, ND_SEC_ABSENT, struct nd_mf_absent);
    SEC(tables, ND_SEC_TABLES, struct nd_mf_table);
    SEC(columns, ND_SEC_COLUMNS, struct nd_mf_column);
#undef SEC
}

static const char *check_globals(const struct nd_mf *mf)
{
    const struct nd_mf_header *h = mf->h;

    if (!mf->nstrings || mf->strings[0] || mf->strings[mf->nstrings - 1])
        return "its strings are not terminated";
    if (!nd_mf_str_ok(mf, h->script) || !nd_mf_str_ok(mf, h->title) ||
        !nd_mf_str_ok(mf, h->notes) || !nd_mf_str_ok(mf, h->kernel) || !nd_mf_str_ok(mf, h->text) ||
        !nd_mf_str_ok(mf, h->build))
        return "a string of the header is out of range";
    if (!nd_mf_strings_ok(mf, h->files, h->nfiles))
        return "its file names are out of range";
    if (h->state_size > MAX_STATE || h->opts_size > MAX_STATE)
        return "its state is too large";
    if (h->ring_bytes > ND_RING_MOST)
        return "its event buffer is too large";
    if (h->words_size % 8 || h->words_size > h->state_size || h->opts_size % 8)
        return "its words of state or options are out of range";
    if (h->exit_off != ND_MF_NONE && (h->exit_off % 8 || h->exit_off + 8ull > h->state_size))
        return "its exit word is out of range";
    return NULL;
}

static const char *check_map(const struct nd_mf *mf, const struct nd_mf_map *m)
{
    bool data = m->kind != ND_MAP_STACK && m->kind != ND_MAP_SCRATCH;
    uint32_t off, i;

    if (m->kind > ND_MAP_USER || !nd_mf_str_ok(mf, m->name) || !nd_mf_str_ok(mf, m->title) ||
        !nd_mf_str_ok(mf, m->sym) || !nd_mf_str_ok(mf, m->sym2) || !nd_mf_span_ok(mf, &m->span))
        return "a map's kind or name is out of range";
    if (m->key_type != ND_MF_NONE && m->key_type >= mf->ntypes)
        return "a map's key type is out of range";
    if (m->size_opt > mf->noptions ||
        (m->size_opt && mf->options[m->size_opt - 1].kind != ND_OPT_INT))
        return "a map's size does not name a number";
    if (m->size_if > mf->noptions ||
        (m->size_if && mf->options[m->size_if - 1].kind != ND_OPT_BOOL))
        return "a map's size does not depend on a flag";
    if (m->val_type >= mf->ntypes && (data || m->val_type != ND_MF_NONE))
        return "a map's value type is out of range";
    if (m->key_type != ND_MF_NONE && !mf->types[m->key_type].size)
        return "a map's key has no size";
    if (data && (!mf->types[m->val_type].size ||
                 (m->key_type == ND_MF_NONE) != !!(m->flags & ND_MAPF_SCALAR)))
        return "a map's key and value do not fit its kind";
    if (data && (m->kind == ND_MAP_ARRAY || m->kind == ND_MAP_PERCPUARRAY) &&
        m->key_type != ND_MF_NONE)
        return "an array map with a key";
    if ((m->flags & ND_MAPF_GEN) &&
        (!data || m->gen_off % 4 || m->gen_off + 4ull > mf->h->state_size))
        return "a map's generation word is out of range";
    if ((m->flags & ND_MAPF_GEN) && (mf->h->flags & ND_MF_SPLIT) &&
        (m->gen_off % 8 || m->gen_off + 8ull > mf->h->words_size))
        return "a map's generation word is not one of the runtime's";
    if (m->pop_off && !data)
        return "a map's count of entries does not belong to a map";
    for (i = 0; i < 3; i++) {
        off = i ? m->pop_less[i - 1] : m->pop_off;
        if (off && (off % 8 || off + 8ull > mf->h->state_size))
            return "a map's count of entries is out of range";
    }
    return NULL;
}

static const char *check_prog(const struct nd_mf *mf, const struct nd_mf_prog *p)
{
    uint32_t i;

    if (p->type >= ND_PROG_TYPE_MAX || !nd_mf_str_ok(mf, p->name) ||
        !nd_mf_str_ok(mf, p->btf_name) || !nd_mf_str_ok(mf, p->direct) ||
        !nd_mf_span_ok(mf, &p->span) || !nd_mf_span_ok(mf, &p->host_pid))
        return "a program's type or name is out of range";
    if (!nd_mf_run_ok(p->first, p->count, mf->nattaches))
        return "a program's attach points are out of range";
    if (p->when != ND_MF_NONE && (p->when >= mf->nfuncs || mf->funcs[p->when].nparams))
        return "a program's condition is out of range";
    for (i = 0; i < p->count; i++) {
        const struct nd_mf_attach *a = &mf->attaches[p->first + i];

        if (a->kind >= ND_AT_KIND_MAX || !(nd_kind_of_attach[a->kind].progs >> p->type & 1))
            return "a program cannot be attached this way";
    }
    return NULL;
}

// Becomes part of a path in tracefs: `category`, `event`, with a colon between both if `pair`.
static bool is_event(const char *name, bool pair)
{
    size_t i;

    for (i = 0; name[i]; i++) {
        bool letter = (name[i] | 32) >= 'a' && (name[i] | 32) <= 'z';

        if (!letter && !(name[i] >= '0' && name[i] <= '9') && name[i] != '_' && name[i] != '-' &&
            !(name[i] == ':' && pair && i) && !(name[i] == '.' && i))
            return false;
    }
    return i && i < 200;
}

static const char *check_attach(const struct nd_mf *mf, const struct nd_mf_attach *a)
{
    if (a->kind >= ND_AT_KIND_MAX || !nd_mf_str_ok(mf, a->spec) || !nd_mf_str_ok(mf, a->s0) ||
        !nd_mf_str_ok(mf, a->s1) || !nd_mf_span_ok(mf, &a->span))
        return "an attach point's kind or name is out of range";
    if (a->flags & ND_ATF_OPTION &&
        (!nd_kind_attaches(a->kind, ND_AF_FILE) || a->num >= mf->noptions ||
         mf->options[a->num].kind != ND_OPT_PATH))
        return "an attach point does not name an option of type path";
    if (a->kind == ND_AT_TRACEPOINT &&
        (!is_event(nd_mf_str(mf, a->s0), false) || !is_event(nd_mf_str(mf, a->s1), false)))
        return "an attach point does not name a trace event";
    if (nd_kind_attaches(a->kind, ND_AF_PERIOD) && !a->num)
        return "an attach point with a period of zero";
    return NULL;
}

static const uint16_t opt_size[ND_OPT_KIND_MAX] = {
    [ND_OPT_INT] = 8,     [ND_OPT_BOOL] = 8,  [ND_OPT_STRING] = 64, [ND_OPT_DURATION] = 8,
    [ND_OPT_IFNAME] = 24, [ND_OPT_IP] = 16,   [ND_OPT_PREFIX] = 20, [ND_OPT_MAC] = 6,
    [ND_OPT_PORT] = 2,    [ND_OPT_PROTO] = 1, [ND_OPT_PID] = 4,     [ND_OPT_PATH] = 256,
    [ND_OPT_ENUM] = 8,    [ND_OPT_USECS] = 8, [ND_OPT_MSECS] = 8,
};

static bool word_ok(const struct nd_mf *mf, uint32_t off)
{
    return off % 4 == 0 && off >= sizeof(struct nd_mf_scope) && off + 4ull <= mf->h->opts_size;
}

static const char *check_option(const struct nd_mf *mf, const struct nd_mf_option *o)
{
    if (o->kind >= ND_OPT_KIND_MAX || !nd_mf_str_ok(mf, o->name) || !nd_mf_str_ok(mf, o->flag) ||
        !nd_mf_str_ok(mf, o->help) || !nd_mf_str_ok(mf, o->def_text) ||
        !nd_mf_span_ok(mf, &o->span))
        return "an option's kind or name is out of range";
    if (o->type >= mf->ntypes || mf->types[o->type].size > o->stride ||
        o->stride < opt_size[o->kind] || !o->cap)
        return "an option's value does not fit its type";
    if (o->off < sizeof(struct nd_mf_scope) ||
        o->off + (uint64_t)o->stride * o->cap > mf->h->opts_size || !word_ok(mf, o->given_off) ||
        !word_ok(mf, o->count_off))
        return "an option's place is out of range";
    if (o->ndef > o->cap || o->def + (uint64_t)o->ndef * o->stride > mf->nblob)
        return "an option's default is out of range";
    if (!nd_mf_strings_ok(mf, o->alias, o->nalias) || !nd_mf_strings_ok(mf, o->names, o->nnames))
        return "an option's names are out of range";
    if (!nd_mf_str_ok(mf, o->key) ||
        (o->file != ND_MF_NONE &&
         (o->file >= mf->noptions || mf->options[o->file].kind != ND_OPT_PATH ||
          !(o->flags & ND_OPTF_LIST))))
        return "an option's file is out of range";
    return NULL;
}

static const char *check_event(const struct nd_mf *mf, const struct nd_mf_event *e)
{
    if (!nd_mf_str_ok(mf, e->name) || !nd_mf_span_ok(mf, &e->span) || e->type >= mf->ntypes ||
        mf->types[e->type].kind != ND_T_STRUCT)
        return "an event's type or name is out of range";
    if (e->func != ND_MF_NONE && (e->func >= mf->nfuncs || mf->funcs[e->func].nparams > 1))
        return "an event's handler is out of range";
    return e->site == ND_MF_NONE || e->site < mf->nsites ? NULL : "an event's site is out of range";
}

static const char *check_site(const struct nd_mf *mf, const struct nd_mf_site *s)
{
    if (s->kind >= ND_SITE_KIND_MAX ||
        (s->counter_off != ND_MF_NONE &&
         (s->counter_off % 8 || s->counter_off + 8ull > mf->h->state_size)) ||
        !nd_mf_span_ok(mf, &s->span) || (s->map != ND_MF_NONE && s->map >= mf->nmaps))
        return "a loss counter is out of range";
    return NULL;
}

static const char *check_hook(const struct nd_mf *mf, const struct nd_mf_hook *h)
{
    if (h->kind > ND_HOOK_EVERY || h->func >= mf->nfuncs || mf->funcs[h->func].nparams ||
        !nd_mf_span_ok(mf, &h->span))
        return "a hook is out of range";
    if (h->period_opt != ND_MF_NONE &&
        (h->period_opt >= mf->noptions || mf->options[h->period_opt].kind != ND_OPT_DURATION))
        return "a hook's period does not name a duration";
    if (h->kind == ND_HOOK_EVERY && h->period_opt == ND_MF_NONE && !h->period)
        return "a hook with a period of zero";
    return NULL;
}

// Records are looked into by offsets, and go to user code as its one parameter.
static const char *check_path(const struct nd_mf *mf, const struct nd_mf_path *d)
{
    uint32_t i, size;

    if (!nd_mf_str_ok(mf, d->name) || d->map >= mf->nmaps || d->record >= mf->ntypes ||
        !nd_mf_strings_ok(mf, d->stages, d->nstages) || !nd_mf_span_ok(mf, &d->span) ||
        !d->nstages || mf->maps[d->map].kind == ND_MAP_USER ||
        mf->maps[d->map].key_type == ND_MF_NONE || mf->maps[d->map].val_type != d->record)
        return "a path is out of range";
    size = mf->types[d->record].size;
    if (size < 8 || d->last_off > size - 8 || d->from_off > size - 8)
        return "a path's record is too small";
    if ((d->fate_off != ND_MF_NONE && d->fate_off > size - 8) ||
        (d->other_off != ND_MF_NONE &&
         (size < sizeof(struct nd_ifname) || d->other_off > size - sizeof(struct nd_ifname))))
        return "what a path's record says of a packet is out of range";
    for (i = 0; i < ND_FATE_MAX; i++) {
        if (d->func[i] != ND_MF_NONE &&
            (d->func[i] >= mf->nfuncs || mf->funcs[d->func[i]].nparams != 1))
            return "a path's handler is out of range";
    }
    if (d->timeout_opt != ND_MF_NONE &&
        (d->timeout_opt >= mf->noptions || mf->options[d->timeout_opt].kind != ND_OPT_DURATION))
        return "a path's timeout does not name a duration";
    for (i = 0; i < ND_PATHC_MAX; i++) {
        if (d->count[i] && (mf->h->state_size < 8 || d->count[i] > mf->h->state_size - 8))
            return "a path's counter is out of range";
    }
    return NULL;
}

static const char *check_need(const struct nd_mf *mf, const struct nd_mf_need *n)
{
    if (n->kind >= ND_NEED_KIND_MAX || !nd_mf_str_ok(mf, n->type) || !nd_mf_str_ok(mf, n->path) ||
        !nd_mf_span_ok(mf, &n->span))
        return "a need is out of range";
    return n->kind != ND_NEED_RECORD || is_event(nd_mf_str(mf, n->type), true)
               ? NULL
               : "a need does not name a trace event";
}

static const char *check_absent(const struct nd_mf *mf, const struct nd_mf_absent *a)
{
    if (!nd_mf_str_ok(mf, a->stage) || !nd_mf_str_ok(mf, a->module) ||
        !nd_mf_strings_ok(mf, a->reasons, a->nreasons) || a->nreasons % 2 ||
        !nd_mf_span_ok(mf, &a->span))
        return "a stage that is left out is out of range";
    return a->when == ND_MF_NONE || (a->when < mf->nfuncs && !mf->funcs[a->when].nparams)
               ? NULL
               : "the condition of a stage that is left out is out of range";
}

static const char *check_column(const struct nd_mf *mf, const struct nd_mf_column *c)
{
    return nd_mf_str_ok(mf, c->title) && nd_mf_str_ok(mf, c->format) && nd_mf_str_ok(mf, c->unit) &&
                   nd_mf_str_ok(mf, c->base) && c->div
               ? NULL
               : "a column is out of range";
}

static const char *check_table(const struct nd_mf *mf, const struct nd_mf_table *t)
{
    if (!nd_mf_str_ok(mf, t->name) || !nd_mf_span_ok(mf, &t->span) || t->type >= mf->ntypes ||
        mf->types[t->type].kind != ND_T_STRUCT || !nd_mf_run_ok(t->first, t->count, mf->ncolumns) ||
        !t->count || t->count > 64 / ND_COL_LEVELS || mf->types[t->type].count != t->count + 1)
        return "a table is out of range";
    return NULL;
}

static const char *check_arrays(const struct nd_mf *mf)
{
    const char *why = NULL;
    uint32_t i;

#define EACH(name, fn)                        \
    for (i = 0; i < mf->n##name && !why; i++) \
    why = fn(mf, &mf->name[i])
    EACH(maps, check_map);
    EACH(progs, check_prog);
    EACH(attaches, check_attach);
    EACH(events, check_event);
    EACH(options, check_option);
    EACH(sites, check_site);
    EACH(hooks, check_hook);
    EACH(needs, check_need);
    EACH(paths, check_path);
    EACH(absent, check_absent);
    EACH(columns, check_column);
    EACH(tables, check_table);
#undef EACH
    return why;
}

int nd_mf_unseal(const void *data, size_t size, size_t *elf_size, const char **why)
{
    struct nd_seal s;
    uLong crc;

    *why = "it was not made by ndtrace compile";
    if (size < sizeof(s))
        return -EINVAL;
    *why = "it is damaged or cut short, or was not made by ndtrace compile";
    *elf_size = size - sizeof(s);
    memcpy(&s, (const uint8_t *)data + *elf_size, sizeof(s));
    if (s.magic != ND_SEAL_MAGIC || s.size != *elf_size)
        return -EINVAL;
    crc = crc32_z(0, data, *elf_size);
    if (crc32_z(crc, (const uint8_t *)&s, offsetof(struct nd_seal, crc)) != s.crc)
        return -EINVAL;
    *why = "it was made by another version of ndtrace; compile the script again";
    return s.version == ND_MF_VERSION ? 0 : -EINVAL;
}

int64_t nd_mf_map_entries(const struct nd_mf *mf, uint32_t map, const uint8_t *opts)
{
    const struct nd_mf_map *d = &mf->maps[map];
    int64_t n = d->max_entries, yes;

    if (d->size_if) {
        memcpy(&yes, opts + mf->options[d->size_if - 1].off, sizeof(yes));
        if (!yes)
            return d->size_else;
    }
    if (d->size_opt)
        memcpy(&n, opts + mf->options[d->size_opt - 1].off, sizeof(n));
    return n;
}

int nd_mf_open(struct nd_mf *mf, const void *data, size_t size, const char **why)
{
    memset(mf, 0, sizeof(*mf));
    *why = check_header(data, size);
    if (*why)
        return -EINVAL;
    fill(mf, data);
    *why = check_globals(mf);
    if (!*why)
        *why = nd_mf_check_types(mf);
    if (!*why)
        *why = check_arrays(mf);
    if (!*why)
        *why = nd_mf_check_code(mf);
    return *why ? -EINVAL : 0;
}

#define RING_RECORDS 32768u      // 100 ms of 300,000 a second
#define RING_DEFAULT (16u << 20) // no more than this unless it is asked for
#define RECORD_HEAD 8u           // BPF_RINGBUF_HDR_SZ

uint32_t nd_mf_ring_bytes(uint32_t record)
{
    uint64_t want = (uint64_t)RING_RECORDS * (((uint64_t)record + 7) / 8 * 8 + RECORD_HEAD);
    uint32_t n = ND_RING_BYTES;

    while (n < want && n < RING_DEFAULT)
        n *= 2;
    return n;
}
