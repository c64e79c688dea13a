; SPDX-License-Identifier: GPL-2.0-or-later
(comment) @comment
(directive) @keyword.directive
(string) @string
(number) @number
(probe_spec) @function.macro
(map_name) @variable.member
(variable) @variable
(positional) @variable.parameter
(primitive) @type.builtin
(call function: (identifier) @function.call)
(function name: (identifier) @function)
(stage name: (identifier) @function)
(event name: (identifier) @type)
(field name: (identifier) @property)
["use" "option" "const" "fn" "struct" "union" "enum" "event" "let" "probe" "when" "begin" "end" "every" "on" "stage" "path" "try" "each"] @keyword
["if" "else" "for" "while" "unroll" "return" "break" "continue" "send" "in" "sorted" "by" "limit" "text"] @keyword
