#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzes every target for an equal share of hours, and ends with a table: how many inputs ran, how many parts of
# the code they reached (edges, as libFuzzer counts them), how many were kept, and what broke.
#
#   tests/fuzz/hours.sh HOURS MAKE TARGET...
set -u
cd "$(dirname "$0")/../.." || exit 1
hours=$1 make=$2
shift 2
log=build/fuzz/log
mkdir -p "$log"
bad=0
for t; do
    "$make" --no-print-directory "fuzz-$t" FUZZ_SECONDS="$(awk -v h="$hours" -v n=$# 'BEGIN { print int(h * 3600 / n) + 1 }')" \
        >"$log/$t" 2>&1 || { bad=1; echo "$t broke: $log/$t"; }
done
printf '%-10s %12s %8s %8s %s\n' target runs edges kept result
for t; do
    awk -v t="$t" '/ cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") edges = $(i + 1) }
        /number_of_executed_units/ { runs = $NF } /new_units_added/ { kept = $NF } /ERROR|SUMMARY/ { bad = "broke" }
        END { printf "%-10s %12d %8d %8d %s\n", t, runs, edges, kept, bad == "" ? "ok" : bad }' "$log/$t"
done
exit $bad
