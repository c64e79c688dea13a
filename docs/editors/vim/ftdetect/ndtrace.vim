" Scripts of ndtrace, and of bpftrace, which it runs as well.
au BufRead,BufNewFile *.nd,*.bt setfiletype ndtrace
au BufRead,BufNewFile * if getline(1) =~# '^#!.*\<ndtrace\>' | setfiletype ndtrace | endif
