#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# The library's stages of Open vSwitch and of connection tracking: each fires as often as packets pass,
# with the packet itself.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/ovs.sh"
N=20
"$ND" list stages >"$TMP/stages" 2>"$TMP/e"
if grep -q '    not on this kernel' "$TMP/stages"; then not_ok served "$(grep -B2 'not on this kernel' "$TMP/stages" | tr '\n' '|')"; else ok served; fi
four='/skb->protocol == bswap((u16)ETH_P_IP)/' # neighbours and groups of IPv6 are told about now and then
ovs_flows <<<'actions=NORMAL'
same warm "$(pings a 10.1.0.2 3)" 3
way="
ovs_rx $four { @rx[skb->dev->name] = count() }
flow_extract_end { @extracted[skb != 0] = count() }
ovs_process $four { @process = count() }
ovs_upcall $four { @upcall = count() }
ovs_userspace { @userspace = count() }
ovs_tx $four { @tx = count(); @len = max(skb->len) }"
for without in none fentry; do
    [ $without = none ] || export NDTRACE_WITHOUT=$without
    name=way-$without
    traced "$name" "$way" pings a 10.1.0.2 $N
    same "$name-answered" "$(cat "$TMP/$name.cmd")" $N
    has "$name-rx-a" "$OUT" "^@rx\[va\]: $N\$"
    has "$name-rx-b" "$OUT" "^@rx\[vb\]: $N\$"
    for s in process tx; do same "$name-$s" "$(total "$OUT" @$s)" $((2 * N)); done
    same "$name-len" "$(total "$OUT" @len)" 98
    same "$name-upcalls" "$(total "$OUT" @upcall)" 0
    n=$(total "$OUT" @extracted)
    if ((n >= 2 * N && n <= 2 * N + 10)); then ok "$name-extracted"; else not_ok "$name-extracted" "$n"; fi
    unset NDTRACE_WITHOUT
done

# The first packet of each flow goes up, and comes back.
flushed() {
    local i
    for ((i = 0; i < 3; i++)); do ovs_flush && pings a 10.1.0.2 2 -i 0.3 || return 1; done
}
traced up "$way" flushed
same up-upcalls "$(total "$OUT" @upcall)" 6
n=$(total "$OUT" @userspace)
if ((n >= 6 && n <= 12)); then ok up-userspace; else not_ok up-userspace "$n"; fi
same up-tx "$(total "$OUT" @tx)" 12

# Tracking: out of it, the packet is the one that went in.
ovs_tracked
same warm-tracked "$(pings a 10.1.0.2 3)" 3
traced tracked "ct_out { @out = count() } ct_in $four { @in = count() } ovs_rx $four { @rx = count() }" pings a 10.1.0.2 $N
same tracked-rx "$(total "$OUT" @rx)" $((2 * N))
n=$(total "$OUT" @in)
if ((n >= 2 * N)); then ok tracked-in; else not_ok tracked-in "$n"; fi
same tracked-out "$(total "$OUT" @out)" $((2 * N + 1)) # what the first one opens is kept, apart
ovs_flows <<<'actions=NORMAL'
finish
