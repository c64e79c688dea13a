// SPDX-License-Identifier: GPL-2.0-or-later
// The program ndtrace. Must not know anything.
// Serves the person at the terminal.
#include "runtime/cli/cli.h"

int main(int argc, char **argv)
{
    return nd_cli(argc, argv);
}
