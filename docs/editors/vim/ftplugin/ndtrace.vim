" Four blanks, // comments, :make checks the script.
if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1
setlocal expandtab shiftwidth=4 softtabstop=4
setlocal comments=s1:/*,mb:*,ex:*/,:// commentstring=//\ %s
setlocal formatprg=ndtrace\ fmt\ /dev/stdin
compiler ndtrace
let b:undo_ftplugin = "setlocal et< sw< sts< com< cms< fp<"
