#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fentry and fexit fire once for each call, with typed arguments and the return value.
. "$(dirname "$0")/../lib.sh"
traced enter 'fentry:vfs_fallocate /comm == "stimulus"/ { @n = count(); @off = sum(args.offset); @len[args.len, args.mode] = count(); @name[str(args.file->f_path.dentry->d_name.name)] = count() }' \
    $STIMULUS fallocate 500
same enter-count "$(total "$OUT" @n)" 1000
same enter-args "$(total "$OUT" @off)" $((499 * 500))
has enter-len-mode "$OUT" '^@len\[1000, 4096\]: 500$'
has enter-pointers "$OUT" '^@name\[memfd:stimulus\]: 1000$'

traced exit 'fexit:vfs_fallocate /comm == "stimulus"/ { @r[retval] = count(); @n = count(); @off = sum(args.offset) }' $STIMULUS fallocate 500
same exit-count "$(total "$OUT" @n)" 1000
has exit-good "$OUT" '^@r\[0\]: 500$'
has exit-failed "$OUT" '^@r\[-95\]: 500$'
same exit-args "$(total "$OUT" @off)" $((499 * 500))

traced both 'func:vfs_fallocate { @t[tid] = nsecs } funcret:vfs_fallocate /has_key(@t, tid)/ { @n = count(); @lat = hist(nsecs - @t[tid]); delete(@t, tid) }' \
    $STIMULUS fallocate 300
same both-count "$(total "$OUT" @n)" 600
finish
