#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# kernels: 5.10 7
# limit: 200
# The library's stages of putting fragments together and of tracking connections: each is passed, or it is said why not.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
# b tracks; e and f are on a wire of their own, as kernels before 5.13 go on putting fragments together for tracking
# where that was on once.
{ netns e && netns f && ip -n e link add eth0 type veth peer name eth0 netns f && address e eth0 1 8 && address f eth0 2 8 &&
    neighbour e eth0 2 8 && neighbour f eth0 1 8; } || not_ok wire "no such devices"
track b
inside f sysctl -qw net.ipv4.ipfrag_time=1 net.ipv6.ip6frag_time=1
inside b sysctl -qw net.netfilter.nf_conntrack_frag6_timeout=1
P=5
# NAMESPACE: the last fragment of what has 4000 bytes does not come.
no_last() {
    inside "$1" nft -f - <<-'R'
	table netdev early {
	    chain in {
	        type filter hook ingress device eth0 priority 0;
	        ip frag-off & 0x1fff == 370 drop
	        meta protocol ip6 ip6 nexthdr 44 @nh,336,16 0xb50 drop
	    }
	}
	R
}
# NAMESPACE ADDRESS N: datagrams of 4000 bytes.
large() { for ((i = 0; i < $3; i++)); do inside "$1" bash -c 'head -c 4000 /dev/zero >"/dev/udp/$1/9"' - "$2"; done 2>/dev/null; }
# Large packets of both kinds, and of tracking; one of each that is not whole; connections that are refused; then all
# that is tracked is forgotten.
parts() {
    large e 10.8.0.2 $P && large e fd08::2 $P && large a fd01::2 $P
    no_last f && no_last b
    large e 10.8.0.2 1 && large e fd08::2 1 && large a fd01::2 1
    wait_until 30 counted_to 1 f snmp ReasmTimeout && wait_until 30 counted_to 1 f snmp6 Ip6ReasmTimeout
    wait_until 30 counted_to 1 b snmp6 Ip6ReasmTimeout
    for ns in b f; do inside $ns nft delete table netdev early; done
    for ((i = 0; i < 10; i++)); do inside a bash -c ': >/dev/tcp/10.1.0.2/9' 2>/dev/null; done
    inside b conntrack -F
}
count_stages parts 'defrag conntrack_stages' parts
same left-out "$(tr ' ' '\n' <<<"$LEFT_OUT" | grep -vxE 'ovs_ct_(run|lookup|update)|ct_refresh')" '' # no switch; newer kernels do not tell the packet
passed frag_in $((3 * P + 2)) # two fragments of the one that is not whole
passed frag_done $((3 * P + 2))
passed frag6_in $((3 * P + 2))
passed frag6_done $((3 * P + 2))
passed frag_insert $((9 * P + 6))
for s in frag_timeout frag6_timeout frag6_ct_timeout; do passed $s 1; done
passed frag6_ct_in +$((3 * P + 2))
passed frag6_ct_done +$((3 * P + 2))
passed ct_confirm +11 # the datagrams, and each refused connection
passed ct_tcp 20
passed ct_tcp_done 20
passed ct_refresh +1
passed ct_gone +1
untrack b
ip netns del e
ip netns del f
finish
