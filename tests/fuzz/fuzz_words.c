// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzz target: the words after a script that has options of every type, a line each; what follows
// an empty line is the file that @ names, for options whose values are in a file.
#include "fuzz.h"
#include "runtime/cli/arguments.h"
#include "script.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WORDS 64

static const char script[] =
    "option a: int(1, 4094) = 3 alias n \"x\"\noption b: bool \"x\"\noption c: string \"x\"\n"
    "option d: duration = 5s alias i \"x\"\noption e: usecs \"x\"\noption f: ip[] \"x\"\n"
    "option g: prefix \"x\"\noption h: port[] \"x\"\noption j: proto \"x\"\noption k: mac \"x\"\n"
    "option l: pid \"x\"\noption m: path \"x\"\noption o: int[] \"x\"\n"
    "option q: enum(one, two) = two \"x\"\noption u: ifname \"x\"\n"
    "option r: ip[] in m.src_ip\noption s: proto[] in m.protocol\noption t: port[] in m.dst_port\n"
    "BEGIN { exit() }\n";

static int not_general(void *arg, int argc, char **argv, int *i)
{
    (void)arg;
    (void)argc;
    (void)argv;
    (void)i;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct nd_mf *mf;
    static char file[32];
    static int fd;
    char *text = malloc(size + 1), *line, *next, *argv[WORDS + 1];
    struct nd_options values = {0};
    int argc = 0;

    if (!mf) {
        mf = &loaded(script)->mf;
        fd = memfd_create("rules", 0);
        snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
    }
    memcpy(text, data, size);
    text[size] = 0;
    for (line = text; line && *line != '\n'; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        if (argc < WORDS)
            argv[argc++] = strcmp(line, "@") != 0 ? line : file;
    }
    argv[argc] = NULL;
    if (ftruncate(fd, 0) || (line && line[1] && pwrite(fd, line + 1, strlen(line + 1), 0) < 0))
        abort();
    nd_arguments_parse(mf, "fuzz", argc, argv, not_general, NULL, &values);
    nd_options_free(&values);
    free(text);
    return 0;
}
