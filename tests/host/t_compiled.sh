#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: the same code as without an object
# A compiled script runs without the compiler, with options; check and --help need no privileges.
. "$(dirname "$0")/lib.sh"
script=scripts/packet_sizes.nd

"$WITHIN" 20 "$ND" compile scripts/busiest_flows.nd -o "$TMP/flows.ndo" >"$TMP/out" 2>&1
same compile-exit $? 0
cp "$ND" "$TMP/ndtrace" # alone: there is no compiler beside it
cd "$TMP" || exit 1
"$WITHIN" 20 ./ndtrace -q -e 'BEGIN { exit() }' >"$TMP/none" 2>&1
code=$?
if [ -x /usr/local/libexec/ndtrace/ndtrace-compile ] || command -v ndtrace-compile >/dev/null; then
    ok no-compiler-skipped-one-is-installed
else
    same no-compiler "$code:$(grep -c 'compile' "$TMP/none")" 1:1
fi
network o
ND=./ndtrace
trace compiled "$TMP/flows.ndo" --interface "$A" --interval 1h || finish
send 2000 >/dev/null
stop "$PID"
same compiled-exit "$CODE" 0
has compiled-result "$TMP/compiled.out" 'UDP   10\.77\.0\.1:40000 -> 10\.77\.0\.2:5201$'
"$WITHIN" 20 ./ndtrace "$TMP/flows.ndo" --help >"$TMP/help" 2>&1
same compiled-help "$?:$(head -1 "$TMP/help")" "0:Which flows send the most through this host's devices?"
"$WITHIN" 20 ./ndtrace "$TMP/flows.ndo" --top many >"$TMP/bad" 2>&1
same compiled-bad-option $? 2
head -c 5000 "$TMP/flows.ndo" >"$TMP/cut.ndo"
"$WITHIN" 20 ./ndtrace "$TMP/cut.ndo" >"$TMP/cut" 2>&1
same cut-object "$?:$(grep -c 'error' "$TMP/cut")" 1:1
cd - >/dev/null || exit 1

# As user nobody, from a folder that everyone may read.
chmod 755 "$TMP"
mkdir "$TMP/bin"
cp "${NDTRACE:-build/ndtrace}" "${NDTRACE:-build/ndtrace}-compile" $script "$TMP/bin/"
chmod -R a+rX "$TMP/bin"
nobody() { "$WITHIN" 20 setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
nobody "$TMP/bin/ndtrace" "$TMP/bin/packet_sizes.nd" --help >"$TMP/help" 2>&1
same nobody-help "$?:$(head -1 "$TMP/help")" "0:$(sed -n '3s,^// ,,p' $script)"
nobody "$TMP/bin/ndtrace" check "$TMP/bin/packet_sizes.nd" >"$TMP/check" 2>&1
same nobody-check "$?:$(grep -c 'error' "$TMP/check")" 0:0
nobody "$TMP/bin/ndtrace" check -e 'rawtracepoint:net_dev_queue { @ = args.nosuch }' >"$TMP/check" 2>&1
same nobody-check-bad $? 2
nobody "$TMP/bin/ndtrace" "$TMP/bin/packet_sizes.nd" >"$TMP/run" 2>&1
same nobody-run $? 1
has nobody-run-says "$TMP/run" 'CAP_BPF and CAP_PERFMON are missing'
finish
