#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 900
# on demand
# As on Linux 4.19: all that it lacks is switched off. The language cases, and probes of each kind.
cd "$(dirname "$0")/../../.." || exit 1
. tests/oldverifier/profiles.sh
NDTRACE_WITHOUT=$V4_19
export NDTRACE_WITHOUT
for t in kprobe tracepoint timer user; do
    bash "tests/vm/tests/$t.sh" 2>&1 | sed -E "s/^(ok|not ok) /\1 $t-/"
done
exec bash tests/vm/tests/cases.sh
