// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses are read with the C library; names of protocols and units are tables.
#include "runtime/common/value.h"

#include "runtime/common/manifest.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// ---- numbers, times, sizes ----------------------------------------------------------------------

// Decimal, or hexadecimal after 0x.
static bool number(const char *text, int64_t *out)
{
    char *end;

    if (!*text || strspn(text, " \t"))
        return false;
    errno = 0;
    *out = strtoll(text, &end, text[0] == '0' && (text[1] | 32) == 'x' ? 16 : 10);
    return !*end && !errno;
}

const struct nd_value_unit nd_value_units[ND_VALUE_UNITS] = {
    {"ns", 1},          {"us", 1000},         {"ms", 1000000},       {"s", 1000000000},
    {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000},
};

uint64_t nd_value_unit(const char *name)
{
    int i;

    for (i = 0; i < ND_VALUE_UNITS; i++) {
        if (!strcmp(name, nd_value_units[i].name))
            return nd_value_units[i].ns;
    }
    return 0;
}

bool nd_value_duration(const char *text, int64_t *ns)
{
    const char *unit;
    char *end;
    double v;

    if (!(*text >= '0' && *text <= '9') && *text != '.')
        return false; // no signs, no spaces, no "nan"
    v = strtod(text, &end);
    unit = !*end || !strcmp(end, "sec") ? "s" : !strcmp(end, "min") ? "m" : end;
    v *= (double)nd_value_unit(unit);
    if (!nd_value_unit(unit) || !isfinite(v) || v > 9.2e18)
        return false;
    *ns = (int64_t)(v + 0.5);
    return true;
}

bool nd_value_bytes(const char *text, uint64_t *n)
{
    static const char letters[] = "KMG";
    const char *letter;
    char *end;

    if (!(*text >= '0' && *text <= '9'))
        return false;
    errno = 0;
    *n = strtoull(text, &end, 10);
    letter = *end ? strchr(letters, *end) : NULL;
    if (errno || (*end && (!letter || end[1])))
        return false;
    if (!letter)
        return true;
    if (*n >> 33)
        return false;
    *n <<= 10 * (letter - letters + 1);
    return true;
}

// ---- addresses ----------------------------------------------------------------------------------

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

bool nd_value_is_v4(const uint8_t ip[16])
{
    return !memcmp(ip, mapped, sizeof(mapped));
}

// v4: it was written as IPv4; ::ffff:10.0.0.1 was not.
static bool read_ip(const char *text, uint8_t ip[16], bool *v4)
{
    *v4 = false;
    if (inet_pton(AF_INET6, text, ip) == 1)
        return true;
    *v4 = true;
    memcpy(ip, mapped, sizeof(mapped));
    return inet_pton(AF_INET, text, ip + 12) == 1;
}

bool nd_value_ip(const char *text, uint8_t ip[16])
{
    bool v4;

    return read_ip(text, ip, &v4);
}

bool nd_value_prefix(const char *text, uint8_t prefix[20], int *most)
{
    size_t n = strcspn(text, "/");
    char host[64];
    int64_t len;
    bool v4;
    int i;

    *most = 0;
    if (n >= sizeof(host))
        return false;
    memcpy(host, text, n);
    host[n] = 0;
    memset(prefix, 0, 20);
    if (!read_ip(host, prefix, &v4))
        return false;
    *most = v4 ? 32 : 128;
    len = *most;
    if (text[n] && (!number(text + n + 1, &len) || len < 0 || len > *most))
        return false;
    prefix[16] = (uint8_t)(len + 128 - *most);
    for (i = prefix[16]; i < 128; i++) // bits after the prefix mean nothing; zero compares simply
        prefix[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
    return true;
}

bool nd_value_mac(const char *text, uint8_t mac[6])
{
    char digits[3];
    size_t n;
    int i;

    for (i = 0; i < 6; i++, text += n) {
        if (i && *text++ != ':')
            return false;
        n = strspn(text, "0123456789abcdefABCDEF");
        if (n < 1 || n > 2)
            return false;
        memcpy(digits, text, n);
        digits[n] = 0;
        mac[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return !*text;
}

bool nd_value_ifname(const char *text, char name[16])
{
    size_t n = strlen(text);

    if (!n || n > 15)
        return false;
    memset(name, 0, 16);
    memcpy(name, text, n);
    return true;
}

bool nd_value_address(uint32_t type, const char *text, uint8_t *bytes)
{
    int most;

    switch (type) {
    case ND_T_IP:
        return nd_value_ip(text, bytes);
    case ND_T_PREFIX:
        return nd_value_prefix(text, bytes, &most);
    case ND_T_MAC:
        return nd_value_mac(text, bytes);
    case ND_T_IFNAME:
        return nd_value_ifname(text, (char *)bytes);
    default:
        return false;
    }
}

// ---- processes, ports and protocols -------------------------------------------------------------

bool nd_value_pid(const char *text, uint32_t *pid)
{
    int64_t v;

    if (!number(text, &v) || v < 1 || v > INT_MAX)
        return false;
    *pid = (uint32_t)v;
    return true;
}

bool nd_value_port(int64_t v)
{
    return v >= 1 && v <= 65535;
}

static const char *const protocols[256] = {
    [1] = "ICMP",  [2] = "IGMP",   [4] = "IPIP",    [6] = "TCP",
    [17] = "UDP",  [33] = "DCCP",  [41] = "IPV6",   [47] = "GRE",
    [50] = "ESP",  [51] = "AH",    [58] = "ICMPV6", [89] = "OSPF",
    [103] = "PIM", [112] = "VRRP", [132] = "SCTP",  [136] = "UDPLITE",
};

const char *nd_value_proto_name(uint8_t proto)
{
    return protocols[proto];
}

bool nd_value_proto(const char *text, uint8_t *proto)
{
    const char *name = strcasecmp(text, "icmp6") ? text : "icmpv6";
    int64_t v;

    for (v = 0; v < 256; v++) {
        if (protocols[v] && !strcasecmp(name, protocols[v]))
            break;
    }
    if (v == 256 && (!number(text, &v) || v < 0 || v > 255))
        return false;
    *proto = (uint8_t)v;
    return true;
}

// ---- options ------------------------------------------------------------------------------------

static bool read_bool(const char *text, int64_t *v)
{
    static const char *const words[][4] = {{"false", "no", "off", "0"}, {"true", "yes", "on", "1"}};
    size_t i;

    for (*v = 0; *v < 2; ++*v) {
        for (i = 0; i < 4; i++) {
            if (!strcasecmp(text, words[*v][i]))
                return true;
        }
    }
    return false;
}

// A bare number is in this unit.
static bool read_time(const char *text, const char *unit, int64_t *ns)
{
    char with_unit[64];
    int n = snprintf(with_unit, sizeof(with_unit), "%s%s", text,
                     text[strspn(text, "0123456789.")] ? "" : unit);

    return n >= 0 && (size_t)n < sizeof(with_unit) && nd_value_duration(with_unit, ns);
}

bool nd_value_option(uint32_t kind, const char *text, uint8_t *bytes)
{
    static const uint32_t addresses[ND_OPT_KIND_MAX] = {[ND_OPT_IP] = ND_T_IP,
                                                        [ND_OPT_PREFIX] = ND_T_PREFIX,
                                                        [ND_OPT_MAC] = ND_T_MAC,
                                                        [ND_OPT_IFNAME] = ND_T_IFNAME};
    uint32_t size = 8, pid;
    bool good = true;
    int64_t v = 0;

    if (kind < ND_OPT_KIND_MAX && addresses[kind])
        return nd_value_address(addresses[kind], text, bytes);
    switch (kind) {
    case ND_OPT_INT:
        good = number(text, &v);
        break;
    case ND_OPT_BOOL:
        good = read_bool(text, &v);
        break;
    case ND_OPT_DURATION:
        good = read_time(text, "s", &v);
        break;
    case ND_OPT_USECS:
        good = read_time(text, "us", &v);
        break;
    case ND_OPT_MSECS:
        good = read_time(text, "ms", &v);
        break;
    case ND_OPT_PORT:
        good = number(text, &v) && nd_value_port(v);
        size = 2;
        break;
    case ND_OPT_PID:
        good = nd_value_pid(text, &pid);
        v = good ? pid : 0;
        size = 4;
        break;
    case ND_OPT_PROTO:
        return nd_value_proto(text, bytes);
    default:
        return false;
    }
    memcpy(bytes, &v, size); // little endian
    return good;
}

bool nd_value_same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        int x = *a == '-' ? '_' : tolower((unsigned char)*a);

        if (x != (*b == '-' ? '_' : tolower((unsigned char)*b)))
            return false;
    }
    return *a == *b;
}
