// SPDX-License-Identifier: GPL-2.0-or-later
// Values to text: one visitor over typed values, with a printer for each output format
// (sink_NAME.c). Must not know where values come from.
#ifndef ND_FORMAT_H
#define ND_FORMAT_H

#include "runtime/common/buf.h"
#include "runtime/kernel/maps.h"
#include "runtime/output/symbols.h"

#include <stdio.h>

// Text of single values; those with `out` need room for 64 bytes and return the length.
size_t nd_text_ip(const uint8_t ip[16], char *out);
size_t nd_text_prefix(const uint8_t prefix[20], char *out);
size_t nd_text_mac(const uint8_t mac[6], char *out);
size_t nd_text_duration(int64_t ns, char *out);  // 1.234ms: the largest unit, up to 3 decimals
size_t nd_text_time(int64_t wall_ns, char *out); // YYYY-MM-DD HH:MM:SS.mmm, local time
size_t nd_text_utc(int64_t wall_ns, char *out);  // YYYY-MM-DDTHH:MM:SS.uuuuuuZ
const char *nd_text_signal(int64_t n);           // "SIGKILL", of this machine
const char *nd_text_syscall(int64_t n); // "openat"; NULL: there is no such number, as above
const char *nd_text_errno(int64_t n);   // NULL: no text
void nd_text_double(double v, struct nd_buf *out); // up to 3 decimals, "n/a" for NaN

// A number or text that user code computed: it has no type of the manifest.
struct nd_plain {
    enum { ND_PLAIN_I64, ND_PLAIN_U64, ND_PLAIN_F64, ND_PLAIN_STR } kind;
    int64_t i; // u64 too
    double d;
    const char *s;
    size_t n;
};
void nd_text_plain(const struct nd_plain *v, struct nd_buf *out); // text without quotes

void nd_text_escaped(const void *p, size_t n, struct nd_buf *out); // \xHH where not printable
// strftime with %f (microseconds) besides; wall_ns counts from the epoch.
void nd_text_strftime(const char *fmt, int64_t wall_ns, struct nd_buf *out);

// What formatting may ask. maps and syms may be NULL (tests): stacks then print as their id.
struct nd_fmt {
    const struct nd_mf *mf;
    struct nd_maps *maps;
    struct nd_syms *syms;
    int64_t wall_offset; // CLOCK_REALTIME - CLOCK_MONOTONIC in ns, sampled again at each report
    uint64_t netns;      // inode of the network namespace whose devices print by name alone
    bool bpftrace;       // as bpftrace lays it out: its histograms, times and durations as numbers
    bool escape;         // strings from outside become printable text (nd_printable_put)
};
// A string that is not the script's own, as f says.
void nd_format_outside(const struct nd_fmt *f, const char *s, size_t n, struct nd_buf *out);

// Called for each part of a value, depth first. TIME and DURATION come as integers in ns. A stack
// that could not be taken has n < 0, its error.
struct nd_visitor {
    void *arg;
    void (*integer)(void *arg, const struct nd_mf_type *t, int64_t v, bool is_unsigned);
    void (*real)(void *arg, double v);
    void (*boolean)(void *arg, bool v);
    // text of strings, addresses, names, times, single symbols
    void (*string)(void *arg, const struct nd_mf_type *t, const char *s, size_t n);
    void (*begin)(void *arg, const struct nd_mf_type *t, uint32_t n); // struct tuple array
    void (*field)(void *arg, const struct nd_mf_type *t, uint32_t i, const char *name);
    void (*end)(void *arg, const struct nd_mf_type *t);
    // struct flow in one piece; NULL: field by field
    void (*flow)(void *arg, const char *text, size_t n);
    void (*stack)(void *arg, const struct nd_mf_type *t, const uint64_t *frames, int n,
                  uint32_t pid);
    void (*agg)(void *arg, const struct nd_mf_type *t, const void *val);
    // a member that is absent begins; true: its value is visited, until this is called again with
    // `begins` false. NULL: absent members are not visited at all
    bool (*absent)(void *arg, bool begins);
    bool numbers; // pointers and enums are visited as integers
};
// ns of the clock of the type t (NULL: monotonic) as ns since the epoch.
int64_t nd_format_wall(const struct nd_fmt *f, const struct nd_mf_type *t, int64_t ns);
void nd_visit(const struct nd_fmt *f, uint32_t type, const void *bytes, const struct nd_visitor *v);

// The symbol at an address; pid 0: of the kernel. Without a name if it is not known.
struct nd_symbol nd_format_symbol(const struct nd_fmt *f, uint64_t addr, uint32_t pid);
// One frame or address: func+0x1a [module], or 0x... when the name is unknown. pid 0: kernel.
// frame: of a stack, where the offset is given even if it is 0. Names are as they are.
void nd_format_addr(const struct nd_fmt *f, uint64_t addr, uint32_t pid, bool frame,
                    struct nd_buf *out);
// A struct nd_ifname: its name as it is, and @ and the namespace unless it is f->netns.
void nd_format_ifname(const struct nd_fmt *f, const void *p, struct nd_buf *out);
// The functions of a stack by name alone, as f wants strings from outside, which `sep` is not; a
// stack that could not be taken has none.
void nd_format_frames(const struct nd_fmt *f, uint32_t type, const void *bytes, const char *sep,
                      bool outer_first, struct nd_buf *out);
// Its number of frames, 0 if it could not be taken; out, if given, gets the text of frame i, as f
// wants strings from outside, if there is one.
int nd_format_frame(const struct nd_fmt *f, uint32_t type, const void *bytes, int64_t i,
                    struct nd_buf *out);
// The text of an aggregation; div > 1 divides what is printed. Tables end with a newline.
void nd_format_agg(const struct nd_fmt *f, const struct nd_mf_type *t, const char *unit,
                   const void *val, uint64_t div, struct nd_buf *out);
// A map key without its outer brackets: "key1, key2".
void nd_format_key(const struct nd_fmt *f, uint32_t type, const void *key, struct nd_buf *out);
// The numbers of an aggregation, the last with the name NULL; the only one of some has the name "".
// NULL: nothing but rows (hist.h).
struct nd_agg_part {
    const char *name;
    enum nd_vm_agg what;
};
const struct nd_agg_part *nd_format_agg_parts(const struct nd_mf_type *t);
void nd_format_agg_part(const struct nd_mf_type *t, const void *val, enum nd_vm_agg what,
                        struct nd_buf *out); // as JSON has it

// The text of a value, as %s and print() write it; strings are from outside.
void nd_format_text(const struct nd_fmt *f, uint32_t type, const void *bytes, struct nd_buf *out);
// The JSON of a value: numbers, strings (UTF-8, invalid bytes as U+FFFD), arrays, objects.
void nd_format_json_plain(const struct nd_plain *v, struct nd_buf *out);
void nd_format_json(const struct nd_fmt *f, uint32_t type, const void *bytes, struct nd_buf *out);

#endif
