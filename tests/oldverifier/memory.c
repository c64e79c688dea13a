// SPDX-License-Identifier: GPL-2.0-or-later
// Reading and writing: the frame by bytes that were written, values of maps by bounds of both
// signs; arithmetic with pointers; arguments of helpers.
#include "ov.h"

#include <string.h>

#define VAR_MAX (1 << 29) // BPF_MAX_VAR_OFF: offsets beyond are not followed

const char *ov_kind_name(uint8_t kind)
{
    static const char *const names[] = {"?",         "inv", "ctx", "map_ptr", "map_value_or_null",
                                        "map_value", "fp"};

    return names[kind];
}

static bool fail(struct ov_at *a, const char *text, uint32_t reg)
{
    return ov_say(a->said, a->insn, "R%u %s", reg, text);
}

// ---- the frame ---------------------------------------------------------------------------------

// Where in the frame's bytes [off, off + size) is; false: outside.
static bool in_frame(struct ov_at *a, int32_t off, uint32_t size, uint32_t *at)
{
    if (off >= 0 || off < -OV_STACK || off + (int64_t)size > 0)
        return ov_say(a->said, a->insn, "invalid stack off=%d size=%u", off, size);
    *at = (uint32_t)(off + OV_STACK);
    return true;
}

static bool frame_access(struct ov_at *a, const struct ov_reg *r, int32_t off, uint32_t size,
                         uint32_t *at)
{
    if (!ov_is_known(r))
        return ov_say(a->said, a->insn, "variable stack access off=%d size=%u", off, size);
    off += r->off + (int32_t)r->bits.value;
    if (off % (int32_t)size)
        return ov_say(a->said, a->insn, "misaligned stack access off %d size %u", off, size);
    return in_frame(a, off, size, at);
}

static void write_frame(struct ov_at *a, uint32_t at, uint32_t size, const struct ov_reg *v)
{
    struct ov_state *s = a->s;
    bool keep = v && size == 8 &&
                ((v->kind != OV_NUMBER && v->kind != OV_UNSET) ||
                 (a->k == OV_5_4 && ov_is_known(v) && v->bits.value)); // constants since 5.3
    bool zero = v && v->kind == OV_NUMBER && ov_is_known(v) && !v->bits.value;
    uint32_t i, slot = at / 8;

    if (keep) {
        memset(s->byte + at, OV_B_SPILL, 8);
        s->spill[slot] = *v;
        return;
    }
    if (a->k == OV_5_4) { // what is left of a pointer is bytes; 4.19 cannot read it any more
        for (i = slot * 8; i < slot * 8 + 8; i++) {
            if (s->byte[i] == OV_B_SPILL)
                s->byte[i] = OV_B_ANY;
        }
    }
    memset(s->byte + at, zero ? OV_B_ZERO : OV_B_ANY, size);
}

static bool read_frame(struct ov_at *a, int32_t off, uint32_t at, uint32_t size, struct ov_reg *out)
{
    struct ov_state *s = a->s;
    uint32_t i, zeros = 0;

    if (s->byte[at / 8 * 8 + 7] == OV_B_SPILL) {
        const struct ov_reg *r = &s->spill[at / 8];

        for (i = at / 8 * 8; i < at / 8 * 8 + 8; i++) {
            if (s->byte[i] != OV_B_SPILL)
                return ov_say(a->said, a->insn, "corrupted spill memory");
        }
        if (size == 8) {
            *out = *r;
            return true;
        }
        if (a->k == OV_4_19 || r->kind != OV_NUMBER)
            return ov_say(a->said, a->insn, "invalid size of register fill");
        ov_unknown(out);
        ov_cut(out, size);
        return true;
    }
    for (i = at; i < at + size; i++) {
        if (s->byte[i] != OV_B_ANY && s->byte[i] != OV_B_ZERO)
            return ov_say(a->said, a->insn, "invalid read from stack off %d+%u size %u", off,
                          i - at, size);
        zeros += s->byte[i] == OV_B_ZERO;
    }
    ov_unknown(out);
    if (zeros == size)
        ov_known(out, 0);
    ov_cut(out, size);
    return true;
}

// ---- values of maps ----------------------------------------------------------------------------

static bool in_value(struct ov_at *a, const struct ov_reg *r, int64_t off, int64_t size)
{
    int64_t room = a->p->maps[r->map].value;

    if (off >= 0 && size > 0 && off + size <= room)
        return true;
    return ov_say(a->said, a->insn,
                  "invalid access to map value, value_size=%lld off=%lld size=%lld",
                  (long long)room, (long long)off, (long long)size);
}

static bool value_access(struct ov_at *a, const struct ov_reg *r, uint32_t reg, int64_t off,
                         uint32_t size)
{
    off += r->off;
    if (r->smin < 0)
        return fail(a,
                    "min value is negative, either use unsigned index or do a if (index >=0) check",
                    reg);
    if (!in_value(a, r, r->smin + off, size))
        return false;
    if (r->umax >= VAR_MAX)
        return fail(a, "unbounded memory access, make sure to bounds check any array access", reg);
    return in_value(a, r, (int64_t)r->umax + off, size);
}

// ---- instructions ------------------------------------------------------------------------------

static bool bad_access(struct ov_at *a, const struct ov_reg *r, uint32_t reg)
{
    return ov_say(a->said, a->insn, "R%u invalid mem access '%s'", reg, ov_kind_name(r->kind));
}

bool ov_load(struct ov_at *a, uint32_t dst, uint32_t src, int32_t off, uint32_t size)
{
    const struct ov_reg r = a->s->reg[src];
    struct ov_reg v;
    uint32_t at;

    ov_unknown(&v);
    ov_cut(&v, size);
    switch (r.kind) {
    case OV_CTX:
        if (!ov_is_known(&r) || r.bits.value || r.off)
            return ov_say(a->said, a->insn, "dereference of modified ctx ptr R%u off=%d disallowed",
                          src, r.off);
        break;
    case OV_VALUE:
        if (!value_access(a, &r, src, off, size))
            return false;
        break;
    case OV_FRAME:
        if (!frame_access(a, &r, off, size, &at) || !read_frame(a, r.off + off, at, size, &v))
            return false;
        break;
    default:
        return bad_access(a, &r, src);
    }
    a->s->reg[dst] = v;
    return true;
}

bool ov_store(struct ov_at *a, uint32_t dst, int32_t off, uint32_t size, const struct ov_reg *v)
{
    const struct ov_reg *r = &a->s->reg[dst];
    uint32_t at;

    if (r->kind == OV_VALUE) {
        if (v && v->kind != OV_NUMBER)
            return ov_say(a->said, a->insn, "a pointer is written into map value");
        return value_access(a, r, dst, off, size);
    }
    if (r->kind != OV_FRAME)
        return bad_access(a, r, dst);
    if (!frame_access(a, r, off, size, &at))
        return false;
    if (v && v->kind != OV_NUMBER && size != 8)
        return ov_say(a->said, a->insn, "invalid size of register spill");
    write_frame(a, at, size, v);
    return true;
}

bool ov_add_both(struct ov_at *a, uint32_t dst, int32_t off, uint32_t size)
{
    struct ov_reg was = a->s->reg[0], any;
    bool ok = ov_load(a, 0, dst, off, size);

    ov_unknown(&any);
    a->s->reg[0] = was;
    return ok && ov_store(a, dst, off, size, &any);
}

bool ov_pointer(struct ov_at *a, struct ov_reg *dst, const struct ov_reg *ptr,
                const struct ov_reg *num, uint8_t op, uint32_t reg)
{
    const char *kind = ov_kind_name(ptr->kind);
    struct ov_reg r = *ptr, sum;
    int64_t off;

    if (num->smin > num->smax || num->umin > num->umax) {
        ov_unknown(dst);
        return true;
    }
    if (ptr->kind == OV_MAYBE || ptr->kind == OV_MAP)
        return ov_say(a->said, a->insn, "R%u pointer arithmetic on %s prohibited%s", reg, kind,
                      ptr->kind == OV_MAYBE ? ", null-check it first" : "");
    if (op != BPF_ADD && op != BPF_SUB)
        return ov_say(a->said, a->insn, "R%u bitwise operator on %s pointer prohibited", reg, kind);
    if (ov_is_known(num) &&
        ((int64_t)num->bits.value >= VAR_MAX || (int64_t)num->bits.value <= -VAR_MAX))
        return ov_say(a->said, a->insn, "math between %s pointer and %lld is not allowed", kind,
                      (long long)num->bits.value);
    if (num->smin == INT64_MIN)
        return ov_say(
            a->said, a->insn,
            "math between %s pointer and register with unbounded min value is not allowed", kind);
    if (num->smin >= VAR_MAX || num->smin <= -VAR_MAX)
        return ov_say(a->said, a->insn, "value %lld makes %s pointer be out of bounds",
                      (long long)num->smin, kind);
    if (ov_is_known(num)) {
        off = r.off + (op == BPF_ADD ? (int64_t)num->bits.value : -(int64_t)num->bits.value);
        if (off >= VAR_MAX || off <= -VAR_MAX)
            return ov_say(a->said, a->insn, "%s pointer offset %lld is not allowed", kind,
                          (long long)off);
        r.off = (int32_t)off;
        *dst = r;
        return true;
    }
    if (ptr->kind == OV_FRAME && op == BPF_SUB)
        return ov_say(a->said, a->insn, "R%u subtraction from stack pointer prohibited", reg);
    sum = r;
    sum.kind = OV_NUMBER;
    ov_alu(&sum, *num, op, false);
    r.bits = sum.bits;
    r.smin = sum.smin;
    r.smax = sum.smax;
    r.umin = sum.umin;
    r.umax = sum.umax;
    if (r.smin == INT64_MIN)
        return ov_say(
            a->said, a->insn,
            "math between %s pointer and register with unbounded min value is not allowed", kind);
    *dst = r;
    return true;
}

// ---- helpers -----------------------------------------------------------------------------------

// Memory that a helper reads, or fills: then it need not be written before.
static bool buffer(struct ov_at *a, uint32_t reg, uint32_t size, bool fill)
{
    const struct ov_reg *r = &a->s->reg[reg];
    uint32_t at = 0, i;
    int32_t off;

    if (r->kind == OV_VALUE)
        return !size || value_access(a, r, reg, 0, size);
    if (r->kind != OV_FRAME)
        return ov_say(a->said, a->insn, "R%u type=%s expected=fp", reg, ov_kind_name(r->kind));
    if (!ov_is_known(r))
        return ov_say(a->said, a->insn, "invalid variable stack read R%u", reg);
    off = r->off + (int32_t)r->bits.value;
    if (!size)
        return true;
    if (!in_frame(a, off, size, &at))
        return false;
    for (i = at; i < at + size && !fill; i++) {
        if (a->k == OV_5_4 && a->s->byte[i] == OV_B_SPILL && a->s->spill[i / 8].kind == OV_NUMBER)
            continue;
        if (a->s->byte[i] != OV_B_ANY && a->s->byte[i] != OV_B_ZERO)
            return ov_say(a->said, a->insn, "invalid indirect read from stack off %d+%u size %u",
                          off, i - at, size);
    }
    if (fill) {
        for (i = at / 8; i < (at + size + 7) / 8; i++)
            if (a->s->byte[i * 8 + 7] == OV_B_SPILL)
                memset(a->s->byte + (size_t)i * 8, a->k == OV_5_4 ? OV_B_ANY : OV_B_UNSET, 8);
        memset(a->s->byte + at, OV_B_ANY, size);
    }
    return true;
}

static bool sized(struct ov_at *a, uint32_t reg, bool fill, bool may_be_0)
{
    const struct ov_reg *n = &a->s->reg[reg + 1];

    if (n->kind != OV_NUMBER)
        return fail(a, "is not a size", reg + 1);
    if (n->smin < 0)
        return fail(a, "min value is negative, either use unsigned or 'var &= const'", reg + 1);
    if (!n->umin && !may_be_0)
        return fail(a, "invalid zero-sized read", reg + 1);
    if (n->umax >= VAR_MAX)
        return fail(a, "unbounded memory access, use 'var &= const' or 'if (var < const)'",
                    reg + 1);
    // A size that is not known may leave some of it as it was: then all must be written before.
    if (fill && !ov_is_known(n) && !buffer(a, reg, (uint32_t)n->umax, false))
        return false;
    return buffer(a, reg, (uint32_t)n->umax, fill);
}

static bool argument(struct ov_at *a, const struct ov_helper *h, uint32_t i, int16_t *map)
{
    const struct ov_reg *r = &a->s->reg[i + 1];
    const char *why;

    if (r->kind == OV_UNSET)
        return fail(a, "!read_ok", i + 1);
    switch (h->args[i]) {
    case OV_A_CTX:
        if (r->kind != OV_CTX || r->off || !ov_is_known(r) || r->bits.value)
            return ov_say(a->said, a->insn, "R%u type=%s expected=ctx", i + 1,
                          ov_kind_name(r->kind));
        return true;
    case OV_A_MAP:
        if (r->kind != OV_MAP)
            return ov_say(a->said, a->insn, "R%u type=%s expected=map_ptr", i + 1,
                          ov_kind_name(r->kind));
        *map = r->map;
        why = ov_map_fits(h->id, a->p->maps[r->map].type);
        return !why || ov_say(a->said, a->insn, "%s", why);
    case OV_A_KEY:
        return buffer(a, i + 1, a->p->maps[*map].key, false);
    case OV_A_VAL:
        return buffer(a, i + 1, a->p->maps[*map].value, false);
    case OV_A_MEM:
    case OV_A_FILL:
        return sized(a, i + 1, h->args[i] == OV_A_FILL, h->args[i + 1] == OV_A_SIZE0);
    default:
        return true;
    }
}

static uint32_t size_at(const struct ov_helper *h)
{
    uint32_t i;

    for (i = 1; i < 5; i++) {
        if (h->args[i] == OV_A_SIZE0 || h->args[i] == OV_A_SIZE)
            return i + 1;
    }
    return 0;
}

bool ov_call(struct ov_at *a, int32_t id, uint16_t *ids)
{
    const struct ov_helper *h = ov_helper(id);
    struct ov_reg *r = a->s->reg, most;
    int16_t map = -1;
    uint32_t i;

    if (!h)
        return ov_say(a->said, a->insn, "unknown func #%d", id);
    for (i = 0; i < 5 && h->args[i] != OV_A_NONE; i++) {
        if (!argument(a, h, i, &map))
            return false;
    }
    most = size_at(h) ? r[size_at(h)] : r[0];
    for (i = 0; i <= 5; i++)
        r[i] = (struct ov_reg){.kind = OV_UNSET};
    ov_unknown(&r[0]);
    if (h->result == OV_R_VALUE) {
        r[0] = (struct ov_reg){.kind = OV_MAYBE, .map = map, .id = ++*ids};
    } else if (h->result == OV_R_LENGTH) { // so they believe; fixed in 5.7
        r[0].smax = most.smax;
        r[0].umax = most.umax;
        ov_settle(&r[0]);
    }
    return true;
}
