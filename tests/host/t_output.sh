#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where results go: a full disk, a reader that leaves, -o, JSON Lines.
. "$(dirname "$0")/lib.sh"

# A file system of 64 KiB that only the tracer sees.
mkdir "$TMP/small"
unshare -m bash -c "mount -t tmpfs -o size=64k none '$TMP/small' &&
    exec timeout 20 '$ND' -o '$TMP/small/out' --duration 10s -e '
        interval:ms:1 { unroll(10) { printf(\"%s %d\n\", \"a line of some length for a disk that is small\", nsecs); } }'" \
    >"$TMP/full.out" 2>"$TMP/full.err"
same full-disk-exit $? 1
has full-disk-says "$TMP/full.err" 'No space left'

"$WITHIN" 20 "$ND" -o /nonexistent/dir/file -e 'BEGIN { exit() }' >"$TMP/none.out" 2>"$TMP/none.err"
same no-folder-exit $? 1
has no-folder-says "$TMP/none.err" '/nonexistent/dir/file.*No such file'

"$WITHIN" 20 "$ND" --duration 15s -e 'interval:ms:10 { printf("line\n"); }' 2>"$TMP/pipe.err" | head -1 >"$TMP/pipe.out"
code=${PIPESTATUS[0]}
same closed-pipe-exit "$code" 0
same closed-pipe-line "$(cat "$TMP/pipe.out")" line
same closed-pipe-quiet "$(cat "$TMP/pipe.err")" 'Attached 1 probe'

"$WITHIN" 20 "$ND" -q -o "$TMP/file" -e 'BEGIN { printf("to the file\n"); exit(); }' >"$TMP/o.out"
same o-exit $? 0
same o-file "$(cat "$TMP/file")" 'to the file'
same o-stdout "$(cat "$TMP/o.out")" ''

"$WITHIN" 20 "$ND" -f json -e 'BEGIN { @a["x"] = 1; @a["y"] = 2; printf("%d\n", 5); exit(); }' >"$TMP/json" 2>&1
same json-exit $? 0
same json-first "$(head -1 "$TMP/json" | grep -c '^{"type":"header","schema":1,')" 1
same json-last "$(tail -1 "$TMP/json" | grep -c '^{"type":"summary"')" 1
has json-printf "$TMP/json" '"type":"printf","text":"5\\n"'
has json-map "$TMP/json" '"name":"@a","entries":\[\{"key":"x","value":1\},\{"key":"y","value":2\}\]'
same json-objects "$(grep -vc '^{.*}$' "$TMP/json")" 0
finish
