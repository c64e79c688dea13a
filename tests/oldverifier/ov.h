// SPDX-License-Identifier: GPL-2.0-or-later
// A model of what the verifiers of Linux 4.19 and 5.4 refuse or misjudge, written from the rules
// that they document (Documentation/networking/filter.txt, "eBPF verifier") and from the messages
// they give, for the instructions and helpers that ndtrace uses. It follows every way through a
// program with the values that registers and stack may have, as they do; it knows less about states
// that are alike, so that it may take more steps. Must not know ndtrace. Serves tests only.
#ifndef OV_H
#define OV_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#define OV_STACK 512
#define OV_SLOTS (OV_STACK / 8)
#define OV_REGS 11
#define OV_OPTION 15u // source register of an ld_imm64 that the loader fills with an option's word

enum ov_kernel { OV_4_19, OV_5_4 };

struct ov_map {
    const char *name;
    uint32_t type, key, value;
};

// What the ld_imm64 at an instruction loads: a map (4.19), or an address in one's only entry (5.2).
struct ov_ref {
    int32_t map; // -1: a number
    bool value;
    uint32_t off;
};

struct ov_prog {
    const char *name;
    const struct bpf_insn *code;
    const struct ov_ref *refs; // one for each instruction
    uint32_t n;
    const struct ov_map *maps;
    uint32_t nmaps;
};

struct ov_said {
    uint32_t insn;
    char text[160];
    uint64_t steps; // followed
};

// ---- numbers (bounds.c) ------------------------------------------------------------------------

struct ov_bits { // bits of value are known where mask has none
    uint64_t value, mask;
};

enum ov_kind { OV_UNSET, OV_NUMBER, OV_CTX, OV_MAP, OV_MAYBE, OV_VALUE, OV_FRAME };

// A pointer is its base, a constant and a number within the bounds; a number is the latter.
struct ov_reg {
    uint8_t kind;
    int16_t map;
    uint16_t id; // OV_MAYBE: of the lookup
    int32_t off;
    struct ov_bits bits;
    int64_t smin, smax;
    uint64_t umin, umax;
};

void ov_unknown(struct ov_reg *r);
void ov_known(struct ov_reg *r, uint64_t v);
bool ov_is_known(const struct ov_reg *r);
void ov_settle(struct ov_reg *r); // what bounds and bits tell of each other
void ov_cut(struct ov_reg *r, uint32_t bytes);
// A number and another; op: BPF_ADD, ...
void ov_alu(struct ov_reg *dst, struct ov_reg src, uint8_t op, bool is32);
bool ov_add_signed(int64_t a, int64_t b, int64_t *out); // false: overflow
// Is the comparison with a constant always true (1), always false (0), or not known (-1)?
int ov_taken(const struct ov_reg *r, uint64_t v, uint8_t op, bool is32);
// What holds where the comparison with a constant is true, and where it is false.
void ov_learn(struct ov_reg *yes, struct ov_reg *no, uint64_t v, uint8_t op, bool is32);
bool ov_within(const struct ov_reg *old, const struct ov_reg *now); // is it a part of it?

// ---- helpers (helpers.c) -----------------------------------------------------------------------

enum ov_arg {
    OV_A_NONE,
    OV_A_ANY,
    OV_A_CTX,
    OV_A_MAP,
    OV_A_KEY,
    OV_A_VAL,
    OV_A_MEM,  // read
    OV_A_FILL, // written, need not be before
    OV_A_SIZE,
    OV_A_SIZE0, // may be 0
};
enum ov_result { OV_R_NUMBER, OV_R_VALUE, OV_R_LENGTH }; // LENGTH: misjudged, see flow.c

struct ov_helper {
    int32_t id;
    enum ov_arg args[5];
    enum ov_result result;
};
const struct ov_helper *ov_helper(int32_t id); // NULL: these kernels lack it
// May this helper have a map of this type? NULL, or what is wrong.
const char *ov_map_fits(int32_t id, uint32_t type);
bool ov_is_length(int32_t id); // of every kernel: the result is a length or an error

// ---- before the ways are followed (flow.c) ------------------------------------------------------

// What an instruction needs of what was before it, and the rules that no way changes.
struct ov_flow {
    uint16_t *regs; // for each instruction: registers that are read before they are written
    uint64_t *slots;
    bool *meets; // ways may meet here
    // Since 5.3 numbers are compared where ways meet only if something depended on them.
    uint16_t *exact_regs;
    uint64_t *exact_slots;
    struct ov_view *views;
};
bool ov_flow(const struct ov_prog *p, enum ov_kernel k, struct ov_flow *out, struct ov_said *said);
void ov_flow_free(struct ov_flow *f);
// Something depends on the number in this register: on all that it may be made of.
void ov_exact(const struct ov_prog *p, struct ov_flow *f, uint32_t insn, uint32_t reg);
// Does a comparison have the result of a read that may fail, straight from the helper? Then
// verifiers from 4.18 to 5.6 take one of its ways for dead code. False: it does.
bool ov_results(const struct ov_prog *p, struct ov_said *said);

// ---- all of it (walk.c) ------------------------------------------------------------------------

bool ov_check(const struct ov_prog *p, enum ov_kernel k, struct ov_said *said);
// Remembers what is wrong; always false.
__attribute__((format(printf, 3, 4))) bool ov_say(struct ov_said *s, uint32_t insn, const char *fmt,
                                                  ...);

// ---- memory (memory.c) -------------------------------------------------------------------------

enum ov_byte { OV_B_UNSET, OV_B_ANY, OV_B_ZERO, OV_B_SPILL };

struct ov_state {
    struct ov_reg reg[OV_REGS];
    uint8_t byte[OV_STACK]; // of the frame, from its lowest address on
    struct ov_reg spill[OV_SLOTS];
};

struct ov_at { // an instruction that is being looked at
    const struct ov_prog *p;
    enum ov_kernel k;
    struct ov_state *s;
    uint32_t insn;
    struct ov_said *said;
};

bool ov_load(struct ov_at *a, uint32_t dst, uint32_t src, int32_t off, uint32_t size);
bool ov_store(struct ov_at *a, uint32_t dst, int32_t off, uint32_t size, const struct ov_reg *v);
bool ov_add_both(struct ov_at *a, uint32_t dst, int32_t off, uint32_t size); // atomic addition
bool ov_call(struct ov_at *a, int32_t helper, uint16_t *ids);
// A pointer and a number, into dst. reg: its name in messages.
bool ov_pointer(struct ov_at *a, struct ov_reg *dst, const struct ov_reg *ptr,
                const struct ov_reg *num, uint8_t op, uint32_t reg);
const char *ov_kind_name(uint8_t kind);

// ---- objects (object.c) ------------------------------------------------------------------------

// Calls fn for each program of an object file. 0, or 1 after a message.
int ov_object(const char *path, void (*fn)(void *arg, const struct ov_prog *p), void *arg);

#endif
