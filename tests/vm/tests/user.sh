#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Probes of programs: entry, return and static probes fire once for each pass, with their values.
. "$(dirname "$0")/../lib.sh"
echo 2 >/proc/sys/kernel/randomize_va_space # as everywhere else, see boot.sh
traced enter "uprobe:$STIMULUS:nd_target { @n = count(); @a = sum(arg0); @s[str(uptr(arg1))] = count() }" $STIMULUS target 300
same enter-count "$(total "$OUT" @n)" 300
same enter-args "$(total "$OUT" @a)" $((299 * 150))
has enter-string "$OUT" '^@s\[abc\]: 300$'
traced ret "uretprobe:$STIMULUS:nd_target { @n = count(); @r = sum(retval) }" $STIMULUS target 300
same ret-count "$(total "$OUT" @n)" 300
same ret-value "$(total "$OUT" @r)" $((299 * 300 + 900))
traced usdt "usdt:$STIMULUS:ndtest:step { @n = count(); @a = sum(arg0); @s[str(uptr(arg1))] = count() }" $STIMULUS target 300
same usdt-count "$(total "$OUT" @n)" 300
same usdt-args "$(total "$OUT" @a)" $((299 * 150))
has usdt-string "$OUT" '^@s\[abc\]: 300$'
# Symbols of a process are read while it is there.
traced stacks 'profile:hz:99 /comm == "stimulus"/ { printf("%s", ustack) }' $STIMULUS spin 1000
has ustack "$OUT" 'main\+|spin'
finish
