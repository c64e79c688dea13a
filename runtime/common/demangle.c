// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/common/demangle.h"

#include <stddef.h>

// Of libiberty, whose header is in another place in each distribution; these never changed.
#define PARAMETERS (1 << 0)
#define QUALIFIERS (1 << 1) // const and the like
#define ANY_LANGUAGE (1 << 8)
extern char *cplus_demangle(const char *mangled, int options);

bool nd_demangle_wanted(const char *name)
{
    return name[0] == '_' && (name[1] == 'Z' || name[1] == 'R');
}

char *nd_demangle(const char *name, bool parameters)
{
    if (!nd_demangle_wanted(name))
        return NULL;
    return cplus_demangle(name, ANY_LANGUAGE | (parameters ? PARAMETERS | QUALIFIERS : 0));
}
