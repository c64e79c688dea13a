#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: vm
# Packets to a machine and back: the switch, the tap device, vhost, the signals to and from KVM.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/vm.sh"
N=20
# What tells KVM of an interrupt was renamed.
for f in eventfd_signal eventfd_signal_mask; do
    ! grep -qE "^$f( |$)" /sys/kernel/tracing/available_filter_functions || signal=$f
done
same warm "$(pings peer 10.3.0.2 3)" 3
traced way "
kprobe:tun_net_xmit $(four 0) { @tap = count(); }
kprobe:ovs_vport_receive $(four 1) { @switch[((struct sk_buff *)arg1)->dev->name] = count(); }
kprobe:tun_sendmsg { @from_vm = count(); }
kprobe:tun_recvmsg { @to_vm = count(); }
kprobe:handle_rx { @rx = count(); }
kprobe:handle_tx { @tx = count(); }
kprobe:$signal { @signals = count(); }
rawtracepoint:netif_receive_skb /args.skb->len == 84/ { @received[args.skb->dev->name] = count(); }
rawtracepoint:net_dev_start_xmit /args.skb->len == 98/ { @sent[args.dev->name] = count(); }
" pings peer 10.3.0.2 $N
same way-answered "$(cat "$TMP/way.cmd")" $N
same way-tap "$(total "$OUT" @tap)" $N
has way-switch-uplink "$OUT" "^@switch\[eth0\]: $N\$"
has way-switch-vm "$OUT" "^@switch\[vnet0\]: $N\$"
same way-from-vm "$(total "$OUT" @from_vm)" $N
has way-received "$OUT" "^@received\[vnet0\]: $N\$"
has way-received-uplink "$OUT" "^@received\[eth0\]: $N\$"
has way-sent "$OUT" "^@sent\[vnet0\]: $N\$"
# Each wakes the other side at least once.
for what in to_vm rx tx signals; do
    n=$(total "$OUT" @$what)
    between way-$what "$n" "$N"
done

traced echo 'kprobe:tun_net_xmit { @tap = count(); @bytes = sum(((struct sk_buff *)arg0)->len); }' vm_echoes 5
same echo-answered "$(cat "$TMP/echo.cmd")" 5
n=$(total "$OUT" @tap)
between echo-tap "$n" $((4 * 5))
finish
