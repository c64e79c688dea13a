// SPDX-License-Identifier: GPL-2.0-or-later
// Brings the words of the command line into one order: a command first, flags of one letter each in
// a word of its own. Must not know what flags do. Serves cli.c.
#include "runtime/cli/cli_impl.h"

#include <stdlib.h>
#include <string.h>

bool nd_cli_is_command(const char *word)
{
    static const char *const words[] = {"check", "explain", "list", "fmt", "compile", "lsp"};
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (!strcmp(word, words[i]))
            return true;
    }
    return false;
}

struct words {
    char **v;
    int n;
    char *flags; // room for flags of their own, after the words
};

// "-lv" as "-l" "-v". What belongs to none of the flags stays in one word. True: the next word is
// the value of the last one.
static bool add_flags(struct words *w, char *word)
{
    bool known = true;

    while (word[0] == '-' && word[1] && word[1] != '-' && word[2] && known) {
        char one[] = {'-', word[1], 0};

        known = nd_cli_flag_is_alone(one);
        if (!known)
            break;
        w->v[w->n++] = strcpy(w->flags, one);
        w->flags += sizeof(one);
        word[1] = '-';
        word++;
    }
    w->v[w->n++] = word;
    return nd_cli_flag_has_value(word);
}

char **nd_cli_order(int *argc, char **argv)
{
    struct words w = {0};
    size_t room = 2;
    bool text = false;
    int i, command = 0;

    for (i = 0; i < *argc; i++)
        room += strlen(argv[i]) + 1;
    w.v = calloc(room, sizeof(*w.v) + 3); // a flag has three bytes
    if (!w.v)
        return NULL;
    w.flags = (char *)(w.v + room);
    w.v[w.n++] = argv[0];
    for (i = 1; i < *argc && argv[i][0] == '-' && argv[i][1] && strcmp(argv[i], "--") != 0; i++) {
        bool value = add_flags(&w, argv[i]);

        text |= !strcmp(w.v[w.n - 1], "-e") || !strncmp(w.v[w.n - 1], "--execute", 9);
        if (value && i + 1 < *argc)
            w.v[w.n++] = argv[++i];
    }
    if (!text && i < *argc && nd_cli_is_command(argv[i]))
        command = i;
    if (command) {
        memmove(&w.v[2], &w.v[1], (size_t)(w.n - 1) * sizeof(*w.v));
        w.v[1] = argv[command];
        w.n++;
        i++;
    }
    for (; i < *argc; i++)
        w.v[w.n++] = argv[i];
    *argc = w.n;
    return w.v;
}
