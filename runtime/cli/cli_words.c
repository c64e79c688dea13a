// SPDX-License-Identifier: GPL-2.0-or-later
// Words of the command line that a script takes as they are, $1 and getopt(): they are part of
// what is compiled, so they are told from its options before that.
#include "runtime/cli/cli_impl.h"

#include "runtime/cli/arguments.h"
#include "runtime/cli/find.h"
#include "runtime/common/msg.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX (16 << 20) // bytes of a script

// What a script may have that takes words; a comment that has it does no harm.
struct uses {
    bool words; // $1, $#
    bool named; // getopt()
};

static struct uses uses_of(const char *s, size_t n)
{
    const char *end = s + n, *p;
    struct uses u = {0};

    for (p = s; (p = memchr(p, '$', (size_t)(end - p))); p++) {
        if (p + 1 < end && (isdigit((unsigned char)p[1]) || p[1] == '#'))
            u.words = true;
    }
    u.named = memmem(s, n, "getopt", 6) != NULL;
    return u;
}

static struct uses script_uses(const struct cli *c)
{
    struct uses u = {0};
    ssize_t got;
    size_t n = 0;
    char *text;
    int fd;

    if (c->compile.text)
        return uses_of(c->compile.text, strlen(c->compile.text));
    fd = nd_find_is_object(c->compile.file) ? -1 : open(c->compile.file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return u;
    text = malloc(TEXT_MAX);
    while (text && n < TEXT_MAX && (got = read(fd, text + n, TEXT_MAX - n)) > 0)
        n += (size_t)got;
    close(fd);
    if (text)
        u = uses_of(text, n);
    free(text);
    return u;
}

struct split {
    const struct nd_mf *mf; // the script's options; NULL: not known
    struct uses uses;
    const char **words, **named;
    char **kept;
    uint32_t nwords, nnamed;
    int nkept;
    uint32_t positional; // words that options without a flag take
};

// Takes a word of an option, and its value if that is the next word.
static void keep_flag(struct split *s, int argc, char **argv, int *i)
{
    const char *name = argv[*i] + 1 + (argv[*i][1] == '-');
    const struct nd_mf_option *o = NULL;
    bool list;

    if (s->mf && !nd_cli_flag_known(argv[*i]))
        o = nd_arguments_find(s->mf, name, strcspn(name, "="));
    if (!o && !nd_cli_flag_known(argv[*i]) && s->uses.named) {
        s->named[s->nnamed++] = name;
        return;
    }
    list = o && o->flags & ND_OPTF_LIST;
    s->kept[s->nkept++] = argv[*i];
    if (o ? o->kind == ND_OPT_BOOL || strchr(name, '=') : !nd_cli_flag_has_value(argv[*i]))
        return;
    do {
        if (*i + 1 >= argc || nd_arguments_is_flag(argv[*i + 1]))
            return;
        s->kept[s->nkept++] = argv[++*i];
    } while (list);
}

static void split(struct split *s, int argc, char **argv)
{
    bool rest = false;
    int i;

    for (i = 0; i < argc; i++) {
        if (!rest && !strcmp(argv[i], "--"))
            rest = true;
        else if (rest && s->uses.named && nd_arguments_is_flag(argv[i]))
            s->named[s->nnamed++] = argv[i] + 1 + (argv[i][1] == '-');
        else if (!rest && nd_arguments_is_flag(argv[i]))
            keep_flag(s, argc, argv, &i);
        else if (s->positional && !rest && s->positional--)
            s->kept[s->nkept++] = argv[i];
        else
            s->words[s->nwords++] = argv[i];
    }
}

// Is there a flag of which only the script's options tell whether it takes the next word?
static bool asks_options(int argc, char **argv)
{
    int i;

    for (i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (nd_arguments_is_flag(argv[i]) && !nd_cli_flag_known(argv[i]))
            return true;
    }
    return false;
}

// Options of the script, if its words may be some; l and obj hold what s->mf points to.
static void learn_options(struct cli *c, struct split *s, struct nd_object *obj, struct nd_load *l)
{
    uint32_t i;

    if (nd_cli_object(c, "manifest", obj) || nd_load_open_manifest(l, obj->data, obj->size))
        return; // what is wrong is said when it is compiled
    s->mf = &l->mf;
    for (i = 0; i < l->mf.noptions; i++)
        s->positional += (l->mf.options[i].flags & ND_OPTF_POSITIONAL) != 0;
}

#define SETTING "BPFTRACE_"

int nd_cli_settings(struct cli *c)
{
    uint32_t n = 0, i;
    const char **v;

    for (i = 0; environ && environ[i]; i++)
        n += !strncmp(environ[i], SETTING, strlen(SETTING));
    if (!n)
        return 0;
    v = calloc(n, sizeof(*v)); // until the end of the process
    if (!v) {
        nd_msg("error: out of memory");
        return EXIT_FAILED;
    }
    for (i = 0; environ[i]; i++) {
        if (!strncmp(environ[i], SETTING, strlen(SETTING)))
            v[c->compile.nsettings++] = environ[i];
    }
    c->compile.settings = v;
    return 0;
}

int nd_cli_words(struct cli *c, int *argc, char ***argv)
{
    struct split s = {.uses = script_uses(c)};
    struct nd_object obj = {0};
    struct nd_load l = {0};
    size_t n = (size_t)*argc + 1;

    if (*argc <= 0 || (!s.uses.words && !s.uses.named))
        return 0;
    s.words = calloc(3 * n, sizeof(*s.words)); // nd_cli frees them
    if (!s.words) {
        nd_msg("error: out of memory");
        return EXIT_FAILED;
    }
    s.named = s.words + n;
    s.kept = (char **)(s.words + 2 * n);
    if (asks_options(*argc, *argv))
        learn_options(c, &s, &obj, &l);
    split(&s, *argc, *argv);
    nd_load_free(&l);
    nd_object_free(&obj);
    if (!s.uses.words && s.nwords) { // not for us
        memcpy(s.kept + s.nkept, s.words, s.nwords * sizeof(*s.kept));
        s.nkept += (int)s.nwords;
        s.nwords = 0;
    }
    c->compile.words = s.words;
    c->compile.nwords = s.nwords;
    c->compile.named = s.named;
    c->compile.nnamed = s.nnamed;
    *argc = s.nkept;
    *argv = s.kept;
    return 0;
}
