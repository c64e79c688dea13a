#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 500
# The tests that every machine runs, on this kernel.
cd "$(dirname "$0")/../../.." || exit 1
for f in tests/host/t_*.sh; do
    n=${f##*/t_}; n=${n%.sh}
    timeout -k 5 100 bash "$f" >/tmp/host.log 2>&1
    code=$?
    sed -E "s/^(ok|not ok) /\1 $n-/" /tmp/host.log
    grep -q '^not ok ' /tmp/host.log || [ $code = 0 ] || echo "not ok $n ended with $code"
done
