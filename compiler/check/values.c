// SPDX-License-Identifier: GPL-2.0-or-later
// Reads addresses with the C library.
#include "compiler/check/values.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_ip(const char *s, uint8_t *b, bool *v4)
{
    struct in_addr a4;

    *v4 = false;
    if (inet_pton(AF_INET6, s, b) == 1)
        return true;
    if (inet_pton(AF_INET, s, &a4) != 1)
        return false;
    *v4 = true;
    memset(b, 0, 10);
    b[10] = b[11] = 0xff;
    memcpy(b + 12, &a4, 4);
    return true;
}

static bool parse_prefix(const char *s, uint8_t *b)
{
    char addr[64], *end;
    const char *slash = strchr(s, '/');
    unsigned long len, most;
    uint32_t i;
    bool v4;

    if (!slash || (size_t)(slash - s) >= sizeof(addr))
        return false;
    memcpy(addr, s, (size_t)(slash - s));
    addr[slash - s] = 0;
    if (!parse_ip(addr, b, &v4))
        return false;
    most = v4 ? 32 : 128;
    len = strtoul(slash + 1, &end, 10);
    if (*end || end == slash + 1 || len > most)
        return false;
    len += 128 - most;
    memset(b + 16, 0, 4);
    b[16] = (uint8_t)len;
    for (i = (uint32_t)len; i < 128; i++)
        b[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
    return true;
}

bool nd_parse_value(enum nd_typekind kind, const char *s, uint8_t *b)
{
    unsigned int m[6];
    int n = 0, i;
    bool v4;

    switch (kind) {
    case ND_T_IP:
        return parse_ip(s, b, &v4);
    case ND_T_PREFIX:
        return parse_prefix(s, b);
    case ND_T_MAC:
        if (sscanf(s, "%2x:%2x:%2x:%2x:%2x:%2x%n", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5], &n) !=
                6 ||
            s[n])
            return false;
        for (i = 0; i < 6; i++)
            b[i] = (uint8_t)m[i];
        return true;
    case ND_T_IFNAME:
        if (!*s || strlen(s) > 15)
            return false;
        memset(b, 0, 16);
        memcpy(b, s, strlen(s));
        return true;
    default:
        return false;
    }
}
