// SPDX-License-Identifier: GPL-2.0-or-later
// Uprobes on functions of a file that an option names: known only now, so they are looked up here
// and not by the compiler. Must not know programs. Serves attaching and the command line.
#ifndef ND_FILEPROBE_H
#define ND_FILEPROBE_H

#include "runtime/common/options.h"

#define ND_FILEPROBE_MAX 64u // functions that a pattern may match

struct nd_fileprobe {
    const char *path; // lives as long as the options
    uint64_t off[ND_FILEPROBE_MAX];
    uint32_t n; // 0: nothing matches the pattern
};

// Where an attach point with ND_ATF_OPTION is. 0, or -ENODATA: the option was not given, -ENOEXEC:
// no ELF file, -ENXIO: no such function, -E2BIG: too many, or why the file cannot be opened.
int nd_fileprobe_find(const struct nd_mf *mf, const struct nd_mf_attach *a, const uint8_t *opts,
                      struct nd_fileprobe *out);
// Does each file that was named have what the script needs? 0, or -EINVAL after a message.
int nd_fileprobe_check(const struct nd_mf *mf, const struct nd_options *values);

#endif
