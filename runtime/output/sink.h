// SPDX-License-Identifier: GPL-2.0-or-later
// Where output goes, in one of the formats of a table (sinks.def). Serves the VM and the run. A
// failed write (full disk, closed pipe) is remembered and ends the run.
#ifndef ND_SINK_H
#define ND_SINK_H

#include "runtime/kernel/attach.h"
#include "runtime/output/format.h"
#include "runtime/output/writer.h"

struct nd_sink;

struct nd_sink_ops;

struct nd_sink_kind { // a format: one row of sinks.def
    const char *name;
    const char *what;
    const char *suffixes;
    const char *messages;
    bool records;
    bool escapes;
    const struct nd_sink_ops *ops;
};
const struct nd_sink_kind *nd_sink_kind_at(uint32_t i);          // NULL: there are no more
const struct nd_sink_kind *nd_sink_kind_named(const char *name); // NULL: there is none
const struct nd_sink_kind *
nd_sink_kind_of_file(const char *path); // the first one if no suffix fits

enum nd_flush { ND_FLUSH_AUTO, ND_FLUSH_RECORD, ND_FLUSH_FULL }; // auto: by record on a terminal

enum nd_color { ND_COLOR_AUTO, ND_COLOR_ALWAYS, ND_COLOR_NEVER }; // auto: on a terminal

struct nd_sink_opts {
    const struct nd_sink_kind *kind; // NULL: the first of the table
    enum nd_flush flush;
    bool quiet;       // no banner, no summary line unless something was lost
    const char *path; // -o FILE, or NULL: stdout
    enum nd_color color;
    uint32_t columns; // width of text tables; 0: that of the terminal, or any
    // Asked while a reader takes nothing, see writer.h; or NULL.
    enum nd_write_wait (*wait)(void *arg);
    void *wait_arg;
};
// NULL with errno set when the file cannot be opened.
struct nd_sink *nd_sink_new(const struct nd_sink_opts *opts, const struct nd_fmt *fmt);
// Each record also goes to this file, at once. 0 or negative errno.
int nd_sink_log(struct nd_sink *s, const char *path);
int nd_sink_log_error(const struct nd_sink *s); // first failed write to it, or 0
// Flushes; returns 0 or the negative errno of the first failed write. NULL is fine.
int nd_sink_close(struct nd_sink *s);
int nd_sink_flush(struct nd_sink *s);
uint64_t nd_sink_dropped(const struct nd_sink *s); // bytes that nobody took
bool nd_sink_records(const struct nd_sink *s);     // for a program, not for a person
int nd_sink_error(const struct nd_sink *s); // first failed write so far, negative errno, or 0

struct nd_loss { // one line of the summary: a site with a counter above 0
    const struct nd_mf_site *site;
    uint64_t count; // since the last report
    uint64_t total;
};

#define ND_PATH_OTHERS 16u // devices that are told apart; the last one stands for all others

struct nd_path_other { // a device where packets were instead; without a name: this host
    struct nd_ifname dev;
    uint64_t count;
};

struct nd_path_stat { // what happened to packets on a path
    const struct nd_mf_path *path;
    uint64_t count[ND_PATHC_MAX];
    uint64_t lost, under_way;
    const uint64_t *lost_after; // by last stage
    // Of a path that asks (fate_off):
    uint64_t elsewhere, vanished;
    const uint64_t *vanished_after;
    const struct nd_path_other *others; // ND_PATH_OTHERS
};

// The first record: the script, what is attached (nat), how many probes run besides (BEGIN), and
// the options as text (nopts).
void nd_sink_header(struct nd_sink *s, const char *script, const struct nd_attached *at,
                    uint32_t nat, uint32_t others, const char *const *opt_names,
                    const char *const *opt_values, uint32_t nopts);
void nd_sink_printf(struct nd_sink *s, const char *text, size_t n); // result of printf()
// title: stands over a histogram instead of its unit; "": none.
void nd_sink_value(struct nd_sink *s, uint32_t type, const void *bytes,
                   const char *title); // print(expr)
// print(expr) of a value that has no type of the manifest.
void nd_sink_plain(struct nd_sink *s, const struct nd_plain *v);
// print(@m): all entries, sorted as bpftrace does (by value ascending for numbers and
// aggregations, the largest last; then by key); top > 0: only the largest; div > 1 divides values.
void nd_sink_map(struct nd_sink *s, uint32_t map, const struct nd_copy *copy, uint32_t top,
                 uint64_t div);
// What follows are the maps that are printed when the run ends: in text set apart by a blank line.
void nd_sink_last_maps(struct nd_sink *s);
void nd_sink_entry(struct nd_sink *s, uint32_t map, const void *key, const void *val);
// report(): a heading with wall-clock time and interval length, then each map.
void nd_sink_report_begin(struct nd_sink *s, int64_t interval_ns);
void nd_sink_report_end(struct nd_sink *s, const struct nd_loss *loss, uint32_t nloss);
void nd_sink_path(struct nd_sink *s, const struct nd_path_stat *st);
// An event without a handler: one record.
void nd_sink_event(struct nd_sink *s, const struct nd_mf_event *e, const void *payload);
struct nd_sink_table {
    const char *const *heads;
    const char *const *cells; // row by row
    const bool *numeric;      // to the right
    uint32_t ncols, nrows;
    const uint32_t *least;  // characters of each column; NULL: as many as there are
    const uint64_t *levels; // of each row, as in ND_VM_ROW; NULL: none
    bool no_head;
    uint32_t gap; // blanks between columns
};
void nd_sink_table(struct nd_sink *s, const struct nd_sink_table *t);
// A row of a declared table as a record, in formats that have them.
void nd_sink_row(struct nd_sink *s, const struct nd_mf_table *t, const void *row);
// fail(), or warn() with code 0: a record, where there are records; the message is on stderr.
void nd_sink_fail(struct nd_sink *s, int code, const char *text);
// The end: lost, missed, map-full, evicted; the text sink writes lines only for what is not zero.
void nd_sink_summary(struct nd_sink *s, const struct nd_loss *loss, uint32_t nloss,
                     const struct nd_attached *at, uint32_t nat, uint64_t events,
                     int64_t duration_ns);

#endif
