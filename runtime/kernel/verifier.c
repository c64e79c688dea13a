// SPDX-License-Identifier: GPL-2.0-or-later
// From the kernel's log to a line of the script: the last instruction the verifier looked at, the
// object's line information for it, and a table of causes in plain words. Serves loading.
#include "runtime/kernel/verifier.h"

#include "runtime/common/caps.h"
#include "runtime/common/msg.h"
#include "runtime/kernel/feature.h"
#include "runtime/kernel/lineinfo.h"
#include "runtime/kernel/load.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_BEGIN "-- BEGIN PROG LOAD LOG --\n"
#define LOG_END "-- END PROG LOAD LOG --"

struct cause {
    const char *text, *cause;
};

#define SHORTER                                                                                \
    "give loops fewer rounds, compare shorter strings, read fewer headers, or do part of the " \
    "work "                                                                                    \
    "in a second probe or in user space"

// Limits of the program as a whole: the instruction at which the verifier gave up is not the
// reason.
static const struct cause limits[] = {
    {"BPF program is too large", "this probe has more steps than the verifier follows (1,000,000; "
                                 "131,072 before Linux 5.2); " SHORTER},
    {"too many states", "this probe has more paths than the verifier follows; " SHORTER},
    {"The sequence of", "this probe branches more often than the verifier follows; " SHORTER},
    {"cannot be patched due to 16-bit range", "a jump in this probe is longer than 32,767 "
                                              "instructions once the kernel has put in code of its "
                                              "own; " SHORTER},
    {"jump out of range", "a jump in this probe is longer than 32,767 instructions; " SHORTER},
    {"total number of maps per program",
     "a probe can use 64 maps; put several values into one map, or divide the work among probes"},
    {"combined stack size",
     "this probe uses more than the 512 bytes of stack that a program has; call fewer functions "
     "inside each other, or keep large values in maps"},
};

// Special ones come first.
static const struct cause causes[] = {
    {"back-edge", "this kernel (older than 5.3) does not accept loops; use unroll"},
    {"infinite loop detected", "the loop has no bound the kernel can see"},
    {"invalid access to packet", "a packet is read beyond its checked length"},
    {"R1 type=inv expected=", "a pointer that the kernel does not trust is used"},
    {"invalid mem access 'scalar'", "a number is used as a pointer"},
    {"invalid mem access 'inv'", "a number is used as a pointer"},
    {"invalid mem access", "a pointer of this kind cannot be read here"},
    {"min value is negative", "an index or a size may be negative here; check it first"},
    {"max value is outside", "an index may lie outside its array here; check it first"},
    {"outside of the allowed memory", "memory outside an object may be read or written here"},
    {"unbounded memory access", "a size has no upper bound here; check it first"},
    {"invalid stack", "the stack is used outside its 512 bytes, or before it is written"},
    {"invalid indirect read from stack", "memory that was never written is passed on"},
    {"invalid zero-sized read", "a size may be zero here; check it first"},
    {"unknown func", "this kernel lacks a helper function that the probe needs"},
    {"program of this type cannot use helper",
     "a built-in used here is not allowed in this kind of "
     "probe on this kernel"},
    {"cannot use helper", "a built-in used here is not allowed in this kind of probe"},
    {"cannot call GPL-restricted", "the object does not have a GPL licence"},
    {"invalid bpf_context access", "a field of the context cannot be read here on this kernel"},
    {"access beyond struct", "a field is read outside its struct"},
    {"access beyond the end of", "memory is read past the end of a struct"},
    {"attach_btf_id", "the probe's function or tracepoint is not what it was at compile time"},
    {"is not a kernel function", "this kernel has no such function"},
    {"R0 !read_ok", "the program ends without a result"},
    {"cannot sleep", "a built-in that may sleep is used where sleeping is not allowed"},
};

#define ROWS(table) (sizeof(table) / sizeof(*(table)))

// An instruction, a line of the source, a state, statistics: what every log has, with names of
// helpers that do not explain anything.
static bool ordinary(const char *line, size_t n)
{
    static const char *const begins[] = {";",           "processed ", "-- ",   "verification time",
                                         "stack depth", "libbpf:",    "from ", " R",
                                         "func#",       "last_idx ",  "regs=", "parent "};
    size_t i;

    if (!n || isdigit((unsigned char)*line))
        return true;
    for (i = 0; i < ROWS(begins); i++) {
        if (!strncmp(line, begins[i], strlen(begins[i])))
            return true;
    }
    return false;
}

static bool in_line(const char *line, size_t n, const char *text)
{
    return memmem(line, n, text, strlen(text)) != NULL;
}

// Does one of the log's last lines say this? Early lines are not the reason.
static bool says(const char *log, const char *text)
{
    size_t all = strlen(log), n;
    const char *line = all > 2000 ? log + all - 2000 : log;

    for (; *line; line += n + (line[n] == '\n')) {
        n = strcspn(line, "\n");
        if (!ordinary(line, n) && in_line(line, n, text))
            return true;
    }
    return false;
}

static const char *find(const struct cause *v, size_t rows, const char *log)
{
    size_t i;

    for (i = 0; i < rows; i++) {
        if (says(log, v[i].text))
            return v[i].cause;
    }
    return NULL;
}

// Every kernel has bpf_probe_read() or its successors, unless it is locked down.
static bool reads_forbidden(const char *log)
{
    const char *lock = nd_caps_lockdown();

    return lock && !strcmp(lock, "confidentiality") && says(log, "bpf_probe_read");
}

const char *nd_verifier_cause(const char *log)
{
    const char *limit = find(limits, ROWS(limits), log);

    if (limit)
        return limit;
    return reads_forbidden(log)
               ? "this kernel is locked down (confidentiality): probes may not read memory"
               : find(causes, ROWS(causes), log);
}

long nd_verifier_last_insn(const char *log)
{
    const char *line;
    long last = -1;

    for (line = log; line && *line; line = strchr(line, '\n'), line += line ? 1 : 0) {
        const char *p = line;
        char *end;
        long n;

        if (!isdigit((unsigned char)*p))
            continue;
        n = strtol(p, &end, 10); // "12: (71) r2 = *(u8 *)(r1 +0)"
        if (end[0] == ':' && end[1] == ' ' && end[2] == '(')
            last = n;
    }
    return last;
}

// The verifier's own words: the last line that is not an instruction, source or statistics.
static void last_words(const char *log, char *out, size_t size)
{
    const char *line, *next;

    *out = 0;
    for (line = log; line && *line; line = next) {
        size_t n = strcspn(line, "\n");

        next = line[n] ? line + n + 1 : NULL;
        if (ordinary(line, n))
            continue;
        snprintf(out, size, "%.*s", (int)n, line);
    }
}

// Program and log of the rejected program, out of libbpf's text.
static const struct nd_mf_prog *failed_prog(const struct nd_load *l, const char **log, size_t *size)
{
    const char *begin = strstr(l->log, LOG_BEGIN), *name = NULL, *p, *end;
    uint32_t i;

    *log = "";
    *size = 0;
    for (p = strstr(l->log, "prog '"); p && (!begin || p < begin); p = strstr(p + 1, "prog '"))
        name = p + 6;
    if (begin) {
        *log = begin + strlen(LOG_BEGIN);
        end = strstr(*log, LOG_END);
        *size = end ? (size_t)(end - *log) : strlen(*log);
    }
    for (i = 0; name && i < l->mf.nprogs; i++) {
        const char *want = nd_mf_str(&l->mf, l->mf.progs[i].name);
        size_t n = strlen(want);

        if (!strncmp(name, want, n) && name[n] == '\'')
            return &l->mf.progs[i];
    }
    return NULL;
}

static void report_no_log(const struct nd_load *l, const struct nd_mf_prog *p, int err)
{
    const char *hint = "";

    if (p && (p->type == ND_PROG_FENTRY || p->type == ND_PROG_FEXIT) && nd_caps_may_trace())
        hint =
            "; this kernel cannot attach to functions this way (fentry, fexit): use a tracepoint";
    else if (err == -EPERM && !nd_caps_may_trace())
        hint = "; run as root, or with CAP_BPF and CAP_PERFMON";
    else if (err == -EPERM)
        hint = nd_caps_lockdown() ? "; the kernel is locked down"
                                  : "; a security module or a sandbox forbids it";
    else if (err == -ENOMEM)
        hint = "; not enough memory for the maps: use smaller ones";
    else if (err == -E2BIG)
        hint = "; the program or a map is larger than this kernel allows";
    if (p)
        nd_msg_at(&l->mf, &p->span, "error", "the kernel does not load this probe: %s%s",
                  strerror(-err), hint);
    else
        nd_msg("error: the kernel does not load the programs: %s%s", strerror(-err), hint);
}

void nd_verifier_report(const struct nd_load *l, int err, bool verbose)
{
    const struct nd_mf_prog *p;
    struct nd_line line;
    const char *log;
    const char *cause;
    char *text, said[400];
    size_t size;

    p = failed_prog(l, &log, &size);
    text = strndup(log, size);
    if (!text || !size || !p) {
        report_no_log(l, p, err);
        if (verbose && l->log && *l->log)
            fprintf(stderr, "%s", l->log);
        free(text);
        return;
    }
    last_words(text, said, sizeof(said));
    cause = nd_verifier_cause(text);
    if (!find(limits, ROWS(limits), text) &&
        !nd_line_find(l->elf, l->elf_size, nd_mf_str(&l->mf, p->name), nd_verifier_last_insn(text),
                      &line)) {
        fprintf(stderr, "%s:%u:%u: error: the kernel's verifier rejects this: %s\n", line.file,
                line.line, line.col, said);
        nd_msg_line(&l->mf, line.file, line.line, line.col, 1);
    } else {
        nd_msg_at(&l->mf, &p->span, "error", "the kernel's verifier rejects this probe: %s", said);
    }
    if (cause)
        fprintf(stderr, "  cause: %s\n", cause);
    if (verbose)
        fprintf(stderr, "%s", text);
    else
        fprintf(stderr, "  (-v shows the kernel's whole log)\n");
    free(text);
}
