#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Lists the tests that passed only at their second try, one of each line on stdin, and fails for those that did so in
# the run before as well: what needs two tries twice in a row is broken. Serves all.sh.
#
#   tests/again.sh [FILE]     where the names are kept from run to run: $NDTRACE_AGAIN, or "again" in the cache
#                             of tests/vm; where no file survives, the list is all there is
set -u
. "$(dirname "$0")/vm/common.sh"
file=${1:-${NDTRACE_AGAIN:-$CACHE/again}}
before=$(cat "$file" 2>/dev/null)
names=() twice=()
while IFS= read -r line; do
    [ -n "$line" ] || continue
    name=${line%%: *}
    names+=("$name")
    echo "passed at the second try: $line"
    ! grep -qxF -- "$name" <<<"$before" || twice+=("$name")
done
{ mkdir -p "$(dirname "$file")" && printf '%s\n' "${names[@]}" >"$file"; } 2>/dev/null ||
    echo "$file cannot be written: what the next run repeats will not be seen" >&2
[ ${#twice[@]} -eq 0 ] || printf 'not ok: second try in two runs one after the other, wanted none: %s\n' "${twice[@]}"
[ ${#twice[@]} -eq 0 ]
