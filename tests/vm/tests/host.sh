#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 7
# check: none, as `make check` runs these on the kernel at hand
# limit: 700
# The tests that every machine runs, on this kernel. Not those of flags, names, scripts, tools, stopping, the cache and user code,
# which no kernel changes, and of every kind of frame, of every field of every event, of what tools say, of symbols, of
# hostile programs and soaking, which take minutes here.
cd "$(dirname "$0")/../../.." || exit 1
names=()
for f in tests/host/t_*.sh; do
    f=${f#tests/host/t_}
    case $f in absent.sh | fate.sh | foreign.sh | mounts.sh | records.sh | silence.sh | symbols.sh | names.sh | usage.sh | args.sh | tools.sh | scripts.sh | stop.sh | without.sh | path.sh | cache.sh | language.sh | interval.sh | output.sh | packet*.sh | soak.sh) ;; *) names+=("${f%.sh}") ;; esac
done
TEST_TIMEOUT=150 TEST_SLOW=5 bash tests/host/run.sh "${names[@]}" >/tmp/host.log 2>&1
code=$?
sed -E 's/^([a-z_0-9]+): (ok|not ok) /\2 \1-/' /tmp/host.log
grep -qE '^[0-9]+ passed' /tmp/host.log || echo "not ok run.sh ended with $code"
