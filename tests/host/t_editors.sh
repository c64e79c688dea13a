#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: files that are made by lists
# What editors are told of the language is what the compiler knows.
. "$(dirname "$0")/lib.sh"
NDTRACE=$ND sh docs/editors/generate.sh "$TMP/made"
for f in vim/syntax/ndtrace.vim vscode/syntaxes/ndtrace.tmLanguage.json; do
    same "made-${f##*/}" "$(diff "$TMP/made/$f" "docs/editors/$f" >/dev/null && echo same)" same
done
"$ND" list keywords >"$TMP/words"
has keywords "$TMP/words" '^probe$'
has type-words "$TMP/words" '^uint64_t$'
if command -v npm >/dev/null && command -v zip >/dev/null; then
    sh docs/editors/vsix.sh "$TMP/n.vsix" >"$TMP/out" 2>&1
    same vsix-exit $? 0
    unzip -l "$TMP/n.vsix" 2>/dev/null >"$TMP/files" || zip -sf "$TMP/n.vsix" >"$TMP/files"
    for f in extension.vsixmanifest extension/package.json extension/syntaxes/ndtrace.tmLanguage.json; do
        has "vsix-${f##*/}" "$TMP/files" "$f"
    done
else
    echo "left out: the package for Visual Studio Code, as npm or zip is missing here"
fi
same made-words.json "$(diff "$TMP/made/tree-sitter/words.json" grammar/tree-sitter-ndtrace/words.json >/dev/null && echo same)" same
if command -v tree-sitter >/dev/null && command -v node >/dev/null && command -v cc >/dev/null; then
    cp -r grammar/tree-sitter-ndtrace "$TMP/grammar"
    all=(scripts/*.nd stdlib/*/*.nd)
    here=$PWD
    (cd "$TMP/grammar" && HOME=$TMP tree-sitter generate && HOME=$TMP tree-sitter parse -q -s "${all[@]/#/$here/}") >"$TMP/parsed" 2>&1
    has tree-sitter "$TMP/parsed" 'failed parses: 0'
else
    echo "left out: parsing all scripts with tree-sitter, as tree-sitter or node is missing here"
fi
finish
