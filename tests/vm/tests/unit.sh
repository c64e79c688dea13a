#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 200
# on demand: 140 s, and nearly all of it is also in the other tests
# The unit tests that load programs.
cd "$(dirname "$0")/../../.." || exit 1
. tests/clock.sh
for t in build/tests/unit/test_run_*; do
    [ -x "$t" ] && [[ $t != *.d ]] || continue
    n=${t##*/}
    if "$WITHIN" 60 "$t" >/tmp/unit.log 2>&1; then echo "ok $n"; else echo "not ok $n: $(grep -E 'ERROR|FAILED' /tmp/unit.log | head -5 | tr '\n' '|')"; fi
done
