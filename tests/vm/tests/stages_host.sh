#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# The library's stages of devices, IP and drops: each packet passes each once, with the packet and the
# device that the stage exports; by the first alternative, and by the others.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=20
# Every stage is listed, served or with reasons.
"$ND" list stages >"$TMP/stages" 2>"$TMP/e"
same list-exit $? 0
modprobe tun
declared=$(grep -c '^stage ' stdlib/lib/stages.nd)
same list-all "$(grep -c '^[a-z]' "$TMP/stages")" "$declared"
unserved=$(awk '/^[a-z]/ { name = $1 } /not on this kernel/ { print name }' "$TMP/stages" | sort | tr '\n' ' ')
same list-unserved "$unserved" 'ct_out flow_extract_end internal_tx internal_xmit ovs_flow_new ovs_frame ovs_process ovs_rx ovs_tx ovs_upcall ovs_userspace ' # no switch here

# Pings there and back: 98 bytes on the wire, 84 above it.
way='
netif_rx /skb->len == 84/ { @netif_rx[skb->dev->name] = count() }
phy_rx /skb->len == 84/ { @phy_rx = count() }
vnet_rx /skb->len == 84/ { @vnet_rx = count() }
qdisc_enq /skb->len == 98/ { @qdisc_enq = count() }
tx_queue /skb->len == 98/ { @tx_queue[dev->name] = count() }
tx_xmit /skb->len == 98/ { @tx_xmit[dev->name, skb->dev->name] = count() }
ip_rx /skb->len == 84/ { @ip_rx = count() }
ip_tx /skb->len == 84/ { @ip_tx = count() }
icmp_rx /skb->len == 64 || skb->len == 84/ { @icmp_rx = count() }
'
# NAME: what the script above counted.
check_way() {
    local s
    for s in netif_rx phy_rx vnet_rx qdisc_enq tx_queue tx_xmit ip_rx ip_tx icmp_rx; do
        same "$1-$s" "$(total "$OUT" @$s)" $((2 * N))
    done
    for s in a b; do
        has "$1-dev-$s" "$OUT" "^@tx_queue\[eth0@$s\]: $N\$"
        has "$1-devs-$s" "$OUT" "^@tx_xmit\[eth0@$s, eth0@$s\]: $N\$"
    done
}
traced way "$way" pings a 10.1.0.2 $N
check_way way
export NDTRACE_WITHOUT=fentry,tp_btf
traced without "$way" pings a 10.1.0.2 $N
check_way without
unset NDTRACE_WITHOUT
# The same alternatives by hand, also the later ones: they see what the first one sees.
"$ND" explain -e 'tx_xmit { @ = count() }' >"$TMP/explained"
has explained "$TMP/explained" 'net_dev_start_xmit'
traced second '
stage rx2(skb: struct sk_buff *) { try rawtracepoint:no_such { skb = args.skb } try tracepoint:net:netif_receive_skb { skb = (struct sk_buff *)args.skbaddr } }
stage enq2(skb: struct sk_buff *) { try func:no_such { skb = args.skb } try tracepoint:net:net_dev_queue { skb = (struct sk_buff *)args.skbaddr } }
stage xmit2(skb: struct sk_buff *, dev: struct net_device *) { try tracepoint:net:net_dev_start_xmit { skb = (struct sk_buff *)args.skbaddr; dev = skb->dev } }
rx2 /skb->len == 84/ { @rx = count() } enq2 /skb->len == 98/ { @enq = count() } xmit2 /skb->len == 98/ { @xmit[dev->name] = count() }' pings a 10.1.0.2 $N
same second-rx "$(total "$OUT" @rx)" $((2 * N))
same second-enq "$(total "$OUT" @enq)" $((2 * N))
has second-xmit "$OUT" "^@xmit\[eth0@a\]: $N\$"

# IPv6, both families of a stage with two points.
echo='pkt.icmp.type in (0, 8, 128, 129)'
traced six "icmp_rx { @n[probe] = count() } ip_any_tx /$echo/ { @tx = count() } ip_any_rx /$echo/ { @rx = count() } l4_rx /$echo/ { @l4 = count() }" \
    bash -c "$(declare -f pings inside); pings a 10.1.0.2 5; pings a fd01::2 7"
has six-v4 "$OUT" '^@n\[[a-z]*:icmp_rcv\]: 10$'
has six-v6 "$OUT" '^@n\[[a-z]*:icmpv6_rcv\]: 14$'
for s in tx rx l4; do same "six-$s" "$(total "$OUT" @$s)" 24; done
# Datagrams without a receiver: received, dropped with the reason if the kernel gives it, and answered.
ours='((struct udphdr *)(skb->head + skb->transport_header))->dest == bswap((u16)9)'
traced drop "udp_rx { @udp = count() } pkt_drop /$ours/ { @n = count(); @r[reason] = count(); @at[ksym(location)] = count() }
    probe tracepoint:skb:kfree_skb when has_param(\"tracepoint:skb:kfree_skb\", \"reason\") /args.reason == SKB_DROP_REASON_NO_SOCKET/ { @no_socket = count() }" datagrams a 10.1.0.2 9 40
same drop-received "$(total "$OUT" @udp)" 40
same drop-count "$(total "$OUT" @n)" 40
has drop-place "$OUT" '^@at\[.*udp.*\]: 40$'
if kernel_at_least 5 17; then
    same drop-reason "$(total "$OUT" @no_socket)" 40
    has drop-reason-export "$OUT" '^@r\[SKB_DROP_REASON_NO_SOCKET\]: 40$'
else
    has drop-no-reason "$OUT" '^@r\[0\]: 40$'
fi
# A connection to a port without a listener: one segment there, one back.
refuse() { for ((i = 0; i < 10; i++)); do inside a bash -c ': >/dev/tcp/10.1.0.2/9' 2>/dev/null; done; return 0; }
traced tcp 'tcp_rx { @n = count(); @p[skb->protocol == bswap((u16)ETH_P_IP)] = count() }' refuse
same tcp-segments "$(total "$OUT" @n)" 20
# Queues: all that waits leaves the queue of its device.
host_queue tbf rate 100mbit burst 1600 limit 100000
traced queue 'qdisc_deq /skb->len == 98/ { @n = count() }' pings a 10.1.0.2 $N
same queue-left "$(total "$OUT" @n)" $N
host_queue

# Connection tracking of a host, by the parameter's name.
track a
# Before 5.11 modules have no types: the stage takes the parameter by its position then.
if [ -e /sys/kernel/btf/nf_conntrack ]; then
    by='args.state->net' skb=args.skb
else
    by='((struct nf_hook_state *)arg1)->net' skb='((struct sk_buff *)arg0)'
fi
own=$(inside a readlink /proc/self/ns/net | tr -dc 0-9)
traced ct "ct_in /skb->len == 84/ { @n[skb->protocol == bswap((u16)ETH_P_IP)] = count() }
    func:nf_conntrack_in /$by->ns.inum == $own && $skb->len == 84/ { @named = count() }" pings a 10.1.0.2 $N
# Each leaves the host and its answer comes back to it.
same ct-by-name "$(total "$OUT" @named)" $((2 * N))
has ct-stage "$OUT" "^@n\[true\]: $((2 * N))\$"
untrack a

# All libraries with stages are in one of these tests: stages_host, stages_parts, stages_ovs, stages_vm; those made for a few tools are in the
# tests of these: tool_arp, tool_drop_kinds, tool_segments and tool_tap (gso), tool_ovs_drop, tool_queues, tool_virtio*.
same libraries "$(grep -lE '^stage ' stdlib/lib/*.nd | xargs -n 1 basename -s .nd | xargs)" 'arp_text conntrack_stages defrag drop_device gso gso_path kvm ovs_key stages tun tx_codes vhost virtio virtio_rx vring'

# What is sent by IPv6, received by UDP and TCP of both kinds, freed.
six_too() { pings a fd01::2 5 && datagrams a fd01::2 9 6 && refuse && inside a bash -c ': >/dev/tcp/fd01::2/9' 2>/dev/null; true; }
traced six_too "ip6_tx /has(pkt.icmp)/ { @icmp[pkt.icmp.type] = count() } udp_rx /pkt.udp.dport == 9/ { @udp[pkt.ip.version] = count() }
    tcp_rx { @tcp[pkt.ip.version] = count() } pkt_consumed { @consumed = count() }" six_too
has six-sent "$OUT" '^@icmp\[128\]: 5$'
has six-answered "$OUT" '^@icmp\[129\]: 5$'
has six-udp "$OUT" '^@udp\[6\]: 6$'
has six-tcp "$OUT" '^@tcp\[6\]: 2$'
has four-tcp "$OUT" '^@tcp\[4\]: 20$'
n=$(total "$OUT" @consumed)
between six-consumed "$n" 5

# A tap device: what the stack sends to it, and what it receives from it.
for without in none fentry; do
    [ $without = none ] || export NDTRACE_WITHOUT=$without
    traced "tap-$without" 'vnet_tx /skb->len == 321/ { @tx[dev->name] = count() } vnet_rx /skb->len == 307/ { @rx[skb->dev->name] = count() }' "$STIMULUS" tap 30
    has "tap-$without-there" "$OUT" '^@tx\[ndtap0\]: 30$'
    has "tap-$without-back" "$OUT" '^@rx\[ndtap0\]: 30$'
    unset NDTRACE_WITHOUT
done

# What cannot be served: refused with the reasons, or left out with a warning.
"$WITHIN" 60 "$ND" -e 'ovs_rx { @ = count() }' >"$TMP/o" 2>"$TMP/e"
same refused-exit $? 2
has refused "$TMP/e" '^ndtrace: error: openvswitch is not loaded: stage ovs_rx is needed here; modprobe openvswitch$'
"$WITHIN" 60 "$ND" -v -e 'ovs_rx { @ = count() }' >"$TMP/o" 2>"$TMP/e"
has refused-why "$TMP/e" 'func:openvswitch:ovs_vport_receive: .*not loaded'
"$WITHIN" 60 "$ND" -c true -e 'ovs_rx? { @ = count() } netif_rx { @n = count() }' >"$TMP/o" 2>"$TMP/e"
same left-out-exit $? 0
has left-out "$TMP/e" '^ndtrace: warning: openvswitch is not loaded: stage ovs_rx is left out; modprobe openvswitch$'
finish
