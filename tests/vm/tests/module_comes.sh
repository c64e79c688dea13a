#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check: 5.10 7
# A probe on a module that is loaded after the start, unloaded and loaded again counts every packet.
. "$(dirname "$0")/../lib.sh"
[ ! -e /sys/module/dummy ] || rmmod dummy || not_ok unloaded "dummy is in use"
# N: sends N packets through a device of the module, which is loaded for it and unloaded again.
round() {
    modprobe dummy numdummies=0 && until_said "$1" && ip link add nd1 type dummy && sysctl -qw net.ipv6.conf.nd1.disable_ipv6=1 &&
        ip addr add 10.67.0.1/24 dev nd1 && ip link set nd1 up &&
        ip neigh replace 10.67.0.2 lladdr 02:00:00:00:67:02 dev nd1 nud permanent &&
        bash -c 'exec 3>/dev/udp/10.67.0.2/9; for ((i = 0; i < '"$2"'; i++)); do echo hi >&3; done' &&
        ip link del nd1 && rmmod dummy
}
# TIMES: that often the script has said that the probe is attached.
until_said() { wait_until 30 there "$TMP/comes.err" 'module dummy is loaded: kprobe' "$1" || { cat "$TMP/comes.err"; return 1; }; }
trace comes -e 'kprobe:dummy:dummy_xmit { @n = count(); @dev[((struct net_device *)arg1)->name] = count() }
    kretprobe:dummy:dummy_xmit { @ret[(int32)retval] = count() }
    rawtracepoint:net_dev_start_xmit /args.dev->name == "nd1"/ { @sent = count() }
    every 1s { report(@dev) }'
has waits "$TMP/comes.err" "module 'dummy' is not loaded: the probe waits for it"
for i in 1 2 3; do
    if said=$(round $i 50 2>&1); then ok "round-$i"; else not_ok "round-$i" "$said"; fi
done
stop "$PID"
OUT=$TMP/comes.out
same exit "$CODE" 0
same sent "$(total "$OUT" @sent)" 150
same entries "$(total "$OUT" @n)" 150
has returns "$OUT" '^@ret\[0\]: 150$'
same intervals "$(total "$OUT" @dev)" 150
same said-unloaded "$(grep -c 'module dummy is unloaded: kprobe' "$TMP/comes.err")" 3

# The same without links of perf events, and one that is loaded at the start.
modprobe dummy numdummies=0
NDTRACE_WITHOUT=perf_link trace comes -e 'kprobe:dummy:dummy_xmit { @n = count() }'
rmmod dummy
if said=$(round 1 30 2>&1); then ok reloaded; else not_ok reloaded "$said"; fi
stop "$PID"
same reloaded-count "$(total "$TMP/comes.out" @n)" 30

# A trampoline keeps its module, where modules have types.
modprobe dummy numdummies=0
if [ -e /sys/kernel/btf/dummy ]; then
    trace keeps -e 'fentry:dummy:dummy_xmit { @n = count() }'
    if rmmod dummy 2>/dev/null; then not_ok kept "the module was unloaded"; else ok kept; fi
    stop "$PID"
    same kept-exit "$CODE" 0
fi
rmmod dummy && ok free
"$WITHIN" 60 "$ND" -e 'kprobe:no_such_module:f { @ = count() }' >"$TMP/o" 2>"$TMP/e"
same absent-exit $? 2
has absent "$TMP/e" 'is not loaded'
"$WITHIN" 60 "$ND" -e 'fentry:dummy:dummy_xmit { @ = count() }' >"$TMP/o" 2>"$TMP/e"
same fentry-absent-exit $? 2
has fentry-absent "$TMP/e" 'not loaded'
finish
