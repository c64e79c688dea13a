#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 5.10
# limit: 500
# The language cases, compiled for and run on this kernel.
cd "$(dirname "$0")/../../.." || exit 1
build/tests/cases/run -b build tests/cases/run tests/cases/user >/tmp/cases.log 2>&1
grep -vE '^ok ' /tmp/cases.log
last=$(tail -n 1 /tmp/cases.log)
case $last in *' 0 failed'*) echo "ok cases $last" ;; *) echo "not ok cases $last" ;; esac
