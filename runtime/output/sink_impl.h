// SPDX-License-Identifier: GPL-2.0-or-later
// Inside of the sinks: the output buffer and the functions a format provides. Must not be used by
// anything but sink*.c. Serves the formats, sink_NAME.c each.
#ifndef ND_SINK_IMPL_H
#define ND_SINK_IMPL_H

#include "runtime/output/sink.h"

struct nd_sink_header {
    const char *script;
    const struct nd_attached *at;
    uint32_t nat;
    uint32_t others; // probes that are attached nowhere
    const char *const *opt_names, *const *opt_values;
    uint32_t nopts;
};

struct nd_sink_summary {
    const struct nd_loss *loss;
    uint32_t nloss;
    const struct nd_attached *at;
    uint32_t nat;
    uint64_t events;
    int64_t duration_ns;
};

// Entries order[0..n-1] of a copy, in the order to print.
struct nd_sink_entries {
    uint32_t map;
    const struct nd_copy *copy;
    const uint32_t *order;
    uint32_t n;
    uint64_t div;
    bool alone; // print(@m[key]): of text the value, without the name
};

// A format. Each writes into s->out; the caller passes that on as one record.
struct nd_sink_ops {
    void (*header)(struct nd_sink *s, const struct nd_sink_header *h);
    void (*printf)(struct nd_sink *s, const char *text, size_t n);
    void (*value)(struct nd_sink *s, uint32_t type, const void *bytes, const char *title);
    void (*plain)(struct nd_sink *s, const struct nd_plain *v);
    void (*map)(struct nd_sink *s, const struct nd_sink_entries *e);
    void (*report_begin)(struct nd_sink *s, int64_t interval_ns);
    void (*report_end)(struct nd_sink *s, const struct nd_loss *loss, uint32_t nloss);
    void (*path)(struct nd_sink *s, const struct nd_path_stat *st);
    void (*event)(struct nd_sink *s, const struct nd_mf_event *e, const void *payload);
    void (*table)(struct nd_sink *s, const struct nd_sink_table *t);
    void (*row)(struct nd_sink *s, const struct nd_mf_table *t, const void *row); // of records
    void (*fail)(struct nd_sink *s, int code, const char *text);
    void (*summary)(struct nd_sink *s, const struct nd_sink_summary *m);
};

struct nd_sink {
    const struct nd_sink_kind *kind;
    const struct nd_sink_ops *ops; // of the kind
    const struct nd_fmt *fmt;
    bool quiet;
    bool color;       // text: levels of cells
    uint32_t columns; // text: width of tables; 0: any
    bool each;        // flush after each record
    bool own_fd;
    bool in_report;
    bool wrote;          // anything
    bool apart;          // text: a blank line comes before the next map
    uint32_t nmaps;      // printed in this report
    int64_t report_time; // of this report, CLOCK_REALTIME in ns
    int64_t interval;
    struct nd_buf kept;       // what a format remembers from one record to the next
    struct nd_writer to, log; // log.fd -1: none
    enum nd_write_wait (*wait)(void *arg);
    void *wait_arg;
    struct nd_buf out; // the record being made
    size_t n;          // bytes waiting in buf
    char buf[256 << 10];
};

// Is there nothing in this value to make a table of?
bool nd_sink_no_rows(const struct nd_mf_type *t, const void *val);
int64_t nd_sink_wall(void); // CLOCK_REALTIME in ns

// sink_table.c: a table as text
void nd_sink_text_table(struct nd_sink *s, const struct nd_sink_table *t);

// sink_words.c: words that formats of records share.
const char *nd_sink_site_kind(const struct nd_mf_site *site);
const char *nd_sink_site_file(const struct nd_mf *mf, const struct nd_mf_site *site); // "": none
const char *nd_sink_path_count(uint32_t i); // enum nd_path_count
uint64_t nd_sink_lost(const struct nd_sink_summary *m, uint32_t kind);
uint64_t nd_sink_missed(const struct nd_sink_summary *m,
                        bool *told); // told: is that the complete number?

// The name of a device where packets were instead.
void nd_sink_other(const struct nd_sink *s, const struct nd_path_other *o, struct nd_buf *out);

#endif
