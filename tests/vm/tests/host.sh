#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 700
# The tests that every machine runs, on this kernel.
cd "$(dirname "$0")/../../.." || exit 1
TEST_TIMEOUT=150 TEST_SLOW=5 bash tests/host/run.sh >/tmp/host.log 2>&1
code=$?
sed -E 's/^([a-z_0-9]+): (ok|not ok) /\2 \1-/' /tmp/host.log
grep -qE '^[0-9]+ passed' /tmp/host.log || echo "not ok run.sh ended with $code"
