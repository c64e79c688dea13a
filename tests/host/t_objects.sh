#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Objects: what explain says of them, that check leaves nothing, that signatures are asked for where
# there are keys.
. "$(dirname "$0")/lib.sh"
mounts=$(grep ' /etc' /proc/self/mounts)

cat >"$TMP/t.nd" <<'END'
// Counts what is sent.
option port: int = 7 "a number"
rawtracepoint:net_dev_queue /args.skb->len > opt.port/ { @sizes[comm] = hist(args.skb->len) }
every 1s { report(@sizes) }
END
"$WITHIN" 20 "$ND" compile "$TMP/t.nd" -o "$TMP/t.ndo" >"$TMP/out" 2>&1
same compile $? 0
head -c 3000 "$TMP/t.ndo" >"$TMP/cut.ndo"

# ---- explain ------------------------------------------------------------------------------------

"$WITHIN" 20 "$ND" explain "$TMP/t.ndo" >"$TMP/explain" 2>"$TMP/err"
same explain-exit "$?:$(wc -c <"$TMP/err")" 0:0
has explain-point "$TMP/explain" '^  rawtracepoint:net_dev_queue \(line 3\)'
has explain-map "$TMP/explain" '^  @sizes: hash for each CPU, at most [0-9]+ entries, keys of 16 and values of 520 bytes'
has explain-user "$TMP/explain" '^  every \(line 4\)'
has explain-helper "$TMP/explain" '^  bpf_map_lookup_elem: finds an entry'
has explain-nothing "$TMP/explain" '^It changes nothing: all [0-9]+ instructions'
"$WITHIN" 20 "$ND" explain "$TMP/cut.ndo" >"$TMP/explain" 2>"$TMP/err"
same explain-cut "$?:$(grep -c 'cut short' "$TMP/err")" 1:1
"$WITHIN" 20 "$ND" explain "$TMP/t.nd" >"$TMP/explain" 2>"$TMP/err"
same explain-script-exit $? 0
has explain-script-helper "$TMP/explain" '^  bpf_map_lookup_elem: finds an entry'
same explain-script-no-other "$(grep -cE 'bpf_(send_signal|probe_write_user|override_return)' "$TMP/explain")" 0

# ---- check leaves nothing -----------------------------------------------------------------------

# What there is of BPF: other tests make and remove some meanwhile.
bpf_ids() {
    for what in prog map link; do
        bpftool $what show 2>/dev/null | grep -oE '^[0-9]+:' | sed "s/^/$what /"
    done | sort
}
# Files: in bpffs, and where ndtrace may write.
files() {
    find /sys/fs/bpf "$TMP/home" "$TMP/cache" -mindepth 1 2>/dev/null | sort
}
gone() { [ -z "$(comm -12 <(bpf_ids) "$TMP/new")" ]; }
mkdir "$TMP/home"
unset NDTRACE_CACHE
check() { # NAME WORDS...
    local name=$1 before files
    shift
    before=$(bpf_ids) files=$(files)
    HOME=$TMP/home XDG_CACHE_HOME=$TMP/cache "$WITHIN" 30 "$ND" check "$@" >"$TMP/out" 2>&1
    same "check-$name" "$?" 0
    comm -13 <(echo "$before") <(bpf_ids) >"$TMP/new"
    if until_ok 10 gone; then ok "left-$name"; else not_ok "left-$name" "$(bpf_ids | comm -12 - "$TMP/new" | tr '\n' ' ')"; fi
    same "left-files-$name" "$(diff <(printf "%s" "$files") <(printf "%s" "$(files)"))" ""
}
check object "$TMP/t.ndo"
check script "$TMP/t.nd"
check one-liner -e 'profile:hz:9 { @[kstack] = count() } BEGIN { @x = 1; }'
export NDTRACE_CACHE=off

# ---- breakpoints --------------------------------------------------------------------------------

# Where a function starts, and not inside it: who made the object may not have looked what is there.
TARGET=$PWD/build/tests/host/target
at() { # NAME EXIT PATTERN PLACE FLAGS...
    "$WITHIN" 20 "$ND" compile -e "uprobe:$TARGET:$4 { @ = count() }" -o "$TMP/u.ndo" >"$TMP/out" 2>&1
    same "uprobe-$1-compiles" $? 0
    "$WITHIN" 20 "$ND" -q --duration 0.2 "${@:5}" "$TMP/u.ndo" >"$TMP/out" 2>&1
    same "uprobe-$1" "$?" "$2"
    has "uprobe-$1-says" "$TMP/out" "$3"
}
second=$(objdump -d --no-show-raw-insn "$TARGET" 2>/dev/null | awk '/<main>:/ { getline; getline; sub(/:/, "", $1); print $1; exit }')
first=$(nm "$TARGET" | awk '$3 == "main" { print $1 }')
at start 0 '' main
if [ -n "$second" ]; then
    at inside 1 'no function of the file starts here' "main+$((16#$second - 16#$first))"
    at inside-unsafe 0 '' "main+$((16#$second - 16#$first))" --unsafe
fi

# ---- signatures ---------------------------------------------------------------------------------

command -v openssl >/dev/null || { echo "skip signatures: there is no openssl"; finish; }
# An /etc of our own, in a mount namespace.
cp -a /etc "$TMP/etc" 2>/dev/null
mkdir -p "$TMP/etc/ndtrace/keys"
chmod 755 "$TMP/etc/ndtrace" "$TMP/etc/ndtrace/keys"
for k in one two; do
    openssl genpkey -algorithm ed25519 -out "$TMP/$k.pem" 2>/dev/null
done
inside() { # WORDS: as there
    "$WITHIN" 30 unshare -m --propagation private sh -c 'mount --bind "$0" /etc && exec "$@"' "$TMP/etc" "$@"
}
run() { # NAME EXIT PATTERN WORDS...
    local name=$1 code=$2 pattern=$3
    shift 3
    inside "$ND" -q --duration 0.2 "$@" >"$TMP/out" 2>&1
    same "signed-$name" "$?" "$code"
    has "signed-$name-says" "$TMP/out" "$pattern"
}
run no-keys 0 '' "$TMP/t.ndo"
openssl pkey -in "$TMP/one.pem" -pubout -out "$TMP/etc/ndtrace/keys/one.pub"
run none 1 't.ndo has no signature; sign it' "$TMP/t.ndo"
run none-allowed 0 '' --unsigned "$TMP/t.ndo"
run none-allowed-after 0 '' "$TMP/t.ndo" --unsigned
run script 0 '' "$TMP/t.nd"
openssl pkeyutl -sign -rawin -inkey "$TMP/two.pem" -in "$TMP/t.ndo" -out "$TMP/t.ndo.sig"
run stranger 1 'is not signed by any of the keys' "$TMP/t.ndo"
openssl pkeyutl -sign -rawin -inkey "$TMP/one.pem" -in "$TMP/t.ndo" -out "$TMP/t.ndo.sig"
run good 0 '' "$TMP/t.ndo"
inside "$ND" check "$TMP/t.ndo" >"$TMP/out" 2>&1
same signed-check $? 0
cp "$TMP/t.ndo.sig" "$TMP/other.ndo.sig"
"$WITHIN" 20 "$ND" compile -e 'BEGIN { exit(); }' -o "$TMP/other.ndo" >/dev/null 2>&1
run of-another 1 'is not signed by any of the keys' "$TMP/other.ndo"
head -c 63 "$TMP/t.ndo.sig" >"$TMP/short" && cp "$TMP/short" "$TMP/t.ndo.sig"
run short 1 'has no signature' "$TMP/t.ndo"
openssl pkeyutl -sign -rawin -inkey "$TMP/one.pem" -in "$TMP/t.ndo" -out "$TMP/t.ndo.sig"
chmod 666 "$TMP/etc/ndtrace/keys/one.pub"
run key-open 1 "one.pub cannot be used: it is not root's, or others may write to it" "$TMP/t.ndo"
chmod 644 "$TMP/etc/ndtrace/keys/one.pub"
echo nonsense >"$TMP/etc/ndtrace/keys/bad.pub"
rm "$TMP/etc/ndtrace/keys/one.pub"
run key-bad 1 'bad.pub cannot be used: it is not a public key of ed25519 in PEM' "$TMP/t.ndo"
chmod 777 "$TMP/etc/ndtrace/keys"
run keys-open 1 "the folder is not root's" "$TMP/t.ndo"
same mounts-as-before "$(grep ' /etc' /proc/self/mounts)" "$mounts"
finish
