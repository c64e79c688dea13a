# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of tools that show latencies stage by stage, which source it after lib.sh and their topology:
# a tracer over several steps, a queue that delays some packets and loses others, medians of pairs of stages.
# shellcheck shell=bash disable=SC2034
export NDTRACE_CACHE=$TMP/cache # compiled once for all runs of a tool

# NAME ARGUMENTS...: starts a tracer; its output will be in $OUT.
begin() {
    OUT=$TMP/$1.out
    trace "$@" || finish
}
over() {
    stop "$PID"
    grep '^path' "$OUT" >"$OUT.paths"
}
# DEVICE: delays by 20 ms and loses what has TOS 0x10: a tree whose second class delays and whose first loses.
queue() {
    modprobe -a sch_prio sch_netem cls_u32 &&
        tc qdisc replace dev "$1" root handle 1: prio bands 3 priomap 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 &&
        tc qdisc add dev "$1" parent 1:1 handle 10: netem loss 100% &&
        tc qdisc add dev "$1" parent 1:2 handle 20: netem delay 20ms &&
        tc filter add dev "$1" parent 1: protocol ip prio 1 u32 match ip tos 0x10 0xff flowid 1:1
}
# FROM TO: in which row of the pair's histogram the median is, by its upper end; and how many packets there are.
median() {
    awk -v pair="Stage: $1 → $2" '
        $0 == pair { on = 1; next }
        on && /->/ { sub(/.*-> /, ""); hi = $1; sub(/^[^:]*:/, ""); count[++n] = $1; upper[n] = hi; all += $1; next }
        on && NF == 0 { exit }
        END { for (i = 1; i <= n && !(done && 2 * seen >= all); i++) { seen += count[i]; done = seen > 0; last = upper[i] }
              print last + 0, all + 0 }' "$OUT"
}
