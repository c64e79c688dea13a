// SPDX-License-Identifier: GPL-2.0-or-later
// Counters of network devices, asked of the kernel by rtnetlink: sysfs would show the devices of
// the network namespace it was mounted in.
#include "runtime/sources/link.h"

#include "runtime/common/manifest.h"

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY (64u << 10) // a device with many virtual functions has a long reply

_Static_assert(offsetof(struct rtnl_link_stats64, rx_nohandler) == ND_LINK_rx_nohandler * 8,
               "the counters are in the order of the kernel's struct");

static ssize_t ask(const char *name, char *reply, size_t size)
{
    struct {
        struct nlmsghdr h;
        struct ifinfomsg i;
        struct rtattr a;
        char name[IFNAMSIZ];
    } req = {.h = {.nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST}};
    int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    ssize_t n = -1;

    if (s < 0)
        return -1;
    req.a.rta_type = IFLA_IFNAME;
    req.a.rta_len = (unsigned short)RTA_LENGTH(strlen(name) + 1);
    strcpy(req.name, name);
    req.h.nlmsg_len = (uint32_t)(NLMSG_LENGTH(sizeof(req.i)) + RTA_ALIGN(req.a.rta_len));
    if (send(s, &req, req.h.nlmsg_len, 0) >= 0)
        n = recv(s, reply, size, 0);
    close(s);
    return n;
}

// Where a number is: an attribute, and the bytes in it.
struct row {
    unsigned short attr;
    uint32_t off, size;
};

static struct row row_of(uint32_t what)
{
    static const struct row other[ND_LINK_MAX] = {
        [ND_LINK_rx_queues] = {IFLA_NUM_RX_QUEUES, 0, 4},
        [ND_LINK_tx_queues] = {IFLA_NUM_TX_QUEUES, 0, 4},
        [ND_LINK_tx_queue_len] = {IFLA_TXQLEN, 0, 4},
        [ND_LINK_mtu] = {IFLA_MTU, 0, 4},
    };

    if (what > ND_LINK_rx_nohandler)
        return other[what];
    return (struct row){IFLA_STATS64, what * 8, 8};
}

static int64_t number_of(const struct rtattr *a, const struct row *row)
{
    uint64_t big;
    uint32_t small;

    if (RTA_PAYLOAD(a) < row->off + row->size)
        return 0; // an older kernel has no such counter
    if (row->size == sizeof(big)) {
        memcpy(&big, (const char *)RTA_DATA(a) + row->off, sizeof(big));
        return (int64_t)big;
    }
    memcpy(&small, (const char *)RTA_DATA(a) + row->off, sizeof(small));
    return small;
}

// What the kernel says of the device; NULL: there is none.
static const struct nlmsghdr *look_up(const char *name, char *reply, size_t size)
{
    const struct nlmsghdr *h = (const void *)reply;
    ssize_t n = *name && strlen(name) < IFNAMSIZ ? ask(name, reply, size) : -1;

    return n >= 0 && NLMSG_OK(h, (size_t)n) && h->nlmsg_type == RTM_NEWLINK ? h : NULL;
}

static const struct rtattr *attribute(const struct nlmsghdr *h, unsigned short type)
{
    const char *first = (const char *)h + NLMSG_LENGTH(sizeof(struct ifinfomsg));
    int left = (int)h->nlmsg_len - (int)NLMSG_LENGTH(sizeof(struct ifinfomsg));
    const struct rtattr *a;

    for (a = (const void *)first; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        if (a->rta_type == type)
            return a;
    }
    return NULL;
}

int64_t nd_link_stat(const char *name, uint32_t what)
{
    _Alignas(8) char reply[REPLY]; // a handler that asks often must not add them up
    const struct row where = row_of(what);
    const struct nlmsghdr *h = look_up(name, reply, sizeof(reply));
    const struct rtattr *a;

    if (!h)
        return -1;
    a = attribute(h, where.attr);
    return a ? number_of(a, &where) : 0;
}

static const char *kind_in(const struct rtattr *info)
{
    const struct rtattr *a = RTA_DATA(info);
    int left = (int)RTA_PAYLOAD(info);

    for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        if (a->rta_type == IFLA_INFO_KIND)
            return RTA_DATA(a); // the kernel ends it with a NUL
    }
    return NULL;
}

void nd_link_kind(const char *name, char *out, size_t size)
{
    _Alignas(8) char reply[REPLY];
    const struct nlmsghdr *h = look_up(name, reply, sizeof(reply));
    const struct ifinfomsg *i = h ? NLMSG_DATA(h) : NULL;
    const struct rtattr *info = h ? attribute(h, IFLA_LINKINFO) : NULL;
    const char *kind = info ? kind_in(info) : NULL;

    if (i && kind && !strcmp(kind, "tun"))
        kind = i->ifi_type == ARPHRD_ETHER ? "tap" : "tun";
    snprintf(out, size, "%s",
             !i                               ? ""
             : kind                           ? kind
             : i->ifi_type == ARPHRD_LOOPBACK ? "loopback"
                                              : "physical");
}
