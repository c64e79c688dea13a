#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the files of the editors that name keywords and built-ins, from the tables that the compiler has:
#   docs/editors/generate.sh [FOLDER]     into this folder, or into FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
to=${1:-$here}
nd=${NDTRACE:-$here/../../build/ndtrace}
# KIND: names of one kind, each once.
names() { "$nd" list "$1" -f json | sed -nE "s/^\{\"type\":\"$2\",\"name\":\"([A-Za-z_0-9]+)\".*/\1/p" | sort -u; }
keywords=$(names keywords keyword | xargs)
types=$(names keywords type | xargs)
builtins=$(names builtins builtin | xargs)
kinds='tracepoint t rawtracepoint raw_tp rt tp_btf kprobe k kretprobe kr fentry kfunc f fexit kretfunc fr func funcret uprobe u uretprobe ur usdt U profile p interval i iter it software s hardware h watchpoint w self'
any() { echo "$*" | tr ' ' '|'; }

mkdir -p "$to/vim/syntax" "$to/vscode/syntaxes"
cat >"$to/vim/syntax/ndtrace.vim" <<EOF
" Vim syntax file of ndtrace scripts, made by docs/editors/generate.sh.
if exists("b:current_syntax")
  finish
endif
syn keyword ndtraceKeyword $keywords
syn keyword ndtraceType $types ip prefix mac port proto ifname netns time duration kstack ustack ksym usym buf
syn keyword ndtraceBuiltin $builtins
syn match ndtraceProbe "\\<\\%($(any "$kinds" | sed 's/|/\\|/g')\\):[^ \\t,{}/]\\+"
syn match ndtraceMap "@[A-Za-z_0-9]*"
syn match ndtraceVariable "\\\$[A-Za-z_0-9#]\\+"
syn match ndtraceNumber "\\<\\%(0x[0-9a-fA-F_]\\+\\|[0-9][0-9_]*\\%(\\.[0-9]\\+\\)\\=\\)\\%(ns\\|us\\|ms\\|s\\|m\\|h\\|d\\|[kKMG]i\\=B\\=\\|[uUlL]\\+\\)\\=\\>"
syn region ndtraceString start=+"+ skip=+\\\\\\\\\\|\\\\"+ end=+"+ contains=ndtraceFormat
syn match ndtraceFormat contained "%[-+ 0#]*\\*\\=[0-9]*\\%(\\.[0-9]\\+\\)\\=[hlzjt]*[a-zA-Z%]"
syn match ndtraceComment "//.*\$" contains=ndtraceTodo
syn region ndtraceComment start="/\\*" end="\\*/" contains=ndtraceTodo
syn match ndtracePreProc "^\\s*#.*\$"
syn keyword ndtraceTodo contained TODO FIXME XXX
hi def link ndtraceKeyword Statement
hi def link ndtraceType Type
hi def link ndtraceBuiltin Function
hi def link ndtraceProbe PreProc
hi def link ndtraceMap Identifier
hi def link ndtraceVariable Identifier
hi def link ndtraceNumber Number
hi def link ndtraceString String
hi def link ndtraceFormat Special
hi def link ndtraceComment Comment
hi def link ndtracePreProc PreProc
hi def link ndtraceTodo Todo
let b:current_syntax = "ndtrace"
EOF
cat >"$to/vscode/syntaxes/ndtrace.tmLanguage.json" <<EOF
{
  "\$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
  "name": "ndtrace",
  "scopeName": "source.ndtrace",
  "comment": "made by docs/editors/generate.sh",
  "patterns": [
    { "name": "comment.line.double-slash.ndtrace", "match": "//.*\$" },
    { "name": "comment.block.ndtrace", "begin": "/\\\\*", "end": "\\\\*/" },
    { "name": "meta.preprocessor.ndtrace", "match": "^\\\\s*#.*\$" },
    { "name": "string.quoted.double.ndtrace", "begin": "\\"", "end": "\\"", "patterns": [
      { "name": "constant.character.escape.ndtrace", "match": "\\\\\\\\." },
      { "name": "constant.other.placeholder.ndtrace", "match": "%[-+ 0#]*\\\\*?[0-9]*(\\\\.[0-9]+)?[hlzjt]*[a-zA-Z%]" } ] },
    { "name": "entity.name.function.probe.ndtrace", "match": "\\\\b($(any "$kinds")):[^\\\\s,{}/]+" },
    { "name": "variable.other.map.ndtrace", "match": "@[A-Za-z_0-9]*" },
    { "name": "variable.other.ndtrace", "match": "\\\\\$[A-Za-z_0-9#]+" },
    { "name": "constant.numeric.ndtrace", "match": "\\\\b(0x[0-9a-fA-F_]+|[0-9][0-9_]*(\\\\.[0-9]+)?)(ns|us|ms|s|m|h|d|[kKMG]i?B?|[uUlL]+)?\\\\b" },
    { "name": "keyword.control.ndtrace", "match": "(?<![.>])\\\\b($(any "$keywords"))\\\\b" },
    { "name": "storage.type.ndtrace", "match": "(?<![.>])\\\\b($(any "$types")|ip|prefix|mac|port|proto|ifname|netns|time|duration|kstack|ustack|ksym|usym|buf)\\\\b" },
    { "name": "support.function.ndtrace", "match": "(?<![.>])\\\\b($(any "$builtins"))\\\\b" }
  ]
}
EOF
# Words for tree-sitter: names of types, and keywords that are names elsewhere.
grammar=$here/../../grammar/tree-sitter-ndtrace
[ -z "${1:-}" ] || grammar=$to/tree-sitter
mkdir -p "$grammar"
soft='event begin end every on option stage path timeout sample keep try each renamed sorted by asc desc limit alias required positional when probe in send use fn text'
quoted() { for w; do echo "\"$w\""; done | paste -sd, -; }
# shellcheck disable=SC2086
names=$(for w in $keywords; do case " $soft " in *" $w "*) echo "$w" ;; esac; done | xargs)
# shellcheck disable=SC2086
echo "{\"types\":[$(quoted $types)],\"names\":[$(quoted $names)]}" >"$grammar/words.json"
