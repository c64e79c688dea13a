#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# As many packets as the machine can send, for SOAK_SECONDS, through a host that forwards them, with the
# summary tool on it: the reports add up to what was sent, memory does not grow, nothing is lost unsaid.
#
#   [a] -- m1 [middle: forwards, traced] m2 -- [b]
. "$(dirname "$0")/lib.sh"
SECONDS_=${SOAK_SECONDS:-8}
A=ndsa$$ B=ndsb$$ M=ndsm$$
NS+=("$A" "$B" "$M")
IN=$M
# NAMESPACE ADDRESS OTHER MAC: its end of the wire to the middle, through which the other address is.
leaf() {
    ip -n "$M" link add "m$4" type veth peer name eth0 netns "$1" && ip -n "$1" addr add "$2/32" dev eth0 &&
        ip -n "$1" link set eth0 address "02:00:00:00:01:0$4" up && ip -n "$1" route add "$3" dev eth0 &&
        ip -n "$1" neigh replace "$3" lladdr "02:00:00:00:02:0$4" dev eth0 nud permanent &&
        ip -n "$M" link set "m$4" address "02:00:00:00:02:0$4" up && ip -n "$M" route add "$2" dev "m$4" &&
        ip -n "$M" neigh replace "$2" lladdr "02:00:00:00:01:0$4" dev "m$4" nud permanent
}
{
    for n in "$A" "$B" "$M"; do
        ip netns add "$n" && ip netns exec "$n" sysctl -qw net.ipv6.conf.{all,default}.disable_ipv6=1 net.ipv4.ip_forward=1 \
            net.ipv4.conf.{all,default}.rp_filter=0
    done
    leaf "$A" 10.77.0.1 10.77.0.2 1 && leaf "$B" 10.77.0.2 10.77.0.1 2
} || { not_ok network "cannot make the network"; exit 1; }

rate=$($TRAFFIC -n 20000 -b 200 -s "$A" -d "$B" | sed -n 's/.*pps=\([0-9]*\).*/\1/p')
N=$((${rate:-0} * SECONDS_ * 2 / 3)) # with a tracer it goes slower
[ "$N" -ge 1000 ] || { not_ok rate "got '$rate' packets/s, wanted enough for $N, at least 1000"; exit 1; }
# A sanitized tracer keeps what it freed, for a while: that is not growth.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=0:thread_local_quarantine_size_kb=0
trace soak scripts/vm_latency_summary.nd --vm-interface m1 --phy-interface m2 --interval 1s -f json || finish
rss() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$PID/status"; }
$TRAFFIC -n "$N" -b 200 -s "$A" -d "$B" >"$TMP/sent" &
sender=$!
sleep 3
before=$(rss)
wait $sender
after=$(rss)
sleep 1.5 # what did not arrive times out
stop "$PID"
same exit "$CODE" 0
read -r sent got < <(sed -n 's/.*sent=\([0-9]*\) got=\([0-9]*\).*/\1 \2/p' "$TMP/sent")
echo "$sent sent, $got arrived, $(grep -o 'pps=[0-9]*' "$TMP/sent"), tracer $before to $after KiB"
# Of the lines of paths: the sum over reports, without the last, which is that of the run.
read -r reports started done lost worst total < <(grep '"type":"path"' "$TMP/soak.out" | sed -E \
    's/.*"started":([0-9]+),"done":([0-9]+),.*"lost":([0-9]+),"under_way":([0-9]+).*/\1 \2 \3 \4/' | awk '
    { n++; s[n] = $1; d[n] = $2; l[n] = $3; if ($4 > w) w = $4 }
    END { for (i = 1; i < n; i++) { ss += s[i]; dd += d[i]; ll += l[i] } print n - 1, ss, dd, ll, w + 0, s[n] }')
echo "$reports reports: $started started, $done done, $lost lost, at most $worst under way"
same started "$started" "$sent"
same started-total "$total" "$sent"
same ends $((done + lost)) "$sent"
between lost "$lost" 0 $((sent - got))
totals=$(grep -o "{\"name\":\"@total\",\"entries\":\[{\"key\":null,\"value\":{\"count\":[0-9]*" "$TMP/soak.out" | awk -F: "{ n += \$NF } END { print n + 0 }")
same intervals "$totals" "$sent"
between limit "$worst" 0 10240
at_most memory $((after - before)) 1023 # KiB
between reports "$reports" $((SECONDS_ / 2 + 1))
finish
