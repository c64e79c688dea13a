// SPDX-License-Identifier: GPL-2.0-or-later
// Values that people write: numbers, times, sizes, addresses, protocols. The same text means the
// same in a script and on the command line. Must not know options. Serves both programs.
#ifndef ND_VALUE_H
#define ND_VALUE_H

#include <stdbool.h>
#include <stdint.h>

// Units of time, the smallest first: ns us ms s m h d.
struct nd_value_unit {
    const char *name;
    uint64_t ns;
};
enum { ND_VALUE_UNIT_S = 3, ND_VALUE_UNITS = 7 }; // times are printed in units up to seconds
extern const struct nd_value_unit nd_value_units[ND_VALUE_UNITS];
uint64_t nd_value_unit(const char *name); // 0: there is no such unit

// 5s 200ms 50us 100ns 1m 1h 1d 5sec 5min, fractions allowed, a bare number is seconds. ns; false if
// it is none.
bool nd_value_duration(const char *text, int64_t *ns);
// 65536, 64K, 4M, 1G; false if it is not a size.
bool nd_value_bytes(const char *text, uint64_t *n);

// Bytes as manifest.h describes them. IPv4 is mapped into IPv6.
bool nd_value_ip(const char *text, uint8_t ip[16]);
bool nd_value_is_v4(const uint8_t ip[16]);
// 10.0.0.0/8, fd00::/8, an address alone. If only the length is wrong, *most is the longest that
// could be, else 0.
bool nd_value_prefix(const char *text, uint8_t prefix[20], int *most);
bool nd_value_mac(const char *text, uint8_t mac[6]);
bool nd_value_ifname(const char *text, char name[16]); // is it a possible name?
// One of the above: of type ND_T_IP, ND_T_PREFIX, ND_T_MAC or ND_T_IFNAME, at most 20 bytes.
bool nd_value_address(uint32_t type, const char *text, uint8_t *bytes);

// The value of an option of any kind (enum nd_mf_opt_kind) but string, path and enum, as the
// command line and a default have it: at most 20 bytes.
bool nd_value_option(uint32_t kind, const char *text, uint8_t *bytes);
// Names of values of enums: of either case, and with - for _, as in the names of flags.
bool nd_value_same_name(const char *a, const char *b);

bool nd_value_pid(const char *text, uint32_t *pid);
bool nd_value_port(int64_t v);                         // is it one?
bool nd_value_proto(const char *text, uint8_t *proto); // a name, in either case, or a number
const char *nd_value_proto_name(uint8_t proto);        // NULL: it has none
#define ND_VALUE_PROTOS "tcp, udp, icmp, icmp6, sctp, gre, esp or a number up to 255"

#endif
