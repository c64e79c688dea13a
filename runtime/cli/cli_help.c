// SPDX-License-Identifier: GPL-2.0-or-later
// What --help prints of the program itself. Must not know scripts. Serves the command line.
#include "runtime/cli/cli_impl.h"

#include "runtime/output/sink.h"

#include <string.h>

static const char usage_text[] =
    "usage: ndtrace [FLAGS] FILE [OPTIONS OF THE SCRIPT]    run a script, or a tool by name\n"
    "       ndtrace [FLAGS] -e 'PROGRAM'                    run a one-liner\n"
    "       ndtrace FILE --help                             show the options of a script\n"
    "       ndtrace check FILE                              compile and, if root, verify; attach "
    "nothing\n"
    "       ndtrace explain FILE                            show what it would do and cost\n"
    "       ndtrace compile FILE -o TOOL.ndo                make an object that runs without the "
    "compiler\n"
    "       ndtrace list [tools|stages|probes] [GLOB]       list what is available\n"
    "       ndtrace fmt FILE                                print it formatted\n"
    "       ndtrace lsp                                     serve an editor (language server "
    "protocol)\n"
    "\n";

static const struct {
    const char *name;
    char letter;
    const char *arg, *help;
} flags[] = {
#define X(set, name, letter, arg, help) {name, letter, arg, help},
#include "runtime/cli/flags.def"
#undef X
};

void nd_cli_usage(FILE *out)
{
    fputs(usage_text, out);
}

void nd_cli_formats(char *out, size_t size, const char *sep)
{
    const struct nd_sink_kind *k;
    uint32_t i;

    *out = 0;
    for (i = 0; (k = nd_sink_kind_at(i)); i++)
        snprintf(out + strlen(out), size - strlen(out), "%s%s", i ? sep : "", k->name);
}

static void list_formats(void)
{
    const struct nd_sink_kind *k;
    uint32_t i;

    for (i = 0; (k = nd_sink_kind_at(i)); i++)
        printf("%33s%-7s %s%s%s\n", "", k->name, k->what, *k->suffixes ? "; FILE of -o: " : "",
               k->suffixes);
}

// The man page and the completion are made from this.
void nd_cli_general_help(void)
{
    char head[64];
    size_t i;

    printf("General flags:\n");
    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (!*flags[i].help)
            continue;
        snprintf(head, sizeof(head), "%c%c%c --%s%s%s", flags[i].letter ? '-' : ' ',
                 flags[i].letter ? flags[i].letter : ' ', flags[i].letter ? ',' : ' ',
                 flags[i].name, flags[i].arg ? " " : "", flags[i].arg ? flags[i].arg : "");
        printf("  %-28s %s\n", head, flags[i].help);
        if (!strcmp(flags[i].name, "format"))
            list_formats();
    }
}
