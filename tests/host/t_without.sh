#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a kernel lacks: said by name, and done without. The tests that run everything so are in
# tests/without.sh.
. "$(dirname "$0")/lib.sh"
unset NDTRACE_WITHOUT

NDTRACE_WITHOUT=loops,nonsense "$ND" -e 'BEGIN { exit() }' >"$TMP/o" 2>"$TMP/e"
same unknown-name $? 2
has unknown-name-is-named "$TMP/e" 'unknown feature "nonsense"; the features are: ringbuf globals '

cat >"$TMP/s.nd" <<'S'
option n: int = 3 "a number"
option names: string[] "a list"
BEGIN { printf("%d %d %d\n", opt.n, "b" in opt.names, len(opt.names)); exit(); }
S
"$ND" -v "$TMP/s.nd" >"$TMP/o" 2>"$TMP/e"
has tried "$TMP/e" '^features: ringbuf (yes|no), globals '
NDTRACE_WITHOUT=ringbuf,globals "$ND" -v "$TMP/s.nd" --n 7 --names a,b >"$TMP/o" 2>"$TMP/e"
has chosen "$TMP/e" '^features: ringbuf off, globals off'
same values "$(cat "$TMP/o")" "7 1 2"

# One object serves all values; what it needs is in it.
NDTRACE_WITHOUT=ringbuf,globals "$ND" compile "$TMP/s.nd" -o "$TMP/s.ndo"
same object "$("$ND" "$TMP/s.ndo" --n -5 2>/dev/null)" "-5 0 0"
NDTRACE_WITHOUT=loops "$ND" "$TMP/s.ndo" >"$TMP/o" 2>"$TMP/e"
same object-needs $? 1
has object-needs-what "$TMP/e" 'needs loops .*\(loops, Linux 5.3\), which NDTRACE_WITHOUT switches off'
has object-what-to-do "$TMP/e" 'compile the script on this kernel, or .* NDTRACE_WITHOUT'

# No global data: no section of it, and no word of an option is forgotten.
if command -v readelf >/dev/null; then
    readelf -SW "$TMP/s.ndo" >"$TMP/sections"
    if grep -qE ' \.(bss|data|rodata)' "$TMP/sections"; then not_ok no-data "wanted no such section, got: $(grep -E 'data|bss' "$TMP/sections")"; else ok no-data; fi
fi
python3 - "$TMP/s.ndo" "$TMP/bad.ndo" <<'P' || cp "$TMP/s.ndo" "$TMP/bad.ndo"
import struct, sys, zlib
d = bytearray(open(sys.argv[1], 'rb').read())
i = 0
while i + 8 <= len(d):
    if d[i] == 0x18 and d[i + 1] >> 4 == 15:
        d[i + 1] &= 0x0f
        break
    i += 8
d[-4:] = struct.pack('<I', zlib.crc32(d[-24:-4], zlib.crc32(d[:-24])))  # struct nd_seal
open(sys.argv[2], 'wb').write(d)
P
if cmp -s "$TMP/s.ndo" "$TMP/bad.ndo"; then
    not_ok damaged "no immediate of an option found in the object"
else
    "$ND" "$TMP/bad.ndo" >"$TMP/o" 2>"$TMP/e"
    same damaged $? 1
    has damaged-why "$TMP/e" 'option values here, but its manifest says'
fi

# Loops and length, at their lines.
cat >"$TMP/l.nd" <<'S'
BEGIN {
    $i = 0;
    while ($i < @limit) { $i++; @n = count(); }
    exit();
}
begin { @limit = 5; }
S
NDTRACE_WITHOUT=loops "$ND" "$TMP/l.nd" >"$TMP/o" 2>"$TMP/e"
same loop $? 2
has loop-line "$TMP/e" 'l.nd:3:5: error\[E0703\]: this loop is too long for a kernel without loops'
NDTRACE_WITHOUT=loops "$ND" -e 'BEGIN { for (i in 0..900) { @[i] = count(); } exit() }' >"$TMP/o" 2>"$TMP/e"
same long $? 2
has long-count "$TMP/e" '^-e:1:(1|9): error\[E070[13]\]: this (probe has [0-9]+ instructions; this kernel takes at most 4096|loop is too long)'
NDTRACE_WITHOUT=boot_clock "$ND" -e 'BEGIN { @ = nsecs(boot); exit() }' >"$TMP/o" 2>"$TMP/e"
same clock $? 2

# The scripts that people copy from fit what Linux 4.19 takes, and this verifier accepts them so.
. tests/oldverifier/profiles.sh
old=$V4_19 bad=
for s in scripts/*.nd; do
    NDTRACE_WITHOUT=$old "$ND" check "$s" >"$TMP/o" 2>&1 || bad="$bad $s: $(grep -m 1 error "$TMP/o")"
done
if [ -n "$old" ] && [ -z "$bad" ]; then ok scripts; else not_ok scripts "wanted all to compile, got: $bad"; fi

# -p ends with its process even if the kernel does not report it.
sleep 1 &
p=$!
counted_ms
start=$NOW
NDTRACE_WITHOUT=pidfd "$WITHIN" 20 "$ND" -p $p -e 'profile:hz:10 { @ = count() }' >"$TMP/o" 2>"$TMP/e"
same process-exit $? 0
counted_ms
at_most process-ends $((NOW - start)) 7999

# The order of events of several CPUs is that of their times.
cat >"$TMP/order.nd" <<'S'
event e { at: uint64, cpu: uint32 }
rawtracepoint:sched_switch { send e { at: nsecs, cpu: cpu } }
on e { if (at < @last) { @back = count(); } @last = at; @cpu[cpu] = count(); }
S
NDTRACE_WITHOUT=ringbuf trace order "$TMP/order.nd" || finish
for i in {1..40}; do sleep 0.02; done
stop "$PID"
n=$(total "$TMP/order.out" @cpu) back=$(total "$TMP/order.out" @back)
if ((n > 50 && back * 50 <= n)); then ok order; else not_ok order "got $back of $n events out of order, wanted at most one of 50, of more than 50"; fi

finish
