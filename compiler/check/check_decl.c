// SPDX-License-Identifier: GPL-2.0-or-later
// Declarations: constants, functions, structs, events, maps, and the handlers and hooks of user
// space. Bodies come later.
#include "compiler/check/builtins.h"

#include "compiler/check/option.h"

#include <string.h>
