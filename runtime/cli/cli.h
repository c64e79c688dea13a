// SPDX-License-Identifier: GPL-2.0-or-later
// The command line: which command, general flags, where scripts are found. Must not know the
// kernel. Serves main.
#ifndef ND_CLI_H
#define ND_CLI_H

int nd_cli(int argc, char **argv); // the exit code

#endif
