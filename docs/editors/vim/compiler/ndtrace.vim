" :make reports what 'ndtrace check' says of the script, in the quickfix list.
if exists("current_compiler")
  finish
endif
let current_compiler = "ndtrace"
CompilerSet makeprg=ndtrace\ check\ %:S
CompilerSet errorformat=%f:%l:%c:\ %trror[%m,%f:%l:%c:\ %tarning[%m,%f:%l:%c:\ note:\ %m,%-G%.%#
