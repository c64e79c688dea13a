// SPDX-License-Identifier: GPL-2.0-or-later
// The built-in names and functions as a table: one row each. How a row is typed, lowered and run is
// a function by its id in each of the rooms that do so. Serves checking, lowering, user code, docs.
#ifndef ND_BUILTINS_H
#define ND_BUILTINS_H

#include "compiler/lang/program.h"

enum nd_builtin_id {
    ND_B_NONE,
    // names
    ND_B_PID,
    ND_B_TID,
    ND_B_UID,
    ND_B_GID,
    ND_B_COMM,
    ND_B_CPU,
    ND_B_NSECS,
    ND_B_ELAPSED,
    ND_B_CTX,
    ND_B_ARGS,
    ND_B_ARGN,
    ND_B_RETVAL,
    ND_B_FUNC,
    ND_B_PROBE,
    ND_B_CURTASK,
    ND_B_CGROUP,
    ND_B_RAND,
    ND_B_KSTACK,
    ND_B_USTACK,
    ND_B_USERNAME,
    ND_B_NCPUS,
    ND_B_OPT,
    ND_B_PKT,
    ND_B_PACKET_ID,
    ND_B_INNER_ID,
    ND_B_INTERVAL,
    ND_B_LOST,
    ND_B_JSON,
    ND_B_ENDING,
    ND_B_TRUE,
    ND_B_FALSE,
    // functions
    ND_B_STR,
    ND_B_BUF,
    ND_B_KPTR,
    ND_B_UPTR,
    ND_B_NTOP,
    ND_B_PTON,
    ND_B_MACADDR,
    ND_B_BSWAP,
    ND_B_STRNCMP,
    ND_B_STRCONTAINS,
    ND_B_STRLEN,
    ND_B_KSYM,
    ND_B_USYM,
    ND_B_KADDR,
    ND_B_REG,
    ND_B_HAS_KEY,
    ND_B_DELETE,
    ND_B_LEN,
    ND_B_IP,
    ND_B_PREFIX,
    ND_B_MAC,
    ND_B_IFNAME,
    ND_B_HAS,
    ND_B_HAS_PARAM,
    ND_B_HAS_FUNC,
    ND_B_KERNEL_AT_LEAST,
    ND_B_COUNT,
    ND_B_SUM,
    ND_B_AVG,
    ND_B_MIN,
    ND_B_MAX,
    ND_B_STATS,
    ND_B_HIST,
    ND_B_LHIST,
    ND_B_DIST,
    ND_B_PRINTF,
    ND_B_PRINT,
    ND_B_CLEAR,
    ND_B_ZERO,
    ND_B_EXIT,
    ND_B_TIME,
    ND_B_STRFTIME,
    ND_B_REPORT,
    ND_B_TABLE,
    ND_B_TOP,
    ND_B_P50,
    ND_B_P90,
    ND_B_P95,
    ND_B_P99,
    ND_B_P999,
    ND_B_STARTS,
    ND_B_ENDS,
    ND_B_SUBSTR,
    ND_B_REPEAT,
    ND_B_UPPER,
    ND_B_LOWER,
    ND_B_PAD,
    ND_B_NUM,
    ND_B_ABS,
    ND_B_ROUND,
    ND_B_FLOOR,
    ND_B_CEIL,
    ND_B_SQRT,
    ND_B_LOG2,
    ND_B_IFINDEX,
    ND_B_SPRINTF,
    ND_B_FRAMES,
    ND_B_FOLDED,
    ND_B_LINK_STAT,
    ND_B_GET_NUM,
    ND_B_GET_BE,
    ND_B_GET_IP,
    ND_B_GET_MAC,
    ND_B_FILE_LINES,
    ND_B_FILE_LINE,
    ND_B_FILE_ERROR,
    ND_B_FAIL,
    ND_B_WORD,
    ND_B_WORD_COLUMN,
    ND_B_DEPTH,
    ND_B_FRAME,
    ND_B_ROWS,
    ND_B_LOSSES,
    ND_B_PATH_COUNT,
    ND_B_ROW_LOW,
    ND_B_ROW_HIGH,
    ND_B_ROW_COUNT,
    ND_B_VM_TAP,
    ND_B_REFUSED,
};

struct nd_builtin {
    const char *name;
    enum nd_builtin_id id;
    uint8_t worlds; // enum nd_world bits
    bool is_call;
    bool async;                 // a statement that user space carries out
    uint8_t min, max;           // arguments of a call
    const struct nd_type *type; // fixed result type, NULL: see check
    // Checks the call's arguments (already typed) and gives the result type; NULL: `type`.
    struct nd_type *(*check)(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);
    const char *usage; // "str(pointer [, bytes])"
    const char *help;
};

// Is it a call that user space carries out when a probe makes it (print, clear, printf, ...)?
static inline bool nd_builtin_is_async(const struct nd_expr *e)
{
    return e->kind == ND_E_CALL && e->builtin && e->builtin->async;
}

// The row of a name, or NULL; calls and plain names are apart (nsecs and nsecs(boot)).
const struct nd_builtin *nd_builtin_find(const char *name, bool is_call);
const struct nd_builtin *nd_builtin_at(uint32_t i); // NULL past the end; for lists and docs

#endif
