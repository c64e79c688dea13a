// SPDX-License-Identifier: GPL-2.0-or-later
// Where the recorded kernel is, and cmocka with the includes it wants first.
#ifndef ND_TEST_FACTS_H
#define ND_TEST_FACTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

// Tests run from the root of the source tree.
#define FACTS "tests/facts/base"

#endif
