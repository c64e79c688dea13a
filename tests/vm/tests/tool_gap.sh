#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# kernels: 6.12
# limit: 240
# stdlib/pair/multi_vm_pair_multi_port_gap: a sender that pauses, and a queue that begins to delay.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/ovs.sh"
TOOL=multi_vm_pair_multi_port_gap
inside b nft 'add table inet quiet; add chain inet quiet in { type filter hook input priority 0; }; add rule inet quiet in udp dport 9-19 drop'
modprobe sch_netem
same warm "$(pings a 10.1.0.2 3)" 3
# ADDRESS PORT COMMAND...: five datagrams, the command, five more, of one flow.
twice() {
    rm -f "$TMP/sent" "$TMP/go"
    inside a bash -c 'exec 3>"/dev/udp/$1/$2"; for i in 1 2 3 4 5; do echo x >&3; done; : >"$3/sent"
        until [ -e "$3/go" ]; do :; done; for i in 1 2 3 4 5; do echo x >&3; done' - "$1" "$2" "$TMP" &
    until [ -e "$TMP/sent" ]; do :; done
    "${@:3}"
    : >"$TMP/go"
    wait $!
}
delay() { tc qdisc replace dev vb root netem delay 4s; }
printf '# two pairs\nva vb 100 9 10  # this way\nvb va 101 11\n' >"$TMP/pairs"

OUT=$TMP/gaps.out
if trace gaps $TOOL --config "$TMP/pairs" --threshold 150000 --interval 1h; then
    twice 10.1.0.2 9 sleep 0.2
    twice fd01::2 10 sleep 0.2
    twice 10.1.0.2 12 sleep 0.2 # of no pair
    stop "$PID"
    same gaps-exit "$CODE" 0
    has gaps-pairs "$OUT" '^Pair 100: va -> vb, tracking ports: \[(9, 10|10, 9)\]$'
    for port in 9 10; do
        same gaps-send-$port "$(grep -cE "^[0-9]+\.[0-9]{9} +SEND gap>150000us: gap=(19|[2-9][0-9]|1[0-9]{2})[0-9]{4} us, port=$port, dev_name=va, pair=100 " "$OUT")" 1
        same gaps-recv-$port "$(grep -cE " RECV gap>150000us: gap=(19|[2-9][0-9]|1[0-9]{2})[0-9]{4} us, port=$port, dev_name=vb, pair=100 \(upstream\) " "$OUT")" 1
        same gaps-table-$port "$(awk -v p=$port '$1 == 100 && $6 == p { print $5, $7, $8 }' "$OUT" | xargs)" "SEND 10 1 RECV 10 1"
    done
    same gaps-all "$(grep -c ' gap>' "$OUT")" 4
    has gaps-end "$OUT" '^Pair 100: 2 gaps at the receiver upstream$'
fi

OUT=$TMP/way.out
if trace way $TOOL --pairs 'va,vb=7;vb,va=8' --ports 9 11 --threshold 2500ms --interval 1h; then
    twice 10.1.0.2 9 delay
    wait_until 60 drained vb
    stop "$PID"
    same way-send "$(grep -c ' SEND gap' "$OUT")" 0
    same way-recv "$(grep -cE ' RECV gap>2500000us: .* pair=7 \(in datapath\) ' "$OUT")" 1
fi
tc qdisc del dev vb root

# One device in several pairs: its pauses are those of each pair with that port.
OUT=$TMP/several.out
if trace several $TOOL --pairs 'va,vb=7;va,va=8;va,vb=9' --ports 9 --threshold 150000 --interval 1h; then
    twice 10.1.0.2 9 sleep 0.2
    stop "$PID"
    same several-send "$(sed -nE 's/.* SEND gap.* pair=([0-9]+) .*/\1/p' "$OUT" | sort | xargs)" '7 8 9'
    same several-recv "$(sed -nE 's/.* RECV gap.* pair=([0-9]+) .*/\1/p' "$OUT" | sort | xargs)" '7 9'
fi

# LINE MESSAGE: what a wrong line of the file says.
wrong() {
    printf '\n%s\n' "$1" >"$TMP/wrong.txt"
    "$ND" $TOOL --config "$TMP/wrong.txt" >/dev/null 2>"$TMP/wrong"
    same "wrong-${1// /-}" $? 2
    has "wrong-${1// /-}-says" "$TMP/wrong" "wrong.txt:2:$2"
}
wrong 'va nosuch0' '4: error: there is no device and no VM "nosuch0"'
wrong 'va vb 1 99999' '9: error: a port is 1 to 65535'
inside b nft delete table inet quiet
"$ND" $TOOL >"$TMP/out" 2>"$TMP/wrong"
same wrong-nothing $? 2
same wrong-nothing-quiet "$(cat "$TMP/out")" ''
has wrong-nothing-says "$TMP/wrong" 'error: name the VMs with --config FILE, with --pairs, or with --send-dev and --recv-dev'
# TEXT MESSAGE: what a wrong text of pairs says.
wrong_text() {
    "$ND" $TOOL --pairs "$1" >/dev/null 2>"$TMP/wrong"
    same "wrong-text-$1" $? 2
    has "wrong-text-$1-says" "$TMP/wrong" "error: --pairs: \"$2"
}
wrong_text 'va,vb=1;vb' 'vb +": a pair has two devices'
wrong_text 'va,vb=1;vb,va=1' 'vb va 1": there is a pair 1 already'
wrong_text 'va,vb=x' 'va vb x": the number of a pair is'
wrong_text 'va,vb=1;va,vb=2;va,vb=3;va,vb=4;va,vb=5' 'va vb 5": va sends in 4 other pairs already'
"$ND" $TOOL --send-dev va vb --recv-dev "vb va" --ports 9 10 --duration 1ms >"$TMP/lists"
same lists $? 0
has lists-pair "$TMP/lists" '^Pair 2: vb -> va, tracking ports: \[(9, 10|10, 9)\]$'
has lists-ports "$TMP/lists" '^Tracking ports: \[9, 10\]$'
has lists-added "$TMP/lists" "^Added recv-dev: va \(ifindex=$(cat /sys/class/net/va/ifindex)\)\$"
finish
