#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The page that an approver signs, as text, Markdown and JSON.
. "$(dirname "$0")/lib.sh"
cat >"$TMP/s.nd" <<'S'
// Which *programs* ask for what?
option name: string "only files that begin so"
event asked { who: string[16], file: string }
rawtracepoint:sys_enter /args.id == 257/ {
    @n[comm] = count();
    send asked { who: comm, file: str(uptr(args.regs->si)) };
}
uprobe:libc:malloc { @ = 1 }
on asked { printf("%s\n", who) }
S
"$ND" explain "$TMP/s.nd" >"$TMP/text" 2>"$TMP/err"
same exit "$?:$(wc -c <"$TMP/err")" 0:0
for want in '^  Which \*programs\* ask for what\?$' '^    --name: only files that begin so$' '^  rawtracepoint:sys_enter   \(line 4\)$' \
    '^    cost low: a call from the event$' '^    cost high: each call' '^  @n\[string\[16\]\] = count\(\): at most ' \
    '^  asked \(line 3\), [0-9]+ bytes each time: who: string\[16\], file: string(\[64\])?$' '^    who is comm \(line 6\)$' \
    '^    file is str\(uptr\(args.regs->si\)\) \(line 6\)$' '^  on asked$' '^  It changes nothing: all [0-9]+ instructions' \
    '^  There is no way in the language to write memory'; do
    has "text-${want:3:12}" "$TMP/text" "$want"
done
"$ND" explain -f markdown "$TMP/s.nd" >"$TMP/page" 2>&1
has markdown-title "$TMP/page" '^# .*s\.nd on Linux '
has markdown-section "$TMP/page" '^## Leaves the kernel'
has markdown-escaped "$TMP/page" '^- Which \\\*programs\\\* ask'
has markdown-signed "$TMP/page" '^Approved by:'
"$ND" -f json explain "$TMP/s.nd" >"$TMP/json" 2>&1
same json-lines "$(wc -l <"$TMP/json")" 1
has json "$TMP/json" '^\{"type":"explain","title":.*"purpose":\[\{"text":"Which \*programs\* .*"leaves_the_kernel":\[.*"cannot":\['
finish
