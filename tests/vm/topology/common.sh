# SPDX-License-Identifier: GPL-2.0-or-later
# What the topologies share: namespaces, end points, Open vSwitch, traffic of a
# known amount. Must not know tests. Sourced by the other files of this folder.
# shellcheck shell=bash

. tests/clock.sh

# NAME: a namespace that says nothing by itself: neither router nor neighbour discovery, nor reports
# of groups, which would add packets to every count; those of its first addresses are repeated at once, not when
# a test counts.
netns() {
    ip netns add "$1" && ip netns exec "$1" sysctl -qw net.ipv6.conf.{all,default}.accept_dad=0 \
        net.ipv6.conf.{all,default}.router_solicitations=0 net.ipv6.conf.{all,default}.autoconf=0 \
        net.ipv6.conf.default.addr_gen_mode=1 net.ipv6.conf.default.force_mld_version=1 \
        net.ipv6.conf.default.mldv1_unsolicited_report_interval=10 &&
        ip -n "$1" link set lo up
}

# NAMESPACE DEVICE NUMBER NET: device eth0 of the namespace, known here as DEVICE; the addresses are
# 10.NET.0.NUMBER and fdNET::NUMBER.
endpoint() {
    netns "$1" && ip link add "$2" type veth peer name eth0 netns "$1" && address "$1" eth0 "$3" "$4" &&
        sysctl -qw "net.ipv6.conf.$2.disable_ipv6=1" && ip link set "$2" up
}
# NAMESPACE DEVICE NUMBER NET
address() {
    ip -n "$1" link set "$2" address "02:00:00:00:0$4:0$3" up && ip -n "$1" addr add "10.$4.0.$3/24" dev "$2" &&
        ip -n "$1" addr add "fd0$4::$3/64" dev "$2" nodad
}
# NAMESPACE DEVICE NUMBER NET: the neighbour's address is fixed; it is never asked for.
neighbour() {
    ip -n "$1" neigh replace "10.$4.0.$3" lladdr "02:00:00:00:0$4:0$3" dev "$2" nud permanent &&
        ip -n "$1" neigh replace "fd0$4::$3" lladdr "02:00:00:00:0$4:0$3" dev "$2" nud permanent
}

# N: the predicate of a probe whose argument N is an IPv4 packet. Groups and neighbours of IPv6 are
# told about now and then.
four() { echo "/((struct sk_buff *)arg$1)->protocol == bswap((u16)0x0800)/"; }

inside() { ip netns exec "$@"; }

# NAMESPACE ADDRESS N [OPTION...]: pings, each after the answer to the one before; prints how many
# were answered.
pings() {
    inside "$1" ping -q -c "$3" -i 0.05 -W 5 "${@:4}" "$2" | sed -n 's/.* \([0-9]*\) received.*/\1/p'
}
# NAMESPACE ADDRESS PORT N: datagrams to a port, by the shell itself. Without a listener, the
# answer to one is the error of the next, which is then not sent: hence again.
datagrams() {
    inside "$1" bash -c 'exec 3>"/dev/udp/$1/$2"; for ((i = 0; i < $3; i++)); do until echo x >&3; do :; done; done' \
        - "$2" "$3" "$4" 2>/dev/null
}
# NAMESPACE: connections are tracked there.
track() {
    inside "$1" nft -f - <<-'E'
	table inet tracked {
	    chain in { type filter hook input priority 0; ct state established,related accept; }
	}
	E
}
untrack() { inside "$1" nft delete table inet tracked; }

# BRIDGE PORT...: starts Open vSwitch with one bridge. It counts its processors only when the
# monotonic clock is past 10 s, and otherwise nothing answers upcalls: hence its own clock.
# Flows are kept: emulated, they would look idle, or too costly to be kept.
ovs_start() {
    local br=$1 port
    local -a more=()
    shift
    modprobe openvswitch && mkdir -p /run/openvswitch /etc/openvswitch &&
        ovsdb-tool create /run/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema &&
        ovsdb-server /run/openvswitch/conf.db --remote=punix:/run/openvswitch/db.sock --detach --pidfile \
            -vconsole:emer --log-file=/run/openvswitch/ovsdb-server.log || return 1
    for port; do more+=(-- add-port "$br" "$port"); done
    ovs-vsctl --no-wait -- init -- set Open_vSwitch . other_config:max-idle=3600000 \
        other_config:max-revalidator=60000 other_config:min-revalidate-pps=0 -- add-br "$br" "${more[@]}" &&
        unshare --time --monotonic 3600 ovs-vswitchd --detach --pidfile -vconsole:emer \
            --log-file=/run/openvswitch/ovs-vswitchd.log && until_ok 30 ovs-appctl -t ovs-vswitchd version &&
        timeout 60 ovs-vsctl -- set Bridge "$br" fail_mode=secure && sysctl -qw "net.ipv6.conf.$br.disable_ipv6=1" &&
        ip link set "$br" up && ovs_flows <<<'actions=NORMAL'
}
ovs_stop() {
    local pid name
    for name in ovs-vswitchd ovsdb-server; do
        pid=$(cat "/run/openvswitch/$name.pid") || return 1
        # With its bridges, else they stay in the kernel.
        if [ $name = ovs-vswitchd ]; then ovs-appctl -t ovs-vswitchd exit --cleanup; else kill "$pid"; fi
        until_ok 20 ended "$pid" || return 1
    done
    rm -rf /run/openvswitch
}
# Flows of br0, one on each line of stdin, instead of those before; the cache of the kernel is empty.
ovs_flows() { ovs-ofctl --bundle replace-flows br0 - && ovs_flush; }
# The next packet of each flow goes up to user space.
ovs_flush() { until_ok 10 ovs_no_flows; }
# A packet that was not sent on purpose may have made one again: hence the purge in each try.
ovs_no_flows() { ovs-appctl -t ovs-vswitchd revalidator/purge && [ "$(ovs-appctl -t ovs-vswitchd dpctl/dump-flows | grep -c .)" = 0 ]; }
