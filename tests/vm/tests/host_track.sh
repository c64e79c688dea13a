#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# Connection tracking by the names of its parameters, which only the module's types know.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=20
track b
if [ -e /sys/kernel/btf/nf_conntrack ]; then
    hook='args.state->hook' pf='args.state->pf'
else # before 5.11: by number and by a type of the kernel proper
    hook='((struct nf_hook_state *)arg1)->hook' pf='((struct nf_hook_state *)arg1)->pf'
fi
# Requests come in (0), answers go out (3).
traced track "kprobe:nf_conntrack_in { @n = count(); @hook[$hook] = count(); @pf[$pf] = count(); }" pings b 10.1.0.1 $N
same track-answered "$(cat "$TMP/track.cmd")" $N
same track-count "$(total "$OUT" @n)" $((2 * N))
has track-in "$OUT" "^@hook\[(0|NF_INET_PRE_ROUTING)\]: $N\$"
has track-out "$OUT" "^@hook\[(3|NF_INET_LOCAL_OUT)\]: $N\$"
has track-four "$OUT" "^@pf\[2\]: $((2 * N))\$"
traced track6 "kprobe:nf_conntrack_in { @pf[$pf] = count(); }" pings b fd01::1 $N
has track6 "$OUT" "^@pf\[10\]: $((2 * N))\$"
# One connection each; with tracking, fragments are put together when they come in (1).
same track-entries "$(inside b conntrack -L -p icmp 2>/dev/null | grep -c 'src=10.1.0.2 dst=10.1.0.1')" 1
traced defrag 'fentry:ip_defrag { @user[args.user == 0 ? "host" : "tracking"] = count(); }' pings a 10.1.0.2 $N -s 4000
has defrag-tracked "$OUT" "^@user\[tracking\]: $((3 * N))\$"
has defrag-host "$OUT" "^@user\[host\]: $((3 * N))\$"
if [ -e /sys/kernel/btf/nf_conntrack ]; then
    traced fexit 'fentry:nf_conntrack_in { @n = count(); } fexit:nf_conntrack_in { @verdict[retval] = count(); }' pings b 10.1.0.1 $N
    same fexit-entered "$(total "$OUT" @n)" $((2 * N))
    has fexit-accepted "$OUT" "^@verdict\[1\]: $((2 * N))\$"
fi
untrack b
finish
