// SPDX-License-Identifier: GPL-2.0-or-later
// A parser for each kind of option value; each says in one sentence what it expected.
// Must not know command lines. Serves options and the general flags.
#include "runtime/cli/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int bad(struct nd_why *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int bad(struct nd_why *why, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why->text, sizeof(why->text), fmt, ap);
    va_end(ap);
    return -EINVAL;
}

static bool number(const char *text, int64_t *out)
{
    char *end;

    if (!*text || strspn(text, " \t"))
        return false;
    errno = 0;
    *out = strtoll(text, &end, text[0] == '0' && (text[1] | 32) == 'x' ? 16 : 10);
    return !*end && !errno;
}

// Ranges are of integers and of times, the latter in ns.
static void bound_text(const struct nd_mf_option *o, int64_t v, char *out, size_t size)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}};
    size_t i = 0;

    if (o->kind == ND_OPT_INT) {
        snprintf(out, size, "%lld", (long long)v);
        return;
    }
    while (v % units[i].ns)
        i++;
    snprintf(out, size, "%lld%s", (long long)(v / units[i].ns), units[i].name);
}

bool nd_value_range(const struct nd_mf_option *o, char *out, size_t size)
{
    char low[24], high[24];

    bound_text(o, o->min, low, sizeof(low));
    bound_text(o, o->max, high, sizeof(high));
    if ((!o->min && !o->max) || (o->min == INT64_MIN && o->max == INT64_MAX))
        return false;
    if (o->max == INT64_MAX)
        snprintf(out, size, "at least %s", low);
    else
        snprintf(out, size, "%s to %s", low, high);
    return true;
}

static int parse_int(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                     void *dst, struct nd_why *why)
{
    char range[64];
    int64_t v;

    (void)mf;
    if (!number(text, &v))
        return nd_value_range(o, range, sizeof(range))
                   ? bad(why, "\"%s\" is not a whole number, %s", text, range)
                   : bad(why, "\"%s\" is not a whole number that fits into 64 bits", text);
    memcpy(dst, &v, sizeof(v));
    return 0;
}

static int parse_bool(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                      void *dst, struct nd_why *why)
{
    static const char *const yes[] = {"true", "yes", "on", "1"}, *const no[] = {"false", "no",
                                                                                "off", "0"};
    uint64_t v;
    size_t i;

    (void)mf;
    (void)o;
    for (i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
        v = !strcasecmp(text, yes[i]);
        if (v || !strcasecmp(text, no[i])) {
            memcpy(dst, &v, sizeof(v));
            return 0;
        }
    }
    return bad(why, "\"%s\" must be true or false", text);
}

static int parse_text(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                      void *dst, struct nd_why *why)
{
    size_t n = strlen(text);

    (void)mf;
    if (n >= o->stride)
        return bad(why, "the text is %zu bytes long; the limit is %u", n, o->stride - 1);
    memcpy(dst, text, n);
    return 0;
}

bool nd_value_duration(const char *text, int64_t *ns)
{
    static const struct {
        const char *unit;
        double factor;
    } units[] = {{"", 1e9},   {"s", 1e9},  {"sec", 1e9},  {"ms", 1e6},   {"us", 1e3},
                 {"ns", 1.0}, {"m", 60e9}, {"min", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
    char *end;
    double v;
    size_t i;

    if (!(*text >= '0' && *text <= '9') && *text != '.')
        return false; // no signs, no spaces, no "nan"
    v = strtod(text, &end);
    for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
        if (!strcmp(end, units[i].unit)) {
            v *= units[i].factor;
            if (!isfinite(v) || v > 9.2e18)
                return false;
            *ns = (int64_t)(v + 0.5);
            return true;
        }
    }
    return false;
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

static int parse_duration(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                          void *dst, struct nd_why *why)
{
    int64_t ns;

    (void)mf;
    (void)o;
    if (!nd_value_duration(text, &ns))
        return bad(why, "\"%s\" is not a duration; write 5s, 200ms, 50us, 100ns, 1m, 1h or seconds",
                   text);
    memcpy(dst, &ns, sizeof(ns));
    return 0;
}

// What older tools take as a number of micro- or milliseconds.
static int parse_in(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                    void *dst, struct nd_why *why, const char *unit, const char *units)
{
    char with_unit[64];
    int n = snprintf(with_unit, sizeof(with_unit), "%s%s", text,
                     text[strspn(text, "0123456789.")] ? "" : unit);

    if (n < 0 || (size_t)n >= sizeof(with_unit) || parse_duration(mf, o, with_unit, dst, why))
        return bad(why, "\"%s\" is not a duration; write 100ms, 50us, 1s or %s", text, units);
    return 0;
}

static int parse_usecs(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                       void *dst, struct nd_why *why)
{
    return parse_in(mf, o, text, dst, why, "us", "microseconds");
}

static int parse_msecs(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                       void *dst, struct nd_why *why)
{
    return parse_in(mf, o, text, dst, why, "ms", "milliseconds");
}

static void list_devices(char *out, size_t size)
{
    struct if_nameindex *all = if_nameindex(), *i;
    size_t n = 0;

    *out = 0;
    for (i = all; i && i->if_index && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", i == all ? "" : ", ", i->if_name);
    if (all)
        if_freenameindex(all);
}

static int parse_ifname(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                        void *dst, struct nd_why *why)
{
    char devices[800];

    if (strlen(text) >= IF_NAMESIZE)
        return bad(why, "\"%s\" is not a device name: they have at most %d characters", text,
                   IF_NAMESIZE - 1);
    if (!if_nametoindex(text)) {
        list_devices(devices, sizeof(devices));
        return bad(why, "there is no device \"%s\"; the devices are: %s", text, devices);
    }
    return parse_text(mf, o, text, dst, why);
}

// As ND_T_IP: IPv4 mapped into IPv6. family gets AF_INET or AF_INET6.
static bool address(const char *text, uint8_t ip[16], int *family)
{
    memset(ip, 0, 16);
    *family = AF_INET6;
    if (inet_pton(AF_INET6, text, ip) == 1)
        return true;
    ip[10] = ip[11] = 0xff;
    *family = AF_INET;
    return inet_pton(AF_INET, text, ip + 12) == 1;
}

static int parse_ip(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                    void *dst, struct nd_why *why)
{
    uint8_t ip[16];
    int family;

    (void)mf;
    (void)o;
    if (!address(text, ip, &family))
        return bad(why, "\"%s\" is not an IPv4 or IPv6 address", text);
    memcpy(dst, ip, sizeof(ip));
    return 0;
}

static int parse_prefix(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                        void *dst, struct nd_why *why)
{
    const char *slash = strchr(text, '/');
    char host[64];
    uint8_t ip[20] = {0};
    int family, i;
    int64_t len;

    (void)mf;
    (void)o;
    snprintf(host, sizeof(host), "%.*s", slash ? (int)(slash - text) : (int)strlen(text), text);
    if (!address(host, ip, &family))
        return bad(why, "\"%s\" is not an address or prefix; write 10.0.0.0/8 or fd00::/8", text);
    len = family == AF_INET ? 32 : 128;
    if (slash && (!number(slash + 1, &len) || len < 0 || len > (family == AF_INET ? 32 : 128)))
        return bad(why, "\"%s\": the prefix length must be between 0 and %d", text,
                   family == AF_INET ? 32 : 128);
    ip[16] = (uint8_t)(family == AF_INET ? 96 + len : len);
    for (i = ip[16]; i < 128; i++) // bits after the prefix mean nothing; zero compares simply
        ip[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
    memcpy(dst, ip, sizeof(ip));
    return 0;
}

static int parse_mac(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                     void *dst, struct nd_why *why)
{
    unsigned v[6];
    uint8_t mac[6];
    int i, end = 0;

    (void)mf;
    (void)o;
    if (strlen(text) != 17 || strspn(text, "0123456789abcdefABCDEF:") != 17 ||
        sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &end) !=
            6 ||
        end != 17)
        return bad(why, "\"%s\" is not a MAC address; write 52:54:00:12:34:56", text);
    for (i = 0; i < 6; i++)
        mac[i] = (uint8_t)v[i];
    memcpy(dst, mac, sizeof(mac));
    return 0;
}

static int parse_port(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                      void *dst, struct nd_why *why)
{
    uint16_t port;
    int64_t v;

    (void)mf;
    (void)o;
    if (!number(text, &v) || v < 1 || v > 65535)
        return bad(why, "\"%s\" is not a port: it must be between 1 and 65535", text);
    port = (uint16_t)v;
    memcpy(dst, &port, sizeof(port));
    return 0;
}

static int parse_proto(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                       void *dst, struct nd_why *why)
{
    static const struct {
        const char *name;
        uint8_t number;
    } names[] = {{"icmp", 1},   {"igmp", 2},     {"ipip", 4},  {"tcp", 6},   {"udp", 17},
                 {"dccp", 33},  {"ipv6", 41},    {"gre", 47},  {"esp", 50},  {"ah", 51},
                 {"icmp6", 58}, {"icmpv6", 58},  {"ospf", 89}, {"pim", 103}, {"vrrp", 112},
                 {"sctp", 132}, {"udplite", 136}};
    int64_t v = -1;
    size_t i;

    (void)mf;
    (void)o;
    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (!strcasecmp(text, names[i].name))
            v = names[i].number;
    }
    if (v < 0 && (!number(text, &v) || v < 0 || v > 255))
        return bad(why,
                   "\"%s\" is not a protocol; write tcp, udp, icmp, icmp6, sctp, gre, esp or a "
                   "number up to 255",
                   text);
    *(uint8_t *)dst = (uint8_t)v;
    return 0;
}

static int parse_pid(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                     void *dst, struct nd_why *why)
{
    uint32_t pid;
    int64_t v;

    (void)mf;
    (void)o;
    if (!number(text, &v) || v < 1 || v > INT_MAX)
        return bad(why, "\"%s\" is not a process id", text);
    pid = (uint32_t)v;
    memcpy(dst, &pid, sizeof(pid));
    return 0;
}

// Of either case, and with - for _, as in the names of flags.
static bool same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        int x = *a == '-' ? '_' : tolower((unsigned char)*a);

        if (x != (*b == '-' ? '_' : tolower((unsigned char)*b)))
            return false;
    }
    return *a == *b;
}

static int parse_enum(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                      void *dst, struct nd_why *why)
{
    char all[600];
    size_t n = 0;
    int64_t i;

    *all = 0;
    for (i = 0; i < o->nnames; i++) {
        const char *name = nd_mf_str(mf, mf->words[o->names + i]);

        if (same_name(text, name)) {
            memcpy(dst, &i, sizeof(i));
            return 0;
        }
        if (n < sizeof(all))
            n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", i ? ", " : "", name);
    }
    return bad(why, "\"%s\" is not one of: %s", text, all);
}

static const struct {
    const char *name;
    int (*parse)(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text, void *dst,
                 struct nd_why *why);
} kinds[ND_OPT_KIND_MAX] = {
    [ND_OPT_INT] = {"int", parse_int},          [ND_OPT_BOOL] = {"bool", parse_bool},
    [ND_OPT_STRING] = {"string", parse_text},   [ND_OPT_DURATION] = {"duration", parse_duration},
    [ND_OPT_IFNAME] = {"ifname", parse_ifname}, [ND_OPT_IP] = {"ip", parse_ip},
    [ND_OPT_PREFIX] = {"prefix", parse_prefix}, [ND_OPT_MAC] = {"mac", parse_mac},
    [ND_OPT_PORT] = {"port", parse_port},       [ND_OPT_PROTO] = {"proto", parse_proto},
    [ND_OPT_PID] = {"pid", parse_pid},          [ND_OPT_PATH] = {"path", parse_text},
    [ND_OPT_ENUM] = {"enum", parse_enum},       [ND_OPT_USECS] = {"usecs", parse_usecs},
    [ND_OPT_MSECS] = {"msecs", parse_msecs},
};

int nd_value_parse(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                   void *dst, struct nd_why *why)
{
    char range[64];
    int64_t v;
    int err;

    memset(dst, 0, o->stride);
    err = kinds[o->kind].parse(mf, o, text, dst, why);
    if (err || o->stride != sizeof(v) || !nd_value_range(o, range, sizeof(range)))
        return err;
    memcpy(&v, dst, sizeof(v));
    return v >= o->min && v <= o->max ? 0
                                      : bad(why, "%s is out of range: it must be %s", text, range);
}

const char *nd_value_kind_name(uint32_t kind)
{
    return kinds[kind].name;
}
