#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# On an old kernel a script is compiled once: what the kernel lacks is known before. On a newer one only what a script
# needs is tried, and it is compiled again if that is missing.
. "$(dirname "$0")/../lib.sh"
cat >"$TMP/compile" <<END
#!/bin/bash
echo "\$1" >>"$TMP/compiled"
exec "$PWD/build/ndtrace-compile" "\$@"
END
chmod +x "$TMP/compile"
export NDTRACE_COMPILE=$TMP/compile NDTRACE_CACHE=off
"$WITHIN" 60 "$ND" -e 'BEGIN { @a = 5; @a &= 4; $x = @b++; printf("%d\n", $x); exit() }' >"$TMP/o" 2>"$TMP/e"
same exit $? 0
has result "$TMP/o" '^@a: 4$'
same compiled "$(grep -c object "$TMP/compiled")" 1
finish
