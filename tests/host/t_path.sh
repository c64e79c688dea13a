#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Paths: every packet is done or lost once, and lost where it was last seen.
. "$(dirname "$0")/lib.sh"
network p
send 50 >/dev/null
HEAD='option a: ifname required "from" option b: string required "to, in another namespace"'
WAY='path p by packet_id timeout 500ms = qdisc_enq if (pkt.dev == opt.a && pkt.len > 200)
    -> tx_xmit if (pkt.dev == opt.a)'
TALLY='probe p:step { @step[step.from, step.to] = count(); @negative = sum(step.ns < 0 ? 1 : 0) }
    probe p:done { @done[path.dev, path.last_dev] = count(); @sum = sum(path.at[2] - path.at[0] == path.ns ? 0 : 1) }
    probe p:lost { @lost[step.from] = count() }'

# All of them arrive.
trace all -e "$HEAD $WAY -> netif_rx if (pkt.dev == opt.b) $TALLY" --a "$A" --b "$B" || finish
N=$(send 3000)
stop "$PID"
same all-exit "$CODE" 0
has all-path "$TMP/all.out" "^path p: started $N, done $N, lost 0, under way 0\$"
has all-first "$TMP/all.out" "^@step\[qdisc_enq, tx_xmit\]: $N\$"
has all-second "$TMP/all.out" "^@step\[tx_xmit, netif_rx\]: $N\$"
has all-devices "$TMP/all.out" "^@done\[$A, $B@$B\]: $N\$"
same all-times "$(total "$TMP/all.out" @negative):$(total "$TMP/all.out" @sum)" 0:0

# Two paths that share head, parts and handlers: each has its own stages and counts.
trace two -e "$HEAD path both by packet_id timeout 500ms keep { size: u32 = pkt.len }
    path sent = tx_xmit \"XMIT_{PATH}\" if (pkt.dev == opt.a)
    path one like both = qdisc_enq \"IN\" if (pkt.dev == opt.a && pkt.len > 200) -> sent -> netif_rx if (pkt.dev == opt.b)
    path two like both timeout 300ms = qdisc_enq if (pkt.dev == opt.a && pkt.len > 200) -> sent
    private @unused
    fn label(s: enum stages) -> string { return sprintf(\"<%s>\", s) }
    probe one, two:step { @step[path.name, step.from, step.to] = count() }
    probe one, two:done { @done[path.name, path.size[1] > 200] = count() }
    end { for (k, n in @step sorted by k.1) { printf(\"%s %s %s %d\n\", k.0, label(k.1), k.2, n) }
          for (p in enum paths) { printf(\"%s: %d, %s\n\", p, path_count(p, \"done\"), (enum stages)(64 * p + 1)) } }" --a "$A" --b "$B" || finish
N=$(send 100)
stop "$PID"
same two-steps "$(grep ' <\|^.*: .*XMIT' "$TMP/two.out" | grep -v 'path\|^@' | tr '\n' ';')" \
    "one <IN> XMIT_ONE $N;one <XMIT_ONE> netif_rx $N;two <qdisc_enq> XMIT_TWO $N;one: $N, XMIT_ONE;two: $N, XMIT_TWO;"
has two-done "$TMP/two.out" "^@done\[two, true\]: $N\$"

# Ends that this kernel cannot serve are left out: the path begins after the one and ends before the other.
trace ends -e "$HEAD stage none(skb: struct sk_buff *) { try kprobe:no_such_function { skb = (struct sk_buff *)arg0 } }
    path p by packet_id = none? -> qdisc_enq if (pkt.dev == opt.a && pkt.len > 200) -> tx_xmit if (pkt.dev == opt.a) -> none?
    probe p:done { @ends[path.dev] = count() }" --a "$A" --b "$B" || finish
N=$(send 100)
stop "$PID"
has ends "$TMP/ends.out" "^path p: started $N, done $N, lost 0, under way 0\$"
same ends-done "$(total "$TMP/ends.out" @ends)" "$N"

# None of them reaches the last stage: all are lost, after the one before.
trace none -e "$HEAD $WAY -> netif_rx if (pkt.dev == opt.b && pkt.len > 60000) $TALLY" --a "$A" --b "$B" || finish
N=$(send 200)
sleep 1 # the path's timeout
stop "$PID"
has none-path "$TMP/none.out" "^path p: started $N, done 0, lost $N \(after tx_xmit $N\), under way 0\$"
has none-lost "$TMP/none.out" "^@lost\[tx_xmit\]: $N\$"

# The receiver's queue is short and its device slow: what is dropped there was last seen before it.
ip netns exec "$A" tc qdisc replace dev "$A" root tbf rate 1mbit burst 2k limit 6k
trace slow -e "$HEAD $WAY -> netif_rx if (pkt.dev == opt.b) $TALLY
    probe p:step { @wait[step.from] = max(step.ns / 1ms) }" --a "$A" --b "$B" || finish
N=$(send 500)
wait_until 30 drained "$A" "$A"
sleep 1 # the path's timeout
stop "$PID"
ip netns exec "$A" tc qdisc del dev "$A" root
done=$(total "$TMP/slow.out" @done) lost=$(total "$TMP/slow.out" @lost)
same slow-sum $((done + lost)) "$N"
between slow-lost "$lost" 301 "$N"
has slow-place "$TMP/slow.out" "^@lost\[qdisc_enq\]: $lost\$"
# 6 KB wait at 1 Mbit/s for 48 ms.
wait=$(sed -n 's/^@wait\[qdisc_enq\]: //p' "$TMP/slow.out")
between slow-wait "$wait" 30 90

# More under way than there is room for: what was dropped is said.
trace room -e "$HEAD ${WAY/timeout 500ms/timeout 60s limit 64} -> netif_rx if (pkt.len > 60000) $TALLY" \
    --a "$A" --b "$B" || finish
N=$(send 1000)
stop "$PID"
has room-path "$TMP/room.out" "^path p: started $N, done 0, lost 0, under way ([1-9]|[1-9][0-9])\$"
way=$(sed -n 's/^path p: .* under way \([0-9]*\)$/\1/p' "$TMP/room.out")
has room-evicted "$TMP/room.out" "^Entries evicted: $((N - way)) \(.* path p: $((N - way))\)\$"

# What it keeps of each stage, under the names that the stages were given; a stage left out by its condition.
trace keep -e "$HEAD path p by packet_id keep { bytes: u32 = pkt.len, on: ifname = pkt.dev }
    = qdisc_enq \"FIRST\" if (pkt.dev == opt.a && pkt.len > 200) -> tx_queue when (!has(opt.b)) -> netif_rx if (pkt.dev == opt.b) \"LAST\"
    probe p:step { @step[step.from, step.to] = count() }
    probe p:done { @kept[path.bytes[0] - path.bytes[2], path.bytes[1], path.on[0], path.on[2]] = count() }" --a "$A" --b "$B" || finish
N=$(send 100)
stop "$PID"
has keep-path "$TMP/keep.out" "^path p: started $N, done $N, lost 0, under way 0"
has keep-label "$TMP/keep.out" "^@step\[FIRST, LAST\]: $N\$"
has keep-values "$TMP/keep.out" "^@kept\[14, 0, $A, $B@$B\]: $N\$"

# The options also decide which is first and which is last.
ENDS='option first: bool "from the queue" option last: bool "to the receiver"
    path p by packet_id keep { bytes: u32 = pkt.len }
    = qdisc_enq when (opt.first) if (pkt.dev == opt.a && pkt.len > 200) -> tx_queue if (pkt.dev == opt.a && pkt.len > 200)
    -> tx_xmit if (pkt.dev == opt.a) -> netif_rx when (opt.last) if (pkt.dev == opt.b)
    probe p:step { @step[step.from, step.to] = count() }
    probe p:done { @from[path.bytes[0] > 0, path.bytes[1] > 0, path.bytes[3] > 0, path.ns > 0] = count() }'
# NAME STEPS FROM FLAGS...
ends() {
    trace "$1" -e "$HEAD $ENDS" --a "$A" --b "$B" "${@:4}" || finish
    N=$(send 50)
    stop "$PID"
    has "$1-path" "$TMP/$1.out" "^path p: started $N, done $N, lost 0, under way 0"
    same "$1-steps" "$(sed -n "s/^@step\[\(.*\)\]: $N\$/\1/p" "$TMP/$1.out" | sort | tr '\n' ';')" "$2"
    has "$1-kept" "$TMP/$1.out" "^@from\[$3\]: $N\$"
}
ends middle 'tx_queue, tx_xmit;' 'false, true, false, true'
ends first 'qdisc_enq, tx_queue;tx_queue, tx_xmit;' 'true, true, false, true' --first
ends last 'tx_queue, tx_xmit;tx_xmit, netif_rx;' 'false, true, true, true' --last
ends both 'qdisc_enq, tx_queue;tx_queue, tx_xmit;tx_xmit, netif_rx;' 'true, true, true, true' --first --last

# As JSON, also by any other key.
trace json -f json -e "$HEAD path p by (pkt.ip.id, pkt.len) = qdisc_enq if (pkt.dev == opt.a && pkt.len > 200)
    -> tx_xmit if (pkt.dev == opt.a)" --a "$A" --b "$B" || finish
N=$(send 100)
stop "$PID"
has json "$TMP/json.out" "^\{\"type\":\"path\",\"name\":\"p\",\"started\":$N,"

# What packets do otherwise is counted, each by its name. By addresses alone, all are one packet: it starts again,
# and passes a stage again; by its identity, it is at a stage before the one that it had reached, and those that did
# not enter are unmatched.
trace otherwise -e "$HEAD
    path again by (pkt.ip.src, pkt.ip.dst) timeout 60s = qdisc_enq if (pkt.dev == opt.a && pkt.len == 242) -> tx_xmit if (pkt.len > 60000)
    path twice by (pkt.ip.src, pkt.ip.dst) timeout 60s = qdisc_enq if (pkt.dev == opt.a && pkt.len == 342)
        -> tx_xmit if (pkt.dev == opt.a) -> netif_rx if (pkt.len > 60000)
    path back by packet_id timeout 60s = qdisc_enq if (pkt.dev == opt.a && pkt.len > 200) -> netif_rx if (pkt.dev == opt.b)
        -> tx_xmit if (pkt.dev == opt.a) -> netif_rx \"NEVER\" if (pkt.len > 60000)
    probe twice:step { @twice[step.from, step.to] = count() } probe back:step { @back[step.from, step.to] = count() }" --a "$A" --b "$B" || finish
send 1 300 >/dev/null
N=$(send 20)
M=$(send 30 100)
stop "$PID"
OUT=$TMP/otherwise.out
has otherwise-again "$OUT" "^path again: started $N, done 0, lost 0, under way 1, started again $((N - 1))\$"
has otherwise-twice "$OUT" "^path twice: started 1, done 0, lost 0, under way 1, passed a stage again $((N + M))\$"
has otherwise-twice-step "$OUT" '^@twice\[qdisc_enq, tx_xmit\]: 1$' # only the first time counts
has otherwise-back "$OUT" "^path back: started $((N + 1)), done 0, lost 0, under way $((N + 1)), unmatched $((2 * M)), out of order $((N + 1))\$"
has otherwise-back-step "$OUT" "^@back\[qdisc_enq, tx_xmit\]: $((N + 1))\$"
same otherwise-no-step-back "$(grep -c '^@back\[tx_xmit' "$OUT")" 0
same otherwise-lines "$(grep -c '^path ' "$OUT")" 3

# Unmatched are those that the path is about and that did not enter, not what its filter leaves out: here all of one size
# enter, and what the filter says in a function, and of what the stage knows, is told apart.
trace filter -e "$HEAD use flow
    fn mine(p: pkt) -> bool { return p.dev == opt.a && flow_match(p) }
    path none by packet_id timeout 60s = qdisc_enq if (pkt.dev == opt.a && flow_match(pkt)) -> tx_xmit if (pkt.dev == opt.a) -> netif_rx if (pkt.len > 60000)
    path small by packet_id timeout 60s = qdisc_enq if (pkt.len == 342 && has(pkt.udp)) -> tx_xmit if (pkt.dev == opt.a) -> netif_rx if (pkt.len > 60000)
    path icmp by packet_id timeout 60s = qdisc_enq if (has(pkt.icmp) && cpu < 1000) -> tx_xmit if (pkt.dev == opt.a) -> netif_rx if (pkt.len > 60000)
    path dev by packet_id timeout 60s = qdisc_enq if (mine(pkt) && skb->len > 400) -> tx_xmit if (pkt.dev == opt.a) -> netif_rx if (pkt.len > 60000)
    path when_on by packet_id timeout 60s = tx_queue when (has(opt.a)) if (pkt.dev == opt.a && pkt.ip.proto == 132) -> qdisc_enq when (!has(opt.a)) -> tx_xmit if (pkt.dev == opt.a) -> netif_rx if (pkt.len > 60000)
    path by_skb by (u64)skb timeout 60s = qdisc_enq if (pkt.dev == opt.a && pkt.udp.dport == 1) -> tx_xmit if (pkt.dev == opt.a) -> netif_rx if (pkt.len > 60000)" \
    --a "$A" --b "$B" --dst-ip 192.0.2.1 || finish
N=$(send 20 300)
M=$(send 30 100)
stop "$PID"
OUT=$TMP/filter.out
has filter-none "$OUT" '^path none: started 0, done 0, lost 0, under way 0$'
has filter-small "$OUT" "^path small: started $N, done 0, lost 0, under way $N, unmatched $M\$"
has filter-icmp "$OUT" '^path icmp: started 0, done 0, lost 0, under way 0$'
has filter-dev "$OUT" "^path dev: started 0, done 0, lost 0, under way 0, unmatched $((N + M))\$"
has filter-when "$OUT" '^path when_on: started 0, done 0, lost 0, under way 0$'
has filter-by-skb "$OUT" '^path by_skb: started 0, done 0, lost 0, under way 0$'

# One flow of four, with all its packets at all stages.
trace sample -e "$HEAD path p by packet_id timeout 2s sample 1/4 by flow = qdisc_enq if (pkt.dev == opt.a && has(pkt.udp))
    -> tx_xmit if (pkt.dev == opt.a && has(pkt.udp)) -> netif_rx if (pkt.dev == opt.b && has(pkt.udp))
    probe p:done { @done[path.flow] = count() }
    probe qdisc_enq /pkt.dev == opt.a && has(pkt.udp)/ { @all[pkt.flow] = count() }" --a "$A" --b "$B" || finish
# Nobody listens: the answer to one is the error of the next, which is then not sent: hence again.
ip netns exec "$A" bash -c 'for ((i = 0; i < 64; i++)); do exec 3>"/dev/udp/10.77.0.2/$((1000 + i))"
    for j in 1 2 3; do until echo x >&3; do :; done; done; done' 2>/dev/null
stop "$PID"
OUT=$TMP/sample.out
same sample-all "$(total "$OUT" @all)" 192
flows=$(grep -c '^@done' "$OUT")
between sample-some "$flows" 4 36 # of 64
same sample-whole "$(grep -c '^@done\[.*: 3$' "$OUT")" "$flows"
has sample-path "$OUT" "^path p: started $((3 * flows)), done $((3 * flows)), lost 0, under way 0\$"

# Large segments that are cut on their way: the first part is the packet, the others have not entered.
ip netns exec "$A" tc qdisc replace dev "$A" root tbf rate 200mbit burst 2k limit 1m
trace segments -e "$HEAD path p by packet_id timeout 2s = qdisc_enq if (pkt.dev == opt.a && has(pkt.gso)) -> tx_xmit if (pkt.dev == opt.a)
    -> netif_rx if (pkt.dev == opt.b)
    probe tx_xmit /pkt.dev == opt.a/ { @parts = count() }" --a "$A" --b "$B" || finish
"$WITHIN" 20 ip netns exec "$B" nc -l 10.77.0.2 8080 >"$TMP/received" &
listener=$!
wait_until 20 listening "$B" 8080
head -c 500000 /dev/zero | "$WITHIN" 20 ip netns exec "$A" nc -N 10.77.0.2 8080
wait $listener
stop "$PID"
ip netns exec "$A" tc qdisc del dev "$A" root
OUT=$TMP/segments.out
same segments-received "$(wc -c <"$TMP/received")" 500000
parts=$(total "$OUT" @parts) large=$(sed -nE 's/^path p: started ([0-9]+), .*/\1/p' "$OUT")
if ((large > 0 && parts > 2 * large)); then ok segments-large; else not_ok segments-large "got $large large ones in $parts parts, wanted more than two parts of each"; fi
has segments-path "$OUT" "^path p: started $large, done $large, lost 0, under way 0, unmatched $((2 * (parts - large)))\$"
finish
