#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A script that was compiled before starts without the compiler, unless anything that its object
# was made from has changed; and no other user can put an object into the cache.
. "$(dirname "$0")/lib.sh"
export NDTRACE_CACHE=$TMP/cache
REAL=$(dirname "$ND")/ndtrace-compile
# The compiler, and a line for each time that it was started.
printf '#!/bin/bash\necho >>%q\nexec %q "$@"\n' "$TMP/started" "$REAL" >"$TMP/compiler"
chmod 755 "$TMP/compiler"
export NDTRACE_COMPILE=$TMP/compiler
printf 'use helper\nBEGIN { printf("%%d\\n", answer()); exit() }\n' >"$TMP/script.nd"
printf 'fn answer() -> i64 { return 41 }\n' >"$TMP/helper.nd"
sleep 0.1 # what was changed a moment ago is not kept

# NAME WANTED-STARTS WANTED-OUTPUT WORD...
runs() {
    local name=$1 starts=$2 output=$3
    shift 3
    : >"$TMP/started"
    "$WITHIN" 20 "$ND" -q "$@" >"$TMP/out" 2>"$TMP/err"
    same "$name" "$?:$(grep -c . -z "$TMP/err"):$(wc -l <"$TMP/started"):$(cat "$TMP/out")" "0:${ERR:-0}:$starts:$output"
}
runs first 1 41 "$TMP/script.nd"
runs second 0 41 "$TMP/script.nd"
runs one-liner 1 7 -e 'BEGIN { printf("7\n"); exit() }'
runs one-liner-again 0 7 -e 'BEGIN { printf("7\n"); exit() }'
runs other-one-liner 1 8 -e 'BEGIN { printf("8\n"); exit() }'
runs without-cache 1 41 --no-cache "$TMP/script.nd"
NDTRACE_CACHE=off runs cache-off 1 41 "$TMP/script.nd"
NDTRACE_WITHOUT=ringbuf runs features 1 41 "$TMP/script.nd"
NDTRACE_WITHOUT=ringbuf runs features-again 0 41 "$TMP/script.nd"

# What it was made of.
printf 'fn answer() -> i64 { return 42 }\n' >"$TMP/helper.nd"
sleep 0.1
runs module-changed 1 42 "$TMP/script.nd"
runs module-changed-again 0 42 "$TMP/script.nd"
echo '// more' >>"$TMP/script.nd"
sleep 0.1
runs script-changed 1 42 "$TMP/script.nd"
runs script-changed-again 0 42 "$TMP/script.nd"
"$WITHIN" 20 "$ND" -v "$TMP/script.nd" >"$TMP/out" 2>"$TMP/err"
has verbose-hit "$TMP/err" '^cache: hit \([0-9a-f]{16}\)$'
touch "$TMP/helper.nd"
"$WITHIN" 20 "$ND" -v "$TMP/script.nd" >"$TMP/out" 2>"$TMP/err"
has verbose-why "$TMP/err" "^cache: $TMP/helper.nd has changed\$"
touch "$TMP/compiler"
sleep 0.1
runs other-compiler 1 42 "$TMP/script.nd"

# A module of the library, until there is one beside the script.
mkdir "$TMP/d"
printf 'use stages\nBEGIN { printf("5\\n"); exit() }\n' >"$TMP/d/s.nd"
sleep 0.1
runs library 1 5 "$TMP/d/s.nd"
runs library-again 0 5 "$TMP/d/s.nd"
echo 'fn nothing() -> i64 { return 0 }' >"$TMP/d/stages.nd"
sleep 0.1
runs appeared-beside 1 5 "$TMP/d/s.nd"
runs appeared-beside-again 0 5 "$TMP/d/s.nd"

# Warnings are said each time.
warns='BEGIN { $x = 1; $x + 1; exit(); }'
"$WITHIN" 20 "$ND" -q -e "$warns" >"$TMP/out" 2>"$TMP/err1"
"$WITHIN" 20 "$ND" -q -e "$warns" >"$TMP/out" 2>"$TMP/err2"
has warned "$TMP/err1" 'warning'
# Also where it is compiled a second time, for a kernel that lacks something.
"$ND" --no-cache -v --duration 0.1 -e 'probe tx_queue { @ = count(); 1; }' >/dev/null 2>"$TMP/twice"
same warned-once "$(grep -c 'W0901' "$TMP/twice")" 1
same warned-again "$(cat "$TMP/err2")" "$(cat "$TMP/err1")"

# Others have no access, and what is not ours is not used.
same mode "$(stat -c %a "$TMP/cache") $(stat -c %a "$TMP"/cache/* | sort -u)" '700 600'
chmod 733 "$TMP/cache"
ERR=1 runs open-to-others 1 42 "$TMP/script.nd"
has open-to-others-warning "$TMP/err" 'warning: the cache .* is not used: others can write'
chmod 700 "$TMP/cache"
ln -s "$TMP/cache" "$TMP/link"
NDTRACE_CACHE=$TMP/link ERR=1 runs symlink 1 42 "$TMP/script.nd"
has symlink-warning "$TMP/err" 'symbolic link'
chown 65534 "$TMP/cache"
ERR=1 runs of-another 1 42 "$TMP/script.nd"
has of-another-warning "$TMP/err" 'belongs to another user'
chown 0 "$TMP/cache"
for f in "$TMP"/cache/*; do mv "$f" "$f.away" && ln -s "$f.away" "$f"; done
runs entry-symlink 1 42 "$TMP/script.nd"
runs entry-replaced 0 42 "$TMP/script.nd"
chown 65534 "$TMP"/cache/*
runs entry-of-another 1 42 "$TMP/script.nd"

# Damage is a miss: in the head, the key, the list of files, the object.
runs damage-before 0 42 "$TMP/script.nd"
f=$(ls -t "$TMP"/cache/* | head -1) bad=0 size=$(stat -c %s "$f")
cp -p "$f" "$TMP/good"
for i in $(seq 0 39); do
    cp -p "$TMP/good" "$f"
    at=$((size * i / 40))
    byte=$(od -An -tu1 -j $at -N 1 "$f")
    printf "\\x$(printf %x $((byte ^ 16)))" | dd of="$f" bs=1 seek=$at conv=notrunc 2>/dev/null
    : >"$TMP/started"
    "$WITHIN" 20 "$ND" -q "$TMP/script.nd" >"$TMP/out" 2>"$TMP/err"
    [ "$?:$(cat "$TMP/out"):$(wc -c <"$TMP/err")" = 0:42:0 ] || bad=$((bad + 1))
done
same damage "$bad" 0

# No more than 500 entries.
for i in $(seq 600); do : >"$TMP/cache/old$i"; done
runs many 1 9 -e 'BEGIN { printf("9\n"); exit() }'
n=$(ls "$TMP/cache" | wc -l)
between bounded "$n" 1 500
runs newest-is-kept 0 9 -e 'BEGIN { printf("9\n"); exit() }'

# The compiler's library is not in a tracer that found its object.
trace maps -e 'interval:s:1 { @n = count() }' && stop "$PID"
: >"$TMP/started"
trace maps -e 'interval:s:1 { @n = count() }' || finish
same maps "$(wc -l <"$TMP/started"):$(grep -ciE 'llvm|ndtrace-compile' /proc/"$PID"/maps)" 0:0
stop "$PID"
finish
