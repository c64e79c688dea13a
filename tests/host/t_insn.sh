#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: one function, again and again
# Breakpoints in programs lie where instructions start: by a symbol, by the tables for stack unwinding, with
# and without names; in every function of a library as objdump says.
. "$(dirname "$0")/lib.sh"

T=build/tests/host/target
if [ "$(uname -m)" != x86_64 ] || ! command -v objdump >/dev/null; then
    ok no-objdump # where instructions start is known for x86-64 and by binutils; tests are made there
    finish
fi
# PLACE: prints yes, or the code of the message.
may() { "$ND" check -e "uprobe:$1 { @ = count() }" 2>&1 | sed -nE 's/.*error\[(E[0-9]+)\].*/\1/p; s/.*accepts all.*/yes/p' | head -1; }

for at in 0 1 2 3 4 5 6 7 8 9 10 11 12; do
    case $at in 0 | 5 | 7 | 8 | 12) wanted=yes ;; *) wanted=E0610 ;; esac
    same "steps+$at" "$(may "$T:steps+$at")" $wanted
done
addr=$(nm "$T" | awk '$3 == "steps" { print $1 }')
same address "$(may "$T:0x$(printf %x $((0x$addr + 5)))")" yes
same address-inside "$(may "$T:0x$(printf %x $((0x$addr + 3)))")" E0610
"$ND" check -e "uprobe:$T:steps+2 { @ = count() }" >"$TMP/out" 2>&1
same exit $? 2
has says "$TMP/out" '^-e:1:[0-9]+: error\[E0610\]: no instruction starts at 0x[0-9a-f]+ of .*target'
has advice "$TMP/out" '= .*--unsafe'
"$ND" check --unsafe -e "uprobe:$T:steps+2 { @ = count() }" >"$TMP/out" 2>&1
same unsafe $? 0
"$ND" -e "uprobe:$T:steps+2 { @ = count() }" --unsafe --duration 10ms >"$TMP/out" 2>&1
same unsafe-after $? 0

# Without names only the tables for unwinding say where functions start; without these nothing does.
strip -o "$TMP/stripped" "$T"
same stripped "$(may "$TMP/stripped:0x$(printf %x $((0x$addr + 5)))")" yes
same stripped-inside "$(may "$TMP/stripped:0x$(printf %x $((0x$addr + 2)))")" E0610
objcopy -R .eh_frame -R .eh_frame_hdr -S "$T" "$TMP/bare" 2>/dev/null
same bare "$(may "$TMP/bare:0x$(printf %x $((0x$addr + 5)))")" E0610
has bare-says <("$ND" check -e "uprobe:$TMP/bare:0x$(printf %x $((0x$addr + 5))) { @ = count() }" 2>&1) 'is not known: no function is known to be there'
# What is not code is no place for a breakpoint.
data=$(nm "$T" | awk '$3 == "shared" { print $1 }')
same data "$(may "$T:0x$data")" E0610

# A library's own functions: objdump is the judge.
lib=$(ldd "$T" | awk '$1 == "libc.so.6" { print $3 }')
for f in malloc getenv qsort printf; do
    start=$(objdump -T "$lib" | awk -v f="$f" '$NF == f && $4 == ".text" { print $1; exit }')
    size=$(objdump -T "$lib" | awk -v f="$f" '$NF == f && $4 == ".text" { print $5; exit }')
    [ -n "$start" ] || { not_ok "libc-$f" 'not found'; continue; }
    starts=" $(objdump -d --start-address=0x$start --stop-address=$((0x$start + 0x$size)) "$lib" | sed -nE 's/^ *([0-9a-f]+):\t.*/\1/p' | xargs) "
    wrong=''
    for ((i = 0; i < 24 && i < 0x$size; i++)); do
        a=$(printf %x $((0x$start + i)))
        if [[ $starts == *" $a "* ]]; then wanted=yes; else wanted=E0610; fi
        got=$(may "$lib:$f+$i")
        [ "$got" = $wanted ] || wrong+=" +$i:$got"
    done
    same "libc-$f" "$wrong" ''
done

# An AVX instruction whose opcode is that of a jump of old: the kernel would jump in its place.
if [ "$(uname -m)" = x86_64 ] && grep -qw avx2 /proc/cpuinfo; then
    cat >"$TMP/avx.c" <<'EOF'
#include <stdio.h>
int low(double x);
__asm__(".text; .globl low; .type low, @function; low: vmovd %xmm0, %eax; ret; .size low, .-low");
__attribute__((noinline)) int lowly(int x) { __asm__ volatile(""); return x; }
int main(void)
{
    union { double d; long l; } u = {.l = 77};
    for (int i = 0; i < 3; i++)
        printf("%d\n", lowly(low(u.d)));
    return 0;
}
EOF
    cc -O1 -o "$TMP/avx" "$TMP/avx.c" || not_ok avx-builds 'it does not'
    "$ND" -q -c "$TMP/avx" -e "uprobe:$TMP/avx:low { @ = count() }" >"$TMP/out" 2>"$TMP/err"
    same avx-exit $? 1
    has avx-says "$TMP/err" 'AVX instruction that the kernel takes for a jump'
    "$WITHIN" 20 "$ND" -q -c "$TMP/avx" -e "uprobe:$TMP/avx:low* { @ = count() }" >"$TMP/out" 2>"$TMP/err"
    same avx-many-exit $? 0
    has avx-many-says "$TMP/err" '1 of 2 attach points are left out: .*:low \(it begins with an AVX'
    same avx-many "$(xargs <"$TMP/out")" '77 77 77 @: 3'
fi
finish
