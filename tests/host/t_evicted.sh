#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: one number
# What an LRU map drops to make room is counted to the last entry.
. "$(dirname "$0")/lib.sh"

lru() { # NAME SCRIPT: summary's evicted, entries printed
    "$WITHIN" 20 "$ND" -f json -o "$TMP/$1.json" -e "$2" >"$TMP/$1.out" 2>&1
    same "$1-exit" $? 0
}
evicted() { sed -n 's/.*"type":"summary".*"evicted":\([0-9]*\).*/\1/p' "$TMP/$1.json"; }
entries() { grep '"name":"@m"' "$TMP/$1.json" | grep -o '"key":' | wc -l; }

lru set 'let @m = lruhash(100); BEGIN { for ($i : 0..1000) { @m[$i] = $i; @m[$i] = 1; } exit() }'
n=$(evicted set) want=$((1000 - $(entries set)))
case $(uname -r) in
4.* | 5.* | 6.[0-9].*) # an update there may evict the very entry that it replaces, which makes one more
    between set "$n" "$want" $((want + 1000))
    lru once 'let @m = lruhash(100); BEGIN { for ($i : 0..1000) { @m[$i] = $i; } exit() }'
    same once "$(evicted once)" $((1000 - $(entries once)))
    ;;
*) same set "$n" "$want" ;;
esac
lru agg 'let @m = lruhash(100); BEGIN { for ($i : 0..1000) { @m[$i] = count(); } for ($i : 990..1000) { delete(@m[$i]); } exit() }'
same agg "$(evicted agg)" $((1000 - 10 - $(entries agg)))
lru none 'let @m = lruhash(2000); BEGIN { for ($i : 0..1000) { @m[$i]++; } exit() }'
same none "$(evicted none)" 0
finish
