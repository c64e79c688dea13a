// SPDX-License-Identifier: GPL-2.0-or-later
// THE CONTRACT between compiler and runtime: plain data describing what an object contains and what
// the runtime has to do with it. Must not know the tree, LLVM or libbpf. Serves both sides.
//
// A manifest is one contiguous, position-independent, little- or big-endian-as-the-machine blob
// kept in the ELF section ".ndtrace" of the object. It starts with struct nd_mf_header; every other
// piece is an array ("section" in the header) of the structs below. References between arrays are
// indexes; ND_MF_NONE means "none". Strings are byte offsets into the STRINGS section, where each
// string is NUL terminated; offset 0 is the empty string.
#ifndef ND_MANIFEST_H
#define ND_MANIFEST_H

#include <stdint.h>

#define ND_MF_MAGIC 0x314d444eu // "NDM1"
#define ND_MF_VERSION 10u
#define ND_MF_NONE 0xffffffffu
#define ND_MF_ELF_SECTION ".ndtrace"
#define ND_STATE_SYM "nd_state" // u8[state_size] in .bss: generation words and loss counters
#define ND_STATE_START 0u       // there: u64 ns of CLOCK_MONOTONIC at the start, set by the runtime
#define ND_OPTS_SYM "nd_opts"   // u8[opts_size] in .rodata: struct nd_mf_scope, option values
#define ND_RINGBUF_SYM "nd_events"
#define ND_RING_BYTES \
    (1u << 20) // the least size of the event ring, also the least that may be asked for
#define ND_RING_MOST (1u << 30) // the most that may be asked for
#define ND_WORDS_SYM "nd_words" // ND_MF_SPLIT: array of u64, the first words of nd_state

// ---- what kernels may lack -------------------------------------------------------------------

// Name as in NDTRACE_WITHOUT and --without, release of Linux that brought it, what it is, and what
// to do when a script needs it and nothing replaces it. docs/kernels.md says what replaces each.
// clang-format off
#define ND_FEATURES(X)                                                                             \
    X(RINGBUF, "ringbuf", "5.8", "ring buffers", "")                                               \
    X(GLOBALS, "globals", "5.5", "global data that the verifier knows", "")                                    \
    X(MMAP, "mmap", "5.5", "maps in shared memory", "")                                            \
    X(LOOPS, "loops", "5.3", "loops and programs of more than 4096 instructions", "")              \
    X(JMP32, "jmp32", "5.1", "32-bit jumps (instruction set v3)", "")                              \
    X(PROBE_READ_KERNEL, "probe_read_kernel", "5.5", "separate reads of kernel and user memory", "") \
    X(BOOT_CLOCK, "boot_clock", "5.8", "the clock of nsecs(boot)", "use nsecs")                    \
    X(TAI_CLOCK, "tai_clock", "6.1", "the clock of nsecs(tai)", "use nsecs")                    \
    X(TP_BTF, "tp_btf", "5.5", "raw tracepoints with types", "")                                   \
    X(FENTRY, "fentry", "5.5", "fentry and fexit", "attach with kprobes, or use a tracepoint")     \
    X(KPROBE, "kprobe", "4.17", "kprobes (CONFIG_KPROBES)", "use a tracepoint or a raw tracepoint") \
    X(FUNC_IP, "func_ip", "5.15", "the address of the function for one program on many", "")          \
    X(KPROBE_MULTI, "kprobe_multi", "5.18", "one link for many kprobes", "")                       \
    X(BTF, "btf", "5.4", "BTF of the kernel in /sys/kernel/btf/vmlinux", "")                       \
    X(MODULE_BTF, "module_btf", "5.11", "BTF of modules", "attach with kprobes") \
    X(TEST_RUN, "test_run", "5.10", "programs run on demand (BEGIN, END, interval)", "")           \
    X(PERF_LINK, "perf_link", "5.15", "links of perf events", "")                                  \
    X(MAP_BATCH, "map_batch", "5.6", "reading maps in batches", "")                                \
    X(PIDFD, "pidfd", "5.3", "descriptors of processes", "")                                       \
    X(GLOBAL_FUNC, "global_func", "5.6", "functions of programs that are verified once", "") \
    X(ITER, "iter", "5.8", "iterators", "trace what the tasks do instead: tracepoint:sched:sched_switch") \
    X(ATOMICS, "atomics", "5.12", "atomic and, or, xor, and additions that give the old value", "") \
    X(NS_PID, "ns_pid", "5.7", "process ids of PID namespaces", "")                               \
    X(RESULTS, "results", "5.7", "string reads that the verifier knows can fail", "")             \
    X(BTF_TRACE, "btf_trace", "5.5", "types of raw tracepoints in BTF", "")                       \
    X(BTF_NAMES, "btf_names", "5.10", "names of the arguments of raw tracepoints in BTF", "") \
    X(PERCPU_READ, "percpu_read", "5.19", "reading an aggregation in a probe", "read it in user space: every, end or on") \
    X(EACH_ELEM, "each_elem", "5.13", "loops over maps that use the variables of a probe", "loop over the map in user space: every, end or on")
// clang-format on

enum nd_feature {
#define ND_FEATURE_ENUM(id, name, since, what, hint) ND_F_##id,
    ND_FEATURES(ND_FEATURE_ENUM)
#undef ND_FEATURE_ENUM
        ND_F_MAX,
};
#define ND_F_BIT(id) (1u << ND_F_##id)

struct nd_feature_row {
    const char *name, *since, *what, *hint;
};
// Row of a table of them: { ND_FEATURES(ND_FEATURE_ROW) }.
#define ND_FEATURE_ROW(id, name, since, what, hint) [ND_F_##id] = {name, since, what, hint},

// Without ND_F_GLOBALS a program gets each word of nd_opts that it reads as an `ld_imm64` with this
// source register (no kernel knows it) and the word's index as its value; the runtime puts the
// option's value there before it loads the program.
#define ND_OPT_IMM 15u
#define ND_PROG_INSNS 4096u // the most that a kernel without ND_F_LOOPS takes

// The last bytes of an object's file. Damage is then reported before anything is read from it.
#define ND_SEAL_MAGIC 0x0a4c4145534e440aull // "\nDNSEAL\n"
struct nd_seal {
    uint64_t magic;
    uint64_t size;    // of the ELF before it
    uint32_t version; // ND_MF_VERSION
    uint32_t crc;     // CRC-32 (zlib) of the ELF and the fields above
};

// ---- sections --------------------------------------------------------------------------------

// Name, type of an element.
#define ND_MF_SECTIONS(X)                                                 \
    X(STRINGS, char)                                                      \
    X(TYPES, struct nd_mf_type)                                           \
    X(FIELDS, struct nd_mf_field)                                         \
    X(ENUMERATORS, struct nd_mf_enumerator)                               \
    X(MAPS, struct nd_mf_map)                                             \
    X(PROGS, struct nd_mf_prog)                                           \
    X(ATTACHES, struct nd_mf_attach)                                      \
    X(EVENTS, struct nd_mf_event)                                         \
    X(OPTIONS, struct nd_mf_option)                                       \
    X(SITES, struct nd_mf_site)                                           \
    X(HOOKS, struct nd_mf_hook)                                           \
    X(FUNCS, struct nd_mf_func)                                           \
    X(CODE, struct nd_mf_insn)                                            \
    X(CONSTS, uint64_t) /* integers and IEEE doubles */                   \
    X(WORDS, uint32_t)  /* lists: aliases, swapped maps, files, ... */    \
    X(BLOB, uint8_t)    /* default values of options, binary constants */ \
    X(NEEDS, struct nd_mf_need)                                           \
    X(PATHS, struct nd_mf_path)                                           \
    X(ABSENT, struct nd_mf_absent)                                        \
    X(TABLES, struct nd_mf_table)                                         \
    X(COLUMNS, struct nd_mf_column)

enum nd_mf_sec {
#define ND_MF_SEC_ENUM(name, type) ND_SEC_##name,
    ND_MF_SECTIONS(ND_MF_SEC_ENUM)
#undef ND_MF_SEC_ENUM
        ND_SEC_MAX,
};

// Row of a table of element sizes: { ND_MF_SECTIONS(ND_MF_SEC_SIZE) }.
#define ND_MF_SEC_SIZE(name, type) [ND_SEC_##name] = sizeof(type),

struct nd_mf_range {
    uint32_t off;   // in bytes from the start of the manifest, 8-byte aligned
    uint32_t count; // in elements of the section
};

struct nd_mf_header {
    uint32_t magic;
    uint32_t version;
    uint32_t size;     // of the whole manifest in bytes
    uint32_t checksum; // CRC-32 (zlib) of everything after this field
    struct nd_mf_range sec[ND_SEC_MAX];
    uint32_t script;     // string: path of the script as given, "-e" for a one-liner
    uint32_t title;      // string: first comment line of the script, for --help
    uint32_t notes;      // string: the lines of that comment that follow
    uint32_t state_size; // bytes of nd_state
    uint32_t opts_size;  // bytes of nd_opts
    uint32_t ring_bytes; // size of the event ring buffer; 0 = the script sends nothing
    uint32_t flags;      // ND_MF_*
    uint32_t kernel;     // string: release of the kernel it was compiled for
    uint32_t files;      // WORDS: first of nfiles strings (paths that spans refer to)
    uint32_t nfiles;
    uint32_t exit_off; // u64 in nd_state: exit() in a probe sets bit 0, its code is the high half;
                       // ND_MF_NONE if unused
    uint32_t text;     // string: the script itself if it is a one-liner (files are read again)
    uint32_t build;    // string: which build of that kernel (uname -v); "": not known
    uint32_t features; // ND_F_BIT()s: what the kernel must have
    uint32_t without;  // ND_F_BIT()s: what the object was made to do without
    uint32_t words_size; // bytes at the front of nd_state that the runtime also writes
};

enum {
    ND_MF_NEEDS_BTF = 1 << 0, // has programs whose attach_btf_id refers to this kernel's BTF
    // Offsets of fields are CO-RE relocations, and what else it took from the kernel is in NEEDS:
    // it can run on another one. Without: for the very kernel it was compiled on.
    ND_MF_PORTABLE = 1 << 4,
    // nd_state is not in shared memory: its first words_size bytes are in ND_WORDS_SYM, one entry
    // each, so that a write of ours does not touch what programs write; the others in .bss or, in
    // objects without global data, in an array map ND_STATE_SYM of one entry, at the same offset.
    ND_MF_SPLIT = 1 << 1,
    // Events go through a perf event array instead of a ring buffer.
    ND_MF_PERF = 1 << 2,
    // Options are immediates of the programs (ND_OPT_IMM). Lists, which are read by index, are in
    // an array map ND_OPTS_SYM of one entry as well, if any program reads one so.
    ND_MF_IMM = 1 << 3,
};

// Lines and columns count from 1; col counts bytes. line 0: no position.
struct nd_mf_span {
    uint32_t file; // index below nfiles
    uint32_t line;
    uint32_t col;
    uint32_t len; // bytes
};

// What a portable object assumes and no relocation adapts. The runtime compares
// it with the kernel at hand and refuses the object if it does not hold.
enum nd_mf_need_kind {
    ND_NEED_FIELD,  // type.path is there; bytes: it has this size, 0: any; value: ND_FORM_*
    ND_NEED_PLACE,  // type.path is `value` bits from the start of the type
    ND_NEED_SIZE,   // the type has `bytes` bytes
    ND_NEED_ENUM,   // enumerator `path` is `value`; type: name of the enum or ""
    ND_NEED_PARAM,  // parameter `path` of function `type` is number `value`, -1: any, and `bytes`
                    // words of 8 bytes come before it; no `path`: that many parameters there are
    ND_NEED_RAW,    // the same of a raw tracepoint
    ND_NEED_RECORD, // field `path` of the record of trace event `type` ("net:net_dev_queue") is
                    // `bytes` bytes at `value`, -1: anywhere
    ND_NEED_FUNC,   // there is a function `type`
    ND_NEED_SINCE,  // the kernel is `value` (major << 16 | minor << 8 | patch) or newer
    ND_NEED_FILE,   // executable `type` is the build with `path`: "SIZE-CRC32", decimal and hex
    ND_NEED_ARCH,   // the machine is a `type` (uname -m)
    ND_NEED_KIND_MAX,
};

enum { ND_NEEDF_NOT = 1 }; // the opposite: it does not exist, or the kernel is older

// What a field may have become without a relocation being lost.
enum { ND_FORM_ANY, ND_FORM_INT, ND_FORM_ENUM /* or int */, ND_FORM_PTR, ND_FORM_ARRAY };

enum { ND_TAGGED_STRUCT, ND_TAGGED_UNION, ND_TAGGED_TYPEDEF };

struct nd_mf_need {
    uint32_t kind; // enum nd_mf_need_kind
    uint32_t tag;  // FIELD, PLACE, SIZE: how `type` is declared
    uint32_t type; // string: without the word "struct"
    uint32_t path; // string: "dev.name", "__sk_common.skc_dport"
    int64_t value;
    uint32_t bytes;
    uint32_t flags;         // ND_NEEDF_*
    struct nd_mf_span span; // where the script uses it
};

// ---- types: how the bytes of a key, a value, an event payload or an option are laid out ------

enum nd_typekind { // a row of types.def each
#define ND_TYPE(id, ...) ND_T_##id,
#include "runtime/common/types.def"
    ND_T_KIND_MAX,
};

enum {
    ND_TF_SIGNED = 1 << 0,
    ND_TF_HEX = 1 << 1,     // integer that prints as 0x%x
    ND_TF_PERF = 1 << 2,    // stacks: mode perf (address and symbol + hex offset + module)
    ND_TF_RAW = 1 << 3,     // stacks: mode raw (addresses only)
    ND_TF_NETWORK = 1 << 4, // integer stored in network order (__be16, __be32)
    ND_TF_FLOW = 1 << 6,    // STRUCT flow: prints a:p -> b:q TCP
    ND_TF_PLAIN = 1 << 7,   // TIME: prints as its number, as nobody said that it is a time
    ND_TF_KERNEL = 1 << 5, // enum of the kernel's, whose names may stand for other values elsewhere
};

struct nd_mf_type {
    uint32_t kind;
    uint32_t size;  // bytes in memory
    uint32_t flags; // ND_TF_*
    uint32_t name; // string: type name ("struct flow", "enum skb_drop_reason", unit of a histogram)
    uint32_t first; // see the kind
    uint32_t count;
    uint32_t elem;        // type of an array element, stack map of a stack
    uint32_t a;           // stacks: depth; TIME, STRFTIME: its clock, 0: CLOCK_MONOTONIC;
                          // ENUM: string, of values without a name, with %d for the number; "": it
    int64_t lo, hi, step; // aggregations: see the kind
};

struct nd_mf_field {
    uint32_t name; // string; tuples: ""
    uint32_t type;
    uint32_t off;     // bytes from the start of the struct
    uint16_t bit_off; // bit-fields: bit offset in the integer at off
    uint16_t bits;    // 0: not a bit-field
};

struct nd_mf_enumerator {
    uint32_t name;
    uint32_t pad;
    int64_t value;
};

// The name of a network device, and where it has it.
struct nd_ifname {
    char name[16];  // with zeros after its end
    uint32_t netns; // inode of its network namespace; 0: none, any, or not known
    uint32_t index; // of an option: number of the device, 0 if it is not followed; else 0
};

// Aggregation values. In a per-CPU map each CPU has one; they are merged when read.
struct nd_minmax {
    uint64_t val; // s64 if the type is SIGNED
    uint64_t set; // 0: no value yet
};
struct nd_avg {
    uint64_t count;
    uint64_t total; // s64 if SIGNED
};
#define ND_HIST_SLOTS 65
struct nd_hist {
    // [0]: negative values (SIGNED only); [1]: 0 and 1; [1 + k]: 2^k .. 2^(k+1)-1
    uint64_t slot[ND_HIST_SLOTS];
};
// What is kept of the values of an interval of a tseries().
enum nd_series { ND_SERIES_LAST, ND_SERIES_AVG, ND_SERIES_MAX, ND_SERIES_MIN, ND_SERIES_SUM };
#define ND_SERIES_MOST 1000u // intervals; bpftrace takes a million, more than a value can hold
struct nd_interval {
    uint64_t number; // 1 + ns of CLOCK_MONOTONIC / length; 0: nothing was recorded here
    uint64_t val;    // s64 if SIGNED; an average: the sum
    uint64_t n;      // values; LAST: when it was recorded
};
// Log-linear: 2^4 sub-buckets for each power of two, so a bucket is at most 1/16 (6.25 %) wide.
// Index of v: v < 16: v; else with e = floor(log2 v) - 4: e * 16 + (v >> e).
#define ND_DIST_BITS 4
#define ND_DIST_SLOTS 976
struct nd_dist {
    uint64_t count;
    uint64_t sum; // s64 if SIGNED
    int64_t min;
    int64_t max;
    uint64_t negative; // values below 0 (in count, sum and min, in no slot)
    uint64_t slot[ND_DIST_SLOTS];
};

// ---- maps ------------------------------------------------------------------------------------

enum nd_mf_map_kind {
    ND_MAP_HASH,
    ND_MAP_LRUHASH,
    ND_MAP_PERCPUHASH,
    ND_MAP_PERCPULRUHASH,
    ND_MAP_ARRAY,       // scalar @x: one entry, u32 key 0
    ND_MAP_PERCPUARRAY, // the same per CPU
    ND_MAP_STACK,
    ND_MAP_SCRATCH, // per-CPU memory of the programs, never read by the runtime
    ND_MAP_USER,    // touched by user code only: not in the object, kept by the runtime
};

enum {
    ND_MAPF_GEN = 1 << 0,     // two generations, sym and sym2; see gen_off
    ND_MAPF_SCALAR = 1 << 1,  // no key in the script; key_type is ND_MF_NONE
    ND_MAPF_SUMMED = 1 << 2,  // per-CPU values that are merged (aggregations)
    ND_MAPF_NOPRINT = 1 << 3, // not printed at the end (internal)
};

struct nd_mf_map {
    uint32_t name;  // with the @: "@latency", "@" for the anonymous one
    uint32_t title; // what people see instead of the name; "": nothing
    uint32_t kind;  // enum nd_mf_map_kind
    uint32_t flags;
    uint32_t key_type; // ND_MF_NONE: scalar or internal
    uint32_t val_type;
    uint32_t max_entries;
    uint32_t size_opt; // not 0: one more than the index of the INT option that has max_entries
    uint32_t size_if;  // not 0: one more than the index of a BOOL option; not given: size_else
    uint32_t size_else;
    uint32_t sym;  // string: name of the BPF map
    uint32_t sym2; // the second generation, or 0
    // u32 in nd_state: programs write generation 0 (sym) while it is 0, sym2 while it is 1. To
    // read: flip it, wait until no program that saw the old value runs, harvest and empty the old
    // one.
    uint32_t gen_off;
    // LRU maps: s64 in nd_state, entries that programs made minus those that they deleted, and also
    // minus what is at pop_less; what is neither there nor taken away by user space was evicted.
    // ARRAY: u64, not 0 once the variable was set. 0: not counted, nothing.
    uint32_t pop_off;
    uint32_t pop_less[2];
    struct nd_mf_span span; // where the script first names it
};

// ---- programs and attach points --------------------------------------------------------------

enum nd_mf_prog_type {
#define ND_PROGRAM(id, ...) ND_PROG_##id,
#include "runtime/common/probes.def"
    ND_PROG_TYPE_MAX,
};

struct nd_mf_prog {
    uint32_t name;          // ELF function
    uint32_t type;          // enum nd_mf_prog_type
    uint32_t attach_btf_id; // TP_BTF, FENTRY, FEXIT, direct: id in vmlinux BTF when compiled, or 0
    uint32_t
        btf_name;   // string: name to look up instead on another kernel ("btf_trace_x" or "func")
    uint32_t first; // ATTACHES
    uint32_t count;
    uint32_t when; // FUNCS: user code that returns a bool at attach time, ND_MF_NONE = always
    uint32_t nimm; // ND_MF_IMM: how many words of options are in its code
    // RAW_TP: ELF function that is loaded instead, as TP_BTF (btf_name), where the kernel takes it:
    // its loads need no helper. "": none.
    uint32_t direct;
    uint32_t flags; // ND_PROGF_*
    // Where it reads the id of a process from a task or a record: one of the initial PID namespace.
    struct nd_mf_span host_pid;
    struct nd_mf_span span;
};

#define ND_PROGF_STAGE 1u // runs at a stage: of a packet, in whatever process
#define ND_PROGF_PID 2u   // asks for the ids of the current thread

// What s0, s1, num and num2 of an attach point are:
//   INTERVAL    num: period in ns; run on one CPU by the runtime's timer
//   TRACEPOINT  s0 category, s1 event
//   RAW_TP      s0 event
//   UPROBE, URETPROBE  s0 path as resolved, s1 symbol (for messages), num: file offset, num2: file
//               offset of the reference counter (USDT semaphore) or 0
//   PROFILE     num: frequency in Hz if num2 is 0, otherwise period in ns
//   SOFTWARE    num: PERF_COUNT_SW_*, num2: period
//   HARDWARE    num: PERF_COUNT_HW_*, num2: period
//   WATCHPOINT  num: address, num2: HW_BREAKPOINT_* << 8 | length in bytes
//   KPROBE, KRETPROBE  s0 module or "", s1 function, num: offset or, without function, address;
//               num2: which of the functions of that name in kallsyms, from 1; 0: the one
//   FENTRY, FEXIT  s0 module or "", s1 function
//   ITER        num: period in ns, 0: once, when all is attached
enum nd_mf_attach_kind {
#define ND_ATTACH(id, ...) ND_AT_##id,
#include "runtime/common/probes.def"
    ND_AT_KIND_MAX,
};

#define ND_ATF_BUILTIN 1u // the module that the script names is part of vmlinux
#define ND_ATF_OPTION \
    2u // UPROBE, URETPROBE: in the file that option `num` names; s1 may be a pattern
#define ND_ATF_CHOSEN \
    4u // UPROBE, URETPROBE: in the function that the library chooses for s1 (IFUNC); num: from its
       // start

struct nd_mf_attach {
    uint32_t kind; // enum nd_mf_attach_kind
    uint32_t spec; // string: the probe as printed: "tracepoint:net:net_dev_queue"
    uint32_t s0;
    uint32_t s1;
    uint32_t flags; // ND_ATF_*
    uint32_t pad;
    uint64_t num;
    uint64_t num2;
    struct nd_mf_span span;
};

// ---- paths -----------------------------------------------------------------------------------

// Counters of a path, u64 in nd_state each.
enum nd_path_count {
    ND_PATHC_STARTED,
    ND_PATHC_DONE,
    ND_PATHC_AGAIN,     // entered while under way: a retransmission
    ND_PATHC_UNMATCHED, // at a later stage, of no packet that entered
    ND_PATHC_REHIT,     // at a stage that the packet had passed
    ND_PATHC_ORDER,     // at a stage before one that the packet had passed
    ND_PATHC_MAX,
    // What user space knows of itself, for ND_BI_PATH_COUNT:
    ND_PATHC_LOST = ND_PATHC_MAX, // timed out: in the order of enum nd_mf_fate
    ND_PATHC_ELSEWHERE,
    ND_PATHC_VANISHED,
    ND_PATHC_UNDER_WAY, // at this moment
    ND_PATHC_ASK_MAX,
};

// What became of a packet that timed out. Without ND_PATH_ASKS every one is lost.
enum nd_mf_fate {
    ND_FATE_LOST,      // it was dropped
    ND_FATE_ELSEWHERE, // it, or a copy, was seen at another device, or delivered
    ND_FATE_VANISHED,  // nothing was seen
    ND_FATE_MAX,
};

struct nd_mf_path {
    uint32_t name;
    uint32_t map;                // MAPS: packets under way; values are of type `record`
    uint32_t record;             // TYPES: struct { step { from, to, ns }, path { ... } }
    uint32_t stages, nstages;    // WORDS: strings
    uint32_t func[ND_FATE_MAX];  // user code for a packet that timed out, or ND_MF_NONE
    uint32_t fate_off;           // in a record: u64 enum nd_mf_fate + 1, 0: vanished; or ND_MF_NONE
    uint32_t other_off;          // and the name of the other device, 16 bytes; or ND_MF_NONE
    uint32_t last_off, from_off; // in a record: time and number of the last stage, u64
    uint64_t timeout;            // ns
    uint32_t timeout_opt;        // OPTIONS: its value instead, or ND_MF_NONE
    uint32_t count[ND_PATHC_MAX]; // offsets in nd_state, 0: never counted
    struct nd_mf_span span;
};

// A stage that the target kernel cannot serve and that is left out.
struct nd_mf_absent {
    uint32_t stage;             // string
    uint32_t module;            // string: for want of which; "": the reasons say why
    uint32_t reasons, nreasons; // WORDS: strings, two for each alternative: what, why not
    uint32_t when;              // FUNCS: it matters only if this is true, ND_MF_NONE: in any case
    struct nd_mf_span span;
};

// ---- events ----------------------------------------------------------------------------------

// A ring buffer record: struct nd_mf_record, then the payload of the event's type.
struct nd_mf_record {
    uint32_t
        event;     // index in EVENTS; ND_MF_NONE: a probe called exit(), what follows is not wanted
    uint32_t size; // of the payload in bytes
};

// A struct's last member of this name, a u64, has a bit for each member before it that is absent.
#define ND_MF_ABSENT ".absent"

struct nd_mf_event {
    uint32_t name; // string; "" for the ones the compiler made of printf() and the like
    uint32_t type; // payload, ND_T_STRUCT
    uint32_t func; // user code, called with the payload as local 0; ND_MF_NONE: printed as a record
    uint32_t site; // SITES: where lost records are counted
    struct nd_mf_span span;
};

// ---- tables ----------------------------------------------------------------------------------

struct nd_mf_table {
    uint32_t name;
    uint32_t type;         // of a row: ND_T_STRUCT, a member for each column, then ND_MF_ABSENT
    uint32_t first, count; // COLUMNS
    struct nd_mf_span span;
};

enum { ND_COLF_RIGHT = 1 << 0 };
enum { ND_COL_LEVELS = 2 }; // bits of a column in what ND_VM_ROW takes: warn, error

struct nd_mf_column { // its name and type are those of the member
    uint32_t title;
    uint32_t format; // string: of printf(), with one conversion; "": as the value prints
    uint32_t unit;   // string: what text shows; "": none
    uint32_t base;   // string: what the value counts
    uint64_t div;    // bases in a unit, at least 1
    uint32_t flags;  // ND_COLF_*
    uint32_t pad;
};

// ---- options ---------------------------------------------------------------------------------

enum nd_mf_opt_kind {
    ND_OPT_INT,      // s64, within min..max
    ND_OPT_BOOL,     // u64 0 or 1; flag without value, or =true|false
    ND_OPT_STRING,   // char[64]
    ND_OPT_DURATION, // s64 ns
    ND_OPT_IFNAME,   // struct nd_ifname
    ND_OPT_IP,       // as ND_T_IP
    ND_OPT_PREFIX,   // as ND_T_PREFIX; a bare address is a full-length prefix
    ND_OPT_MAC,      // 6 bytes
    ND_OPT_PORT,     // u16, 1..65535
    ND_OPT_PROTO,    // u8: number or name
    ND_OPT_PID,      // u32, > 0
    ND_OPT_PATH,     // char[256]
    ND_OPT_ENUM,     // s64: the position in the list of names
    ND_OPT_USECS,    // s64 ns; a bare number is microseconds
    ND_OPT_MSECS,    // s64 ns; a bare number is milliseconds
    ND_OPT_KIND_MAX,
};

enum {
    ND_OPTF_REQUIRED = 1 << 0,
    ND_OPTF_LIST = 1 << 1, // comma separated or given several times
    ND_OPTF_DEFAULT = 1 << 2,
    ND_OPTF_POSITIONAL = 1 << 3, // takes a word without a flag, if those before it were given
};

// The front of nd_opts: whom this run sees, written by the runtime as the values of options are.
// What is 0 costs nothing: the verifier knows it.
struct nd_mf_scope {
    uint64_t pid;       // only the threads of this process, as its namespace numbers it; 0: all
    uint64_t pidns_dev; // of the PID namespaces below
    uint64_t pidns; // inode of the PID namespace that `pid` and `tid` are of; 0: the initial one
    uint64_t netns; // inode of the network namespace that names in the script mean
    uint64_t pidns_proc; // the same for ids whose symbols are looked up in /proc
    uint64_t ncpus;      // numbers of possible CPUs are below this
    uint64_t cpid;       // the process of -c; 0: none
};

// In nd_opts: at given_off a u32, 1 if given on the command line; at count_off a u32, the number
// of values (lists: 0..cap; others: 1 if there is a value, given or default); at off the values,
// each `stride` bytes.
struct nd_mf_option {
    uint32_t name; // as in the script: "vm_interface"
    uint32_t flag; // as on the command line: "vm-interface"
    uint32_t help;
    uint32_t kind;
    uint32_t flags;
    uint32_t type; // of one value
    uint32_t off;
    uint32_t stride;
    uint32_t cap;
    uint32_t given_off;
    uint32_t count_off;
    uint32_t def;      // BLOB: first byte of the default values
    uint32_t ndef;     // number of default values
    uint32_t def_text; // string: default as written, for --help
    uint32_t alias;    // WORDS: first of nalias strings, without dashes
    uint32_t nalias;
    uint32_t names; // ENUM: WORDS: first of nnames strings
    uint32_t nnames;
    uint32_t
        file; // a list whose values are in the file that this PATH option names; NONE: it is a flag
    uint32_t key;     // the member of the file's objects that has them
    int64_t min, max; // INT
    struct nd_mf_span span;
};

// ---- what can be lost, and where -------------------------------------------------------------

enum nd_mf_site_kind {
    ND_SITE_EVENT_LOST, // ring buffer full
    ND_SITE_MAP_FULL,   // a map update failed: no room
    ND_SITE_MAP_ERROR,  // a map update failed for another reason
    ND_SITE_STACK_FAIL, // a stack could not be stored
    ND_SITE_READ_FAIL,  // a memory read failed (the value used was 0 or "")
    ND_SITE_STR_TRUNC,  // a string did not fit and was cut
    ND_SITE_DIV_ZERO,   // division by zero (the result used was 0)
    ND_SITE_INDEX,      // array index out of range (the value used was 0)
    ND_SITE_LOOP_BOUND, // a loop was cut at its bound
    ND_SITE_PARSE,      // a packet whose headers could not be parsed to their end
    ND_SITE_NO_ENTRY,   // a return whose entry was not seen or whose note was evicted: left out
    ND_SITE_NESTED,     // too many runs of a program at a time on one CPU: this one was left out
    ND_SITE_EVICTED,    // an LRU map dropped an entry to make room (counted by the runtime)
    ND_SITE_KIND_MAX,
};

struct nd_mf_site {
    uint32_t kind;
    uint32_t counter_off; // u64 in nd_state, only ever incremented, atomically;
                          // ND_MF_NONE: user code, counted by the VM
    uint32_t map;         // MAPS, or ND_MF_NONE
    uint32_t pad;
    struct nd_mf_span span;
};

// ---- user code -------------------------------------------------------------------------------

enum nd_mf_hook_kind {
    ND_HOOK_BEGIN, // before anything is attached
    ND_HOOK_END,   // after everything is detached and every event was handled
    ND_HOOK_EVERY, // each period; a last time at the end for the partial interval
};

struct nd_mf_hook {
    uint32_t kind;
    uint32_t func;
    uint32_t period_opt; // OPTIONS index of a duration, or ND_MF_NONE
    uint32_t pad;
    uint64_t period; // ns, if period_opt is ND_MF_NONE
    struct nd_mf_span span;
};

struct nd_mf_func {
    uint32_t name;
    uint32_t first; // CODE
    uint32_t count;
    uint32_t nparams; // locals 0..nparams-1
    uint32_t nlocals; // including the parameters
    uint32_t pad;
    struct nd_mf_span span;
};

// A stack machine. A value is an integer (i64 or u64, 64 bits), a double, a string, or the bytes of
// a typed value (struct, tuple, ip, stack id, ...). Each value carries the manifest type it has, so
// that printing needs no more. `a` of an arithmetic or comparing instruction is its domain.
enum nd_vm_domain { ND_D_I64, ND_D_U64, ND_D_F64, ND_D_STR, ND_D_BYTES };

// clang-format off
//      op           operands and stack effect (… before -- after)
#define ND_VM_OPS(X)                                                                                \
    X(NOP)        /*                                                                            */ \
    X(INT)        /* c: CONSTS index, b: type            -- v                                   */ \
    X(DBL)        /* c: CONSTS index                     -- v                                   */ \
    X(STR)        /* c: string                           -- v                                   */ \
    X(BYTES)      /* c: BLOB offset, b: type             -- v                                   */ \
    X(LOCAL)      /* c: local                            -- v                                   */ \
    X(SET)        /* c: local                          v --                                     */ \
    X(POP)        /*                                   v --                                     */ \
    X(DUP)        /*                                   v -- v v                                 */ \
    X(OPT)        /* c: OPTIONS index                    -- v      its (first) value; 0 if none  */ \
    X(OPT_HAS)    /* c: OPTIONS index                    -- bool   given on the command line     */ \
    X(OPT_COUNT)  /* c: OPTIONS index                    -- n                                   */ \
    X(OPT_AT)     /* c: OPTIONS index                  i -- v      0 if out of range             */ \
    X(ADD) X(SUB) X(MUL) X(DIV) X(MOD) /* a: domain  x y -- v   DIV, MOD by zero: 0, counted at
                                          the site c (index in SITES);
                                          ADD of STR concatenates                               */ \
    X(SHL) X(SHR) X(AND) X(OR) X(XOR)  /* a: domain  x y -- v   shift count modulo 64            */ \
    X(NEG) X(BNOT)                     /* a: domain    x -- v                                   */ \
    X(NOT)        /* a: domain                         x -- bool                                */ \
    X(EQ) X(NE) X(LT) X(LE) X(GT) X(GE) /* a: domain x y -- bool  BYTES: EQ and NE; memcmp       */ \
    X(IN_PREFIX)  /*                       ip prefix    -- bool                                 */ \
    X(I2D) X(U2D) X(D2I)               /*              x -- v                                   */ \
    X(CAST)       /* b: type                           x -- v      truncate/extend to INT type, or
                                                                   just give the value this type */ \
    X(JMP)        /* c: target, counted from the function's first instruction                   */ \
    X(JZ) X(JNZ)  /* c: target                         v --        0, 0.0 and "" are false       */ \
    X(FIELD)      /* c: FIELDS index                   s -- v                                   */ \
    X(INDEX)      /*                               arr i -- v                                   */ \
    X(MAKE)       /* b: type (TUPLE or STRUCT or key), a: number of fields  v1..vn -- s
                     integers are stored in the field's width, strings padded with zero         */ \
    X(MAP_GET)    /* c: map                          key -- v      zero value if absent. For scalar
                                                                   maps of any op no key is taken */ \
    X(MAP_SET)    /* c: map                        key v --                                     */ \
    X(MAP_AGG)    /* c: map                        key v --        adds v to the aggregation     */ \
    X(MAP_HAS)    /* c: map                          key -- bool                                */ \
    X(MAP_DEL)    /* c: map                          key -- bool   true if it was there          */ \
    X(MAP_LEN)    /* c: map                              -- n                                   */ \
    X(MAP_CLEAR)  /* c: map                              --                                     */ \
    X(MAP_ZERO)   /* c: map                              --        keeps the keys                */ \
    X(MAP_PRINT)  /* c: map                      top div --        0 = all, no division          */ \
    X(MAP_AT_PRINT) /* c: map                        key --        print(@m[k])                  */ \
    X(REPORT)     /* a: number of maps, c: WORDS index of that many maps  --
                     prints each as the interval's report, then empties it;
                     b: 1 = only what was lost, and in text only                                */ \
    X(RECORD)     /* c: event                  payload --         as without a handler          */ \
    X(AGG)        /* a: enum nd_vm_agg, c: map       key -- v      of one entry                  */ \
    X(AGG_ALL)    /* a: enum nd_vm_agg, c: map           -- v      merged over all entries       */ \
    X(AGG_OF)     /* a: enum nd_vm_agg                 v -- v      of a value out of a map       */ \
    X(ITER_NEW)   /* c: map                              --        pushes an iterator over a copy */ \
    X(ITER_JOIN)  /* c: map, with the same type of keys  --        adds its keys to the iterator  */ \
    X(ITER_LOAD)  /* a: want value, b: local of key, c: local of value or -1; for sort keys:
                     moves to the next entry, sets the locals   -- bool  false: at the end       */ \
    X(ITER_RANK)  /* a: n - 1                     v1..vn --        sort keys of this entry       */ \
    X(ITER_SORT)  /* a: bit i = descending by vi+1  limit --       0 = no limit; back to the start.
                     Without ITER_RANK calls: order by key                                       */ \
    X(ITER_END)   /*                                     --        drops the iterator            */ \
    X(PRINTF)     /* a: number of arguments, c: string  v1..vn --                               */ \
    X(SPRINTF)    /* the same                           v1..vn -- str                            */ \
    X(PRINT)      /* c: string, title of a histogram   v --        the value and a newline       */ \
    X(CALL)       /* c: FUNCS index, a: arguments  v1..vn -- [v]   b: 1 if it returns a value     */ \
    X(BUILTIN)    /* c: enum nd_vm_builtin, a: arguments  v1..vn -- v                             */ \
    X(TABLE)      /* a: number of columns, c: WORDS: that many strings; starts a table           */ \
    X(TABLE_ROW)  /* a: number of columns         v1..vn --                                     */ \
    X(TABLE_END)  /* prints it aligned                                                          */ \
    X(HEAD)       /* c: TABLES index; its head is printed, also without rows                    */ \
    X(ROW)        /* c: TABLES index        struct levels --   bit ND_COL_LEVELS * i + k: column i
                     is beyond its level k                                                       */ \
    X(RET)        /* a: 1 if a value is returned     [v] --                                     */ \
    X(EXIT)       /*                                code --        end the run after this handler */
// clang-format on

enum nd_vm_op {
#define ND_VM_ENUM(name) ND_VM_##name,
    ND_VM_OPS(ND_VM_ENUM)
#undef ND_VM_ENUM
        ND_VM_OP_MAX,
};

struct nd_mf_insn {
    uint8_t op; // enum nd_vm_op
    uint8_t a;
    uint16_t b;
    int32_t c;
};

enum nd_vm_agg {
    ND_AGG_COUNT, // number of values (HIST, DIST, AVG, STATS, LHIST), the count itself (COUNT)
    ND_AGG_SUM,   // also of COUNT; ordinary integer maps too
    ND_AGG_AVG,   // a double
    ND_AGG_MIN,
    ND_AGG_MAX,
    ND_AGG_P50, // percentiles: doubles; HIST, LHIST and DIST
    ND_AGG_P90,
    ND_AGG_P95,
    ND_AGG_P99,
    ND_AGG_P999,
    ND_AGG_MAX_KIND,
};

// What link_stat() knows: first the counters in the order of struct rtnl_link_stats64.
#define ND_LINK_STATS(X)   \
    X(rx_packets)          \
    X(tx_packets)          \
    X(rx_bytes)            \
    X(tx_bytes)            \
    X(rx_errors)           \
    X(tx_errors)           \
    X(rx_dropped)          \
    X(tx_dropped)          \
    X(multicast)           \
    X(collisions)          \
    X(rx_length_errors)    \
    X(rx_over_errors)      \
    X(rx_crc_errors)       \
    X(rx_frame_errors)     \
    X(rx_fifo_errors)      \
    X(rx_missed_errors)    \
    X(tx_aborted_errors)   \
    X(tx_carrier_errors)   \
    X(tx_fifo_errors)      \
    X(tx_heartbeat_errors) \
    X(tx_window_errors)    \
    X(rx_compressed)       \
    X(tx_compressed)       \
    X(rx_nohandler)        \
    X(rx_queues)           \
    X(tx_queues)           \
    X(tx_queue_len)        \
    X(mtu)

enum nd_link_stat {
#define ND_LINK_ENUM(name) ND_LINK_##name,
    ND_LINK_STATS(ND_LINK_ENUM)
#undef ND_LINK_ENUM
        ND_LINK_MAX,
};

enum nd_line_source { // of ND_BI_SOURCE_LINES
#define ND_SOURCE(id, ...) ND_LINES_##id,
#include "runtime/common/sources.def"
    ND_LINES_MAX,
};

enum nd_vm_row { // of ND_BI_ROW
    ND_ROW_LOW,  // the smallest value of the row; INT64_MIN: no lower edge
    ND_ROW_HIGH, // the largest; INT64_MAX: no upper edge
    ND_ROW_COUNT,
    ND_ROW_MAX,
};

enum nd_vm_builtin {
#define ND_VM_FUNCTION(name, ...) ND_BI_##name,
#include "runtime/common/builtins.def"
    ND_BI_MAX,
};

#endif
