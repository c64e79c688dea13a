#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: words of the command line, which the unit tests take as well
# Tools by their names: those of the library, older ones, those of the list; the man page and the
# completion have what the program has.
. "$(dirname "$0")/lib.sh"

# NAME WORD: --help of the word is that of the tool.
title() { same "$1" "$("$ND" "$2" --help 2>&1 | head -n 1)" "Where do threads block, and for how long? (off-CPU time by stack)"; }
title by-name offcputime_ts
title by-group cpu/offcputime_ts
title by-file-name offcputime_ts.nd
title by-old-name offcputime-ts.py
title by-old-name-bare offcputime-ts
title by-old-path measurement-tools/cpu/offcputime-ts.py
title by-old-path-whole /opt/no-such-folder/measurement-tools/cpu/offcputime-ts.py

# What --help of each tool ends with: how to read what it shows, and two examples that name it.
for f in stdlib/[!l]*/*.nd; do
    name=${f##*/} name=${name%.nd}
    "$ND" "$name" --help >"$TMP/help" 2>&1
    same "help-$name" "$(sed -n '/^General flags/,$p' "$TMP/help" | sed -n '/^$/,$p' | awk '/^Examples:$/ { e = NR } NF && !e { read++ } e && /^  ndtrace / { n++ } END { print (read > 0), n, NR == e + n }')" '1 2 1'
    same "help-$name-examples" "$(tail -2 "$TMP/help" | grep -c "^  ndtrace $name\b")" 2
done

# A mistyped name: the tool that is meant. A path of our own is what it says.
near() {
    "$ND" "$2" >"$TMP/out" 2>&1
    same "near-$1" "$?:$(tail -c +10 "$TMP/out")" "2:error: there is no script or tool \"$2\" here or in the standard library; $3"
}
near tool offcputme_ts 'did you mean offcputime_ts?'
near old-spelling vm-network-latncy-summary.py 'did you mean vm_network_latency_summary?'
near alias xctl-probe-netwrk 'ndtrace list tools shows all of them' # where its tool is not there
near own-path /no/such/offcputime_ts.nd 'ndtrace list tools shows all of them'
near nothing zzzzzz 'ndtrace list tools shows all of them'

# Every line of the table of names leads to a tool, or to one that is not there yet: then no file.
while read -r old new; do
    [ -e "stdlib/$new.nd" ] || continue
    words=("$old")
    [[ $old = *.bt ]] || words+=("$old.py")
    for word in "${words[@]}"; do
        "$ND" "$word" --help >"$TMP/old" 2>&1
        "$ND" "$new" --help >"$TMP/new" 2>&1
        same "alias-$word" "$(grep -v ^usage "$TMP/old")" "$(grep -v ^usage "$TMP/new")"
    done
done < <(grep -v '^#' stdlib/aliases)
same aliases-form "$(grep -v '^#' stdlib/aliases | grep -cvE '^[A-Za-z0-9_.-]+ [a-z]+/[a-z0-9_]+$')" 0

for word in nosuchtool cpu/nosuchtool stages lib/../cpu/offcputime_ts ./offcputime_ts /offcputime_ts; do
    "$ND" "$word" --help >"$TMP/out" 2>&1
    same "none-$word" $? 2
    has "none-$word-says" "$TMP/out" 'ndtrace list tools|did you mean offcputime_ts'
done
nd=$(realpath "$ND")
(cd "$TMP" && printf '// mine\nBEGIN { exit() }\n' >offcputime_ts && "$nd" ./offcputime_ts --help >"$TMP/out" 2>&1)
has file-by-its-folder "$TMP/out" '^mine$'

"$ND" list tools >"$TMP/tools"
same list-all "$(grep -c / "$TMP/tools")" "$(find stdlib/*/ -name '*.nd' -not -path 'stdlib/lib/*' | wc -l)"
same list-titles "$(awk 'NF < 4' "$TMP/tools")" ''
same list-sorted "$(grep / "$TMP/tools" | awk '{ print $1 }' | LC_ALL=C sort -c 2>&1)" ''
same list-runs "$(awk '{ print $1 }' "$TMP/tools" | while read -r t; do "$ND" "$t" --help >/dev/null 2>&1 || echo "$t"; done)" ''
same list-glob "$("$ND" list tools 'cpu/off*' | awk '{ print $1 }')" cpu/offcputime_ts
same list-part "$("$ND" list tools fcputime | awk '{ print $1 }')" cpu/offcputime_ts

# Each line of a tool or of a table is of bounded size: a tool is a statement of intent.
for f in stdlib/*/*.nd; do
    [[ $f == stdlib/lib/* ]] && continue
    n=$(grep -cvE '^[[:space:]]*(//.*)?$|^#!' "$f")
    ((n <= 100)) || not_ok "size-$f" "got $n lines, wanted at most 100"
    [ -e "docs/tools/$(basename "$f" .nd).md" ] || not_ok "doc-$f" "no docs/tools/$(basename "$f" .nd).md"
done

# A file of the library uses what it calls, or says that it needs it.
own=$(for f in stdlib/lib/*.nd; do
    "$ND" check -e "use $(basename "$f" .nd) begin { exit() }" 2>&1 | sed -nE "s,.*/(lib/[^:]*):.* unknown function '(.*)',\\1 \\2,p"
done | sort -u | xargs)
same lib-uses "$own" ''

# Every row of the table that is for people is in --help, and so in the rest.
rows=$(sed -nE 's/^X\([a-z_]+, "([a-z-]+)", .*, "[^"]+"\)$/--\1/p' runtime/cli/flags.def)
[ -n "$rows" ] || not_ok flags 'no row in flags.def'
same help-flags "$("$ND" --help | sed -nE 's/^  (-.,|   ) (--[a-z-]+) .*/\2/p' | sort)" "$(sort <<<"$rows")"
# Flags and commands of the man page are those of the program.
flags=$("$ND" --help | sed -nE 's/^ +(-., )?(--[a-z-]+).*/\2/p' | sort -u)
page=$(dirname "$ND")/ndtrace.1
man=$(sed 's/\\-/-/g' "$page")
for f in $flags; do [[ $man == *"$f"* ]] || not_ok "man$f" "not in the man page"; done
for c in $("$ND" --help | sed -nE 's/^ *ndtrace ([a-z]+) .*/\1/p' | sort -u); do
    [[ $man == *$c* ]] || not_ok "man-$c" "not in the man page"
done
for f in $(sed '/^.SH EXAMPLES/,$d' <<<"$man" | grep -oE -- '--[a-z-]+' | sort -u); do
    "$ND" "$f" x --version 2>&1 | grep -q 'unknown flag' && not_ok "man$f" "the program does not know it"
done
ok man-flags
# Formats are told where people look for them, and nowhere by hand.
formats=$(sed -nE 's/^X\(([a-z]+),.*/\1/p' runtime/output/sinks.def)
[ -n "$formats" ] || not_ok formats 'no row in sinks.def'
"$ND" -f no-such -e 'BEGIN { exit() }' 2>"$TMP/formats" && not_ok format-unknown 'accepted'
for f in $formats; do
    [[ $("$ND" --help) == *" $f  "* ]] || not_ok "help-$f" 'not in --help'
    grep -qx "\.B $f" "$page" || not_ok "man-$f" 'not in the man page'
    grep -qw "$f" "$TMP/formats" || not_ok "message-$f" "$(cat "$TMP/formats")"
    "$ND" -q -f "$f" -e 'BEGIN { exit() }' >/dev/null 2>&1 || not_ok "format-$f" "exit code $?"
done
ok formats
if command -v groff >/dev/null; then
    same man-roff "$(groff -man -ww -Tutf8 -z "$page" 2>&1)" ''
fi

# WORDS...: what completes the last one.
completes() {
    PATH=$(dirname "$ND"):$PATH bash -c '. docs/completion/ndtrace.bash
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) && _ndtrace && printf "%s\n" "${COMPREPLY[@]}" | sort -u | xargs' - "$@"
}
same complete-command "$(completes ndtrace expl)" explain
same complete-list "$(completes ndtrace list st)" stages
same complete-tool "$(completes ndtrace offcpu)" offcputime_ts
same complete-group "$(completes ndtrace check cpu/off)" cpu/offcputime_ts
same complete-option "$(completes ndtrace offcputime_ts --user-s)" --user-stacks-only
same complete-general "$(completes ndtrace -q offcputime_ts --form)" --format
same complete-value "$(completes ndtrace -f j)" json
same complete-formats "$(completes ndtrace -f '')" "$(sort <<<"$formats" | xargs)"
touch "$TMP/results.txt"
same complete-file "$(completes ndtrace --log-file "$TMP/res")" "$TMP/results.txt"
same complete-pid "$(completes ndtrace offcputime_ts -p $$)" "$(cd /proc && printf '%s\n' $$* | grep -E '^[0-9]+$' | sort -u | xargs)"
same complete-after-value "$(completes ndtrace --duration 5s offcputime_ts --user-s)" --user-stacks-only
same complete-flag "$(completes ndtrace --dur)" --duration
finish
