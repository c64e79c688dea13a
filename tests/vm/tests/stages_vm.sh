#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: vm
# kernels: 5.10 7
# The library's stages of taps, vhost and KVM: each is passed while a machine is pinged, or it is said why not.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/vm.sh"
N=20
warm() { [ "$(pings peer 10.3.0.2 3)" = 3 ]; }
until_ok 30 warm || not_ok warm "the machine does not answer"
apart() { pings peer 10.3.0.2 $N -i 0.2; }
count_stages machine 'tun vhost kvm' apart
same answered "$(cat "$TMP/machine.cmd")" $N
echo "left out: $LEFT_OUT"
passed tun_xmit +$N
passed tun_recv +$N
for s in vhost_handle_rx vhost_handled_rx vhost_handle_tx vhost_handled_tx vhost_notified vhost_signal irqfd_wakeup irqfd_woken \
    irq_inatomic irq_inatomic_done vcpu_kick vcpu_enter eventfd apic_irq vhost_peek vhost_peeked; do passed $s +$N; done
same nothing-else "$(stages_of tun vhost kvm | wc -l)" 19
finish
