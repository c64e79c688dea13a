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
    "\n";

static const char flags_text[] =
    "  -o, --output FILE            write the results to FILE; without -f, its suffix sets the "
    "format\n"
    "      --log-file FILE          also write the results to FILE, line by line\n"
    "      --duration TIME          end after this time (10s, 500ms, 5m; a bare number is "
    "seconds)\n"
    "  -c, --command CMD            run CMD and end when it ends\n"
    "  -p, --pid PID                only this process, where probes allow it; end when it ends\n"
    "      --buffer SIZE            memory for events that wait to be printed (1M to 1G)\n"
    "      --no-cache               compile, even if it was compiled before\n"
    "  -v, --verbose                show how long each step took, and the kernel's logs\n"
    "  -q, --quiet                  show results only\n"
    "  -h, --help                   show this text; after FILE, the options of the script\n";

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

void nd_cli_general_help(void)
{
    const struct nd_sink_kind *k;
    char names[256];
    uint32_t i;

    nd_cli_formats(names, sizeof(names), "|");
    printf("General flags:\n  -f, --format %-15s format of the results:\n", names);
    for (i = 0; (k = nd_sink_kind_at(i)); i++)
        printf("%33s%-6s %s%s%s\n", "", k->name, k->what, *k->suffixes ? "; FILE of -o: " : "",
               k->suffixes);
    fputs(flags_text, stdout);
}
