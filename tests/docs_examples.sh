#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Compiles every script of the documents: each block that starts with ```nd in README.md and docs/.
# Also: docs/kernels.md has every feature of the manifest; docs/language.md names every built-in of the compiler's table, with its usage; docs/errors.md
# has every code of a message, and each block there that starts with ```bad gives that of its heading.
# Prints file and line of what fails; fails if anything does, or if there is nothing to compile.
set -u
cd "$(dirname "$0")/.." || exit 1

ND=${NDTRACE:-build/ndtrace}
export NDTRACE_CACHE=off
tmp=$(mktemp -d "${TMPDIR:-/tmp}/ndtrace-docs.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
blocks=0 failed=0

for doc in README.md docs/*.md docs/*/*.md; do
    [ -e "$doc" ] || continue
    rm -f "$tmp"/*.nd
    awk -v dir="$tmp" '
        !on && $0 == "```nd" { on = 1; file = sprintf("%s/%06d.nd", dir, NR); printf "" >file; next }
        on && /^```/ { on = 0; close(file); next }
        on { print >file }
        END { if (on) print "// no end" >(dir "/" "unterminated.nd") }' "$doc"
    for block in "$tmp"/*.nd; do
        [ -e "$block" ] || continue
        line=${block##*/}
        line=${line%.nd}
        ((blocks++))
        if ! "$ND" check "$block" >"$tmp/log" 2>&1; then
            echo "not ok $doc:$((10#${line//[!0-9]/0})): the example does not compile"
            sed "s|$block|  example|; s/^/    /" "$tmp/log" | head -12
            ((failed++))
        fi
    done
done

# Every feature that a kernel may lack has a row.
features=$(sed -n 's/^    X([A-Z0-9_]*, "\([a-z0-9_]*\)", "[0-9.]*", .*/\1/p' runtime/common/manifest.h)
[ "$(wc -l <<<"$features")" -gt 10 ] || { echo "not ok the table of features cannot be read"; ((failed++)); }
for f in $features; do
    grep -qF "| \`$f\` |" docs/kernels.md || { echo "not ok docs/kernels.md has no row for $f"; ((failed++)); }
done

# Every field of a packet has a row, with its type (flow and enum are made when compiling) and text.
sed -nE -e 's/^ND_PKT_FIELD\(([a-z0-9]*), [A-Z0-9_]+, ([a-z]+), ([a-z0-9]+),.*, "([^"]*)"\)$/\1,\2,\3,\4/p' \
    -e 's/^ND_PKT_VALUE\("([a-z0-9]*)", "([a-z.]+)", (&nd_type_)?([a-zA-Z0-9]+),.*, "([^"]*)"\)$/\1,\2,\4,\5/p' compiler/lang/packet.def |
    awk -F, '{ f = $1; n = $2; t = $3; sub(/^[^,]*,[^,]*,[^,]*,/, "")
        if (t == "NULL") t = n ~ /^flow/ ? "flow" : "enum"
        print "| `pkt." (f == "" ? "" : f ".") n "` | " t " | " $0 " |" }' >"$tmp/fields"
[ "$(wc -l <"$tmp/fields")" -gt 60 ] || { echo "not ok the table of packet fields cannot be read"; ((failed++)); }
while IFS= read -r row; do
    grep -qxF "$row" docs/language.md || { echo "not ok docs/language.md does not have: $row"; ((failed++)); }
done <"$tmp/fields"
grep -o '^| `pkt\.[a-z0-9.]*` |' docs/language.md | while IFS= read -r row; do
    grep -qF "$row" "$tmp/fields" || echo "$row"
done >"$tmp/unknown"
[ ! -s "$tmp/unknown" ] || { echo "not ok docs/language.md names fields that there are not: $(tr '\n' ' ' <"$tmp/unknown")"; ((failed++)); }

# "usage" is the last member but one of a row with text; rows of what is refused have none.
sed -nE 's/^ND_BUILTIN(_AGAIN)?\([A-Z0-9_]*, "[^"]*", [KU]*, .*, "([^,].*)", "[^"]*(\\"[^"]*)*"\)$/\2/p' runtime/common/builtins.def |
    grep -v '^$' | sed 's/\\"/"/g' >"$tmp/usages"
[ "$(wc -l <"$tmp/usages")" -gt 50 ] || { echo "not ok the table of built-ins cannot be read"; ((failed++)); }
while IFS= read -r usage; do
    grep -qF "| \`$usage\` |" docs/language.md || {
        echo "not ok docs/language.md does not name the built-in $usage"
        ((failed++))
    }
done <"$tmp/usages"

rm -f "$tmp"/*.bad
awk -v dir="$tmp" '
    /^### / { code = $2 }
    $0 == "```bad" { on = 1; file = dir "/" code ".bad"; printf "" >file; next }
    on && /^```/ { on = 0; close(file); next }
    on { print >file }' docs/errors.md
for block in "$tmp"/*.bad; do
    code=${block##*/}
    code=${code%.bad}
    ((blocks++))
    "$ND" check "$block" >"$tmp/log" 2>&1
    if [ $? != 2 ] || ! grep -qF "[$code]" "$tmp/log"; then
        echo "not ok docs/errors.md: the example of $code does not give it"
        sed "s|$block|  example|; s/^/    /" "$tmp/log" | head -6
        ((failed++))
    fi
done
for code in $(sed -n 's/^ *X(\([EW][0-9]*\), .*/\1/p' compiler/front/diag.h); do
    grep -q "^### $code " docs/errors.md || {
        echo "not ok docs/errors.md does not list $code"
        ((failed++))
    }
done

echo "$blocks examples, $failed failed"
((blocks > 0 && failed == 0))
