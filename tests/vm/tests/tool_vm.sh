#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: vm
# kernels: 6.12
# limit: 300
# stdlib/tun, vhost, kvm with a real machine on them: N pings are N packets to it and N from it,
# each of which signals, each signal an interrupt.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/vm.sh"
N=10
VM=$(cat "$VM_PID")
warm() { [ "$(pings peer 10.3.0.2 3)" = 3 ]; }
ping_six() { [ "$(pings peer fd03::2 3)" = 3 ]; }
until_ok 30 warm || not_ok warm "the machine does not answer"
# NAME ARGUMENTS...: traces while N pings pass; the output is in $OUT.
during() {
    # Two that are under way at a time may be signalled by one interrupt.
    action() { pings peer 10.3.0.2 $N -i 0.2; }
    acting "$@" && same "$1-answered" "$(cat "$TMP/$1.cmd")" $N
}

during ring tun_ring_monitor --device vnet0 --protocol icmp --dst-ip 10.3.0.2 --interval 1h
same ring-packets "$(awk '$1 == "vnet0" { print $4 }' "$OUT")" $N
until_ok 30 ping_six || not_ok warm-6 "the machine does not answer"
OUT=$TMP/ring6.out
if trace ring6 tun_ring_monitor --device vnet0 --protocol icmp --dst-ip fd03::2 --interval 1h; then
    same ring6-answered "$(pings peer fd03::2 $N)" $N
    stop "$PID"
    same ring6-packets "$(awk '$1 == "vnet0" { print $4 }' "$OUT")" $N
fi
during nothing tun_ring_monitor --device vnet0 --protocol tcp --interval 1h
same nothing-packets "$(grep -c '^vnet0 ' "$OUT")" 0
has nothing-why "$OUT" '^vnet0: [1-9][0-9]* packets, none of TCP$'
during blocks tun_ring_monitor --all --verbose --src-ip 10.3.0.1 --queue 0
same blocks "$(grep -c '^  Source: 10.3.0.1:0$' "$OUT")" $N
same blocks-protocol "$(grep -c '^  Protocol: ICMP$' "$OUT")" $N
same blocks-layout "$(grep -cE '^  (tfiles array size|numqueues offset): 2048 bytes$' "$OUT")" $((2 * N)) # 256 pointers
same blocks-index "$(grep -c '^  TFile queue_index: 0$' "$OUT")" $N

during irqs kvm_irqfd_stats_summary --qemu-pid "$VM" --interval 1h
irqs=$(sed -n 's/^  Total irqfd_wakeup calls: //p' "$OUT")
between irqs "${irqs:-0}" $((2 * N)) # to it and from it
same irqs-data "$(sed -n 's/^    Data Plane: \([0-9]*\) .*/\1/p' "$OUT")" "$irqs"
same irqs-sum "$(awk '/^      Interrupts: / { n += $2 } END { print n }' "$OUT")" "$irqs"
same irqs-delivered "$(sed -n 's/^  Total kvm_arch_set_irq_inatomic calls: //p' "$OUT")" "$irqs"
has irqs-thread "$OUT" '^      Process: vhost-[0-9]+ \(PID: [0-9]+\)$'
has irqs-success "$OUT" '^      GSI [0-9]+: total=[0-9]+, success=[0-9]+ \(100\.0%\), fail=0, avg_delivered=1\.00$'
has irqs-final "$OUT" '^Received interrupt signal, displaying final statistics\.\.\.$'
has irqs-kick "$OUT" '^    VCPU 0: [0-9]+ kicks'
# Steps that this architecture does not have are left out; the others are the same.
during arm kvm_irqfd_stats_summary_arm --qemu-pid "$VM" --interval 1h
same arm-irqs "$(sed -n 's/^  Total irqfd_wakeup calls: //p' "$OUT")" "$irqs"
has arm-vgic "$OUT" '^  Total vgic_populate_lr calls \(actual injection\): 0$'
has arm-note "$OUT" '^Note: vgic_v3_populate_lr not available \(system may use GICv2\)$'
has arm-left-out "$TMP/arm.err" 'warning: stage vgic_queue is left out: '
during rx kvm_irqfd_stats_summary --qemu-pid "$VM" --category data --subcategory rx --interval 1h
rx=$(sed -n 's/^  Total irqfd_wakeup calls: //p' "$OUT")
between irqs-rx "${rx:-0}" $N
between irqs-rx-only "$rx" 0 $((2 * N - 1))
during control kvm_irqfd_stats_summary --qemu-pid "$VM" --category control --interval 1h
same irqs-control "$(sed -n 's/^    Data Plane: \([0-9]*\) .*/\1/p' "$OUT" | grep -vx 0)" ''
"$ND" kvm_irqfd_stats_summary --qemu-pid "$VM" --subcategory rx >"$TMP/out" 2>"$TMP/wrong"
same irqs-wrong $? 2
has irqs-wrong-says "$TMP/wrong" 'error: --subcategory needs --category data'
same irqs-wrong-quiet "$(cat "$TMP/out")" ''
# NAME PATTERN ARGUMENTS...: refused, and nothing is shown.
wrong() {
    "$ND" "${@:3}" >"$TMP/out" 2>"$TMP/wrong"
    same "wrong-$1" "$?:$(cat "$TMP/out")" 2:
    has "wrong-$1-says" "$TMP/wrong" "$2"
}
wrong pid-none 'error: --qemu-pid: process 4194303 does not exist$' kvm_irqfd_stats_summary --qemu-pid 4194303
wrong pid-other 'error: --qemu-pid: process 1 is not a QEMU but ' kvm_irqfd_stats_summary --qemu-pid 1
wrong pid-two 'error: unexpected argument "2"' kvm_irqfd_stats_summary --qemu-pid "$VM" 2
wrong pid-two-words 'error: unexpected argument "2"' kvm_irqfd_stats_summary "$VM" 2
wrong vhost-none "error: --device: there is no thread vhost-1; these run: .*vhost-$VM" vhost_queue_correlation_details --device vhost-1
wrong vhost-device 'error: --device: there is no device nosuch0; vhost threads are: ' vhost_queue_correlation_details --device nosuch0
action() { pings peer 10.3.0.2 1; }
acting clear kvm_irqfd_stats_summary --qemu-pid "$VM" --clear --interval 1h
has clear-note "$TMP/clear.err" 'warning: --clear has no meaning here: each report starts at zero'
has clear-banner "$OUT" "^VM: .* \(QEMU process $VM\)\$"
"$ND" vm_network_latency_summary --vm-interface eth0 --phy-interface vnet0 --duration 100ms >"$TMP/out" 2>"$TMP/wrong"
has swapped "$TMP/wrong" 'warning: --phy-interface vnet0 is a tap device, as VMs have them, and --vm-interface eth0 is not \(physical\): are they swapped\?'

during pair vhost_queue_correlation_details --device vnet0 --interval 1h
read -r rx tx < <(sed -n 's/^    - Packets processed: \([0-9]*\) (RX), \([0-9]*\) (TX)/\1 \2/p' "$OUT")
same pair-rx "$rx" $N
same pair-tx "$tx" $N
has pair-name "$OUT" '^  vnet0, vhost-[0-9]+: RX Queue 0 <-> TX Queue 1:$'
has pair-rate "$OUT" '^    - Correlation rate: 100\.0%$'
has pair-gap "$OUT" '^    - Average processing gap: [1-9][0-9]*\.[0-9] us$'
same pair-busy "$(grep -cE '^  - Queue [01] \((RX|TX)\) of vnet0: [0-9.]+% busy$' "$OUT")" 2
during events vhost_queue_correlation_details --events --queue 0
same events-packets "$(grep -c '^Event: tun_net_xmit ' "$OUT")" $N
same events-flow "$(grep -c '^Flow: 10.3.0.1:0 -> 10.3.0.2:0 (ICMP)$' "$OUT")" $N
signalled() { sed -nE "s/^VQ: 0x[0-9a-f]+ \\($1\\) \| Count: ([0-9]+) .*/\1/p" "$OUT" | awk '{ n += $1 } END { print n + 0 }'; }
same events-signals-rx "$(signalled RX)" $N
same events-signals-tx "$(signalled TX)" $N
between events-handle-rx "$(grep -c '^Event: handle_rx ' "$OUT")" 1
same events-taken "$(grep -c '^Event: tun_recvmsg ' "$OUT")" $N
has events-busyloop "$OUT" '^Busyloop: RX=0, TX=0$'
has events-buffer "$OUT" '^Hdr Len: vhost=[0-9]+, sock=12, rxq_buf head=[0-9]+, tail=[0-9]+$'
has events-features "$OUT" '^Features: acked=0x[0-9a-f]+, backend=0x[0-9a-f]+, EVENT_IDX=(EN|DIS)ABLED$'

during chain tun_tx_to_kvm_irq --device vnet0 --analyze-chains --interval 1h
has chain-counts "$OUT" "^  Stage Event Counts: $N $N $N $N $N\$"
has chain-complete "$OUT" '^  Chain Completeness: 100\.0% .* COMPLETE$'
for s in 1 2 3 4 5; do same chain-$s "$(grep -c "\\[vnet0:q0\\] Stage $s " "$OUT")" $N; done
same chain-flow "$(grep -cE "Stage 1 .* ICMP 10\.3\.0\.1 -> 10\.3\.0\.2 \(id=[0-9]+ seq=[0-9]+\)$" "$OUT")" $N
has chain-latency "$OUT" '^  1 -> 4: average [1-9][0-9.]* P50 [0-9.]+ P90 [0-9.]+ P99 [0-9.]+$'
has chain-total "$OUT" "^Total events: $((5 * N))\$"
during seq tun_tx_to_kvm_irq --icmp-seq 3 -o "$TMP/seq.json" --log-file "$TMP/seq.log"
same seq-only "$(grep -c '"icmp_seq":3' "$TMP/seq.json")" 1
same seq-hops "$(grep -oE '"n":[2-5],' "$TMP/seq.json" | tr -d '",n:\n')" 2345
same seq-total "$(grep -c '"name":"@sum","entries":\[{"key":null,"value":5}\]' "$TMP/seq.json")" 1
same seq-log "$(cmp "$TMP/seq.json" "$TMP/seq.log" 2>&1)" ''
finish
