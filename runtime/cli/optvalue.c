// SPDX-License-Identifier: GPL-2.0-or-later
// A parser for each kind of option value; each says in one sentence what it expected.
// Must not know command lines. Serves the options of scripts.
#include "runtime/cli/optvalue.h"

#include "runtime/common/value.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int bad(struct nd_why *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int bad(struct nd_why *why, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why->text, sizeof(why->text), fmt, ap);
    va_end(ap);
    return -EINVAL;
}

// Ranges are of integers and of times, the latter in ns.
static void bound_text(const struct nd_mf_option *o, int64_t v, char *out, size_t size)
{
    int i = ND_VALUE_UNIT_S;

    if (o->kind == ND_OPT_INT) {
        snprintf(out, size, "%lld", (long long)v);
        return;
    }
    while (v % (int64_t)nd_value_units[i].ns)
        i--;
    snprintf(out, size, "%lld%s", (long long)(v / (int64_t)nd_value_units[i].ns),
             nd_value_units[i].name);
}

bool nd_optvalue_range(const struct nd_mf_option *o, char *out, size_t size)
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

    (void)mf;
    if (nd_value_option(o->kind, text, dst))
        return 0;
    return nd_optvalue_range(o, range, sizeof(range))
               ? bad(why, "\"%s\" is not a whole number, %s", text, range)
               : bad(why, "\"%s\" is not a whole number that fits into 64 bits", text);
}

static int parse_bool(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                      void *dst, struct nd_why *why)
{
    (void)mf;
    return nd_value_option(o->kind, text, dst) ? 0 : bad(why, "\"%s\" must be true or false", text);
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

static int parse_duration(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                          void *dst, struct nd_why *why)
{
    static const char *const bare[ND_OPT_KIND_MAX] = {
        [ND_OPT_USECS] = "100ms, 50us, 1s or microseconds",
        [ND_OPT_MSECS] = "100ms, 50us, 1s or milliseconds",
        [ND_OPT_DURATION] = "5s, 200ms, 50us, 100ns, 1m, 1h or seconds",
    };

    (void)mf;
    if (nd_value_option(o->kind, text, dst))
        return 0;
    return bad(why, "\"%s\" is not a duration; write %s", text, bare[o->kind]);
}

static int parse_ifname(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                        void *dst, struct nd_why *why)
{
    (void)mf;
    (void)o;
    if (nd_value_ifname(text, dst)) // whether there is one depends on --netns: cli_scope.c
        return 0;
    return bad(why, "\"%s\" is not a device name: they have 1 to 15 characters", text);
}

static int parse_ip(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                    void *dst, struct nd_why *why)
{
    (void)mf;
    (void)o;
    if (nd_value_ip(text, dst))
        return 0;
    return bad(why, "\"%s\" is not an IPv4 or IPv6 address", text);
}

static int parse_prefix(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                        void *dst, struct nd_why *why)
{
    int most;

    (void)mf;
    (void)o;
    if (nd_value_prefix(text, dst, &most))
        return 0;
    if (most)
        return bad(why, "\"%s\": the prefix length must be between 0 and %d", text, most);
    return bad(why, "\"%s\" is not an address or prefix; write 10.0.0.0/8 or fd00::/8", text);
}

static int parse_mac(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                     void *dst, struct nd_why *why)
{
    (void)mf;
    (void)o;
    if (nd_value_mac(text, dst))
        return 0;
    return bad(why, "\"%s\" is not a MAC address; write 52:54:00:12:34:56", text);
}

static int parse_port(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                      void *dst, struct nd_why *why)
{
    (void)mf;
    if (nd_value_option(o->kind, text, dst))
        return 0;
    return bad(why, "\"%s\" is not a port: it must be between 1 and 65535", text);
}

static int parse_proto(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                       void *dst, struct nd_why *why)
{
    (void)mf;
    (void)o;
    if (nd_value_proto(text, dst))
        return 0;
    return bad(why, "\"%s\" is not a protocol; write " ND_VALUE_PROTOS, text);
}

static int parse_pid(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                     void *dst, struct nd_why *why)
{
    (void)mf;
    if (nd_value_option(o->kind, text, dst))
        return 0;
    return bad(why, "\"%s\" is not a process id", text);
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

        if (nd_value_same_name(text, name)) {
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
    [ND_OPT_ENUM] = {"enum", parse_enum},       [ND_OPT_USECS] = {"usecs", parse_duration},
    [ND_OPT_MSECS] = {"msecs", parse_duration},
};

int nd_optvalue_parse(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                      void *dst, struct nd_why *why)
{
    char range[64];
    int64_t v;
    int err;

    memset(dst, 0, o->stride);
    err = kinds[o->kind].parse(mf, o, text, dst, why);
    if (err || o->stride != sizeof(v) || !nd_optvalue_range(o, range, sizeof(range)))
        return err;
    memcpy(&v, dst, sizeof(v));
    return v >= o->min && v <= o->max ? 0
                                      : bad(why, "%s is out of range: it must be %s", text, range);
}

const char *nd_optvalue_kind_name(uint32_t kind)
{
    return kinds[kind].name;
}
