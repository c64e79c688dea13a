// SPDX-License-Identifier: GPL-2.0-or-later
// The text of single values: addresses, times, numbers, bytes. Must not know types or manifests.
// Serves both printers and printf.
#include "runtime/output/format.h"

#include "runtime/common/value.h"

#include <arpa/inet.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <time.h>

static char *put_dec(char *p, uint32_t v)
{
    char tmp[10];
    int n = 0;

    do {
        tmp[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    while (n)
        *p++ = tmp[--n];
    return p;
}

static char *put_fixed(char *p, uint32_t v, int digits)
{
    int i;

    for (i = digits - 1; i >= 0; i--, v /= 10)
        p[i] = (char)('0' + v % 10);
    return p + digits;
}

size_t nd_text_ip(const uint8_t ip[16], char *out)
{
    char *p = out;
    int i;

    if (!nd_value_is_v4(ip)) {
        inet_ntop(AF_INET6, ip, out, 64);
        return strlen(out);
    }
    for (i = 12; i < 16; i++) {
        p = put_dec(p, ip[i]);
        *p++ = '.';
    }
    *--p = '\0';
    return (size_t)(p - out);
}

size_t nd_text_prefix(const uint8_t prefix[20], char *out)
{
    size_t n = nd_text_ip(prefix, out);
    uint32_t len = prefix[16];
    char *p = out + n;

    *p++ = '/';
    p = put_dec(p, nd_value_is_v4(prefix) && len >= 96 ? len - 96 : len);
    *p = '\0';
    return (size_t)(p - out);
}

size_t nd_text_mac(const uint8_t mac[6], char *out)
{
    static const char hex[] = "0123456789abcdef";
    int i;

    for (i = 0; i < 6; i++) {
        out[i * 3] = hex[mac[i] >> 4];
        out[i * 3 + 1] = hex[mac[i] & 15];
        out[i * 3 + 2] = i < 5 ? ':' : '\0';
    }
    return 17;
}

size_t nd_text_duration(int64_t ns, char *out)
{
    const struct nd_value_unit *unit = nd_value_units;
    uint64_t v = ns < 0 ? -(uint64_t)ns : (uint64_t)ns, whole, frac;
    char digits[24];
    int u = 0, n;

    // A unit up as soon as rounding to three decimals would give 1000 of the smaller one.
    while (u < ND_VALUE_UNIT_S && v >= unit[u + 1].ns - unit[u].ns / 2000)
        u++;
    whole = v / unit[u].ns;
    frac = (v % unit[u].ns * 1000 + unit[u].ns / 2) / unit[u].ns;
    if (frac == 1000) {
        whole++;
        frac = 0;
    }
    n = snprintf(digits, sizeof(digits), "%03u", (unsigned int)frac);
    while (n > 0 && digits[n - 1] == '0')
        digits[--n] = '\0';
    n = snprintf(out, 64, "%s%llu%s%s%s", ns < 0 ? "-" : "", (unsigned long long)whole,
                 n ? "." : "", digits, unit[u].name);
    return (size_t)n;
}

// Seconds rounded down, and what is left of the nanoseconds.
static time_t split(int64_t wall_ns, uint32_t *ns)
{
    int64_t s = wall_ns / 1000000000, rest = wall_ns % 1000000000;

    if (rest < 0) {
        rest += 1000000000;
        s--;
    }
    *ns = (uint32_t)rest;
    return (time_t)s;
}

size_t nd_text_time(int64_t wall_ns, char *out)
{
    struct tm tm;
    uint32_t ns;
    time_t s = split(wall_ns, &ns);
    char *p = out;

    localtime_r(&s, &tm);
    p = put_fixed(p, (uint32_t)tm.tm_year + 1900, 4);
    *p++ = '-';
    p = put_fixed(p, (uint32_t)tm.tm_mon + 1, 2);
    *p++ = '-';
    p = put_fixed(p, (uint32_t)tm.tm_mday, 2);
    *p++ = ' ';
    p = put_fixed(p, (uint32_t)tm.tm_hour, 2);
    *p++ = ':';
    p = put_fixed(p, (uint32_t)tm.tm_min, 2);
    *p++ = ':';
    p = put_fixed(p, (uint32_t)tm.tm_sec, 2);
    *p++ = '.';
    p = put_fixed(p, ns / 1000000, 3);
    *p = '\0';
    return (size_t)(p - out);
}

size_t nd_text_utc(int64_t wall_ns, char *out)
{
    struct tm tm;
    uint32_t ns;
    time_t s = split(wall_ns, &ns);
    size_t n;

    gmtime_r(&s, &tm);
    n = strftime(out, 48, "%Y-%m-%dT%H:%M:%S", &tm);
    return n + (size_t)snprintf(out + n, 16, ".%06uZ", ns / 1000);
}

const char *nd_text_errno(int64_t n)
{
    return n >= 0 && n <= INT_MAX ? strerrordesc_np((int)n) : NULL;
}

void nd_text_double(double v, struct nd_buf *out)
{
    char tmp[64];
    int n;

    if (isnan(v)) {
        nd_buf_puts(out, "n/a");
        return;
    }
    if (isinf(v) || fabs(v) >= 1e15 || (v != 0 && fabs(v) < 0.0005)) {
        nd_buf_printf(out, "%g", v);
        return;
    }
    n = snprintf(tmp, sizeof(tmp), "%.3f", v);
    while (tmp[n - 1] == '0')
        n--;
    if (tmp[n - 1] == '.')
        n--;
    nd_buf_put(out, tmp, (size_t)n);
}

void nd_text_plain(const struct nd_plain *v, struct nd_buf *out)
{
    switch (v->kind) {
    case ND_PLAIN_I64:
        nd_buf_i64(out, v->i);
        break;
    case ND_PLAIN_U64:
        nd_buf_u64(out, (uint64_t)v->i);
        break;
    case ND_PLAIN_F64:
        nd_text_double(v->d, out);
        break;
    case ND_PLAIN_STR:
        nd_buf_put(out, v->s, v->n);
        break;
    }
}

void nd_text_escaped(const void *p, size_t n, struct nd_buf *out)
{
    const uint8_t *s = p;
    char esc[5] = "\\x";
    size_t i;

    for (i = 0; i < n; i++) {
        if (s[i] >= 32 && s[i] < 127 && s[i] != '\\') {
            nd_buf_put(out, (const char *)s + i, 1);
            continue;
        }
        esc[2] = "0123456789abcdef"[s[i] >> 4];
        esc[3] = "0123456789abcdef"[s[i] & 15];
        nd_buf_put(out, esc, 4);
    }
}

// One conversion, "%" and what follows it, through strftime.
static void strftime_piece(const char *fmt, size_t n, const struct tm *tm, struct nd_buf *out)
{
    char spec[16], text[256];

    if (n >= sizeof(spec))
        return;
    memcpy(spec, fmt, n);
    spec[n] = '\0';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    nd_buf_put(out, text, strftime(text, sizeof(text), spec, tm));
#pragma GCC diagnostic pop
}

void nd_text_strftime(const char *fmt, int64_t wall_ns, struct nd_buf *out)
{
    struct tm tm;
    uint32_t ns;
    time_t s = split(wall_ns, &ns);
    char digits[8];

    localtime_r(&s, &tm);
    while (*fmt) {
        size_t n = strcspn(fmt, "%");

        nd_buf_put(out, fmt, n);
        fmt += n;
        if (!*fmt)
            break;
        if (fmt[1] == 'f') {
            put_fixed(digits, ns / 1000, 6);
            nd_buf_put(out, digits, 6);
            fmt += 2;
            continue;
        }
        n = 1 + strspn(fmt + 1, "_-0^#EO");
        n += fmt[n] != '\0';
        strftime_piece(fmt, n, &tm, out);
        fmt += n;
    }
}
