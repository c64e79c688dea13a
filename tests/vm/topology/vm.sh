# SPDX-License-Identifier: GPL-2.0-or-later
# check: 5.10 6.12
# boot: -c 1 -m 3072 -n -p qemu-system-x86_64 -p ovs-vswitchd -p ovs-vsctl -p ovs-appctl -p ovs-ofctl
# A machine in the machine, with everything between its card and the wire:
#
#   [10.3.0.2] -- virtio -- vhost-net -- vnet0 (tap) -- br0 -- eth0 -- virtio -- [peer: eth1 10.3.0.1]
#   [fd03::2]                                                                              fd03::1
#
# It answers pings and echoes lines of TCP on port 7.
# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
VM_PID=/run/nested.pid
VM_TRIES=3 # an emulated processor does not run a machine well enough to never hang

vm_up() {
    local try
    modprobe -a virtio_net tun vhost_net nf_conntrack && { modprobe kvm_amd || modprobe kvm_intel; } &&
        netns peer && until_ok 10 ip link set eth1 netns peer && address peer eth1 1 3 && neighbour peer eth1 2 3 &&
        sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1 && ip link set eth0 up &&
        ip tuntap add dev vnet0 mode tap vnet_hdr && sysctl -qw net.ipv6.conf.vnet0.disable_ipv6=1 &&
        ip link set vnet0 up && vm_start && ovs_start br0 vnet0 eth0 || return 1
    for ((try = 1; try <= VM_TRIES; try++)); do
        vm_answers 60 && return
        echo "topology: the machine in the machine did not answer (try $try)" >&2
        tail -n 5 /run/nested.console /run/nested.log >&2
        vm_stop
        [ $try = $VM_TRIES ] || vm_start
    done
    return 1
}
vm_down() {
    vm_stop && ovs_stop && ip link del vnet0 && ip -n peer link set eth1 netns 1 && ip -all netns del
}
vm_start() {
    local dir=/run/nested.d
    mkdir -p $dir && cp tests/vm/guest/init-nested $dir/init && chmod 755 $dir/init &&
        { cat "$NESTED/nested.img" && (cd $dir && echo init | cpio -o -H newc --quiet); } >/run/nested.img || return 1
    : >/run/nested.console
    # The first packet comes when it is up: hence no wait for the bridge.
    qemu-system-x86_64 -accel kvm -cpu max -m 256 -nodefaults -display none -no-reboot \
        -serial file:/run/nested.console -kernel "$NESTED/vmlinux" -initrd /run/nested.img \
        -append "console=ttyS0 quiet panic=-1 mitigations=off nowatchdog no_timer_check" \
        -name guest=ndvm -uuid 01234567-89ab-cdef-0123-456789abcdef \
        -netdev tap,id=n0,ifname=vnet0,script=no,downscript=no,vhost=on \
        -device virtio-net-pci,netdev=n0,mac=02:00:00:00:03:02,romfile= </dev/null >/run/nested.log 2>&1 &
    echo $! >$VM_PID
    disown
}
# SECONDS: not longer than that, and only while it lives.
vm_answers() {
    local end=$((SECONDS + $1))
    until inside peer ping -c 1 -W 1 10.3.0.2 >/dev/null 2>&1; do
        ((SECONDS < end)) && ! ended "$(cat $VM_PID)" && ! grep -q 'Kernel panic' /run/nested.console || return 1
    done
}
vm_stop() {
    kill -KILL "$(cat $VM_PID)" 2>/dev/null
    until_ok 10 ended "$(cat $VM_PID)"
}
# N: lines there and back, one connection each; prints how many came back.
vm_echoes() {
    inside peer bash -c 'n=0; for ((i = 0; i < $1; i++)); do
        exec 3<>/dev/tcp/10.3.0.2/7 && echo "line $i" >&3 && read -rt 10 line <&3 && [ "$line" = "line $i" ] && n=$((n + 1))
        exec 3>&-
    done; echo $n' - "$1"
}
