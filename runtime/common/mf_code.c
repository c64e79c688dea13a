// SPDX-License-Identifier: GPL-2.0-or-later
// Checks the user code of a manifest: every operand of every instruction of every function. What
// depends on the stack's content is left to the VM. Must not know the kernel. Serves mf.c.
#include "runtime/common/mf_impl.h"
#include "runtime/common/typekinds.h"

#define MAX_LOCALS 4096

enum operand { // what c refers to
    C_NONE,
    C_CONST,
    C_STRING,
    C_BLOB,
    C_LOCAL,
    C_OPTION,
    C_TARGET,
    C_FIELD,
    C_MAP,
    C_MAPS,
    C_EVENT,
    C_STRINGS,
    C_TABLE,
    C_FUNC,
    C_BUILTIN,
};

struct op_rule {
    uint8_t c;      // enum operand
    uint8_t type_b; // b is a type
    uint8_t a_max;  // a is below this (0: anything)
};

static const struct op_rule rules[ND_VM_OP_MAX] = {
    [ND_VM_INT] = {C_CONST, 1, 0},
    [ND_VM_DBL] = {C_CONST, 0, 0},
    [ND_VM_STR] = {C_STRING, 0, 0},
    [ND_VM_BYTES] = {C_BLOB, 1, 0},
    [ND_VM_LOCAL] = {C_LOCAL, 0, 0},
    [ND_VM_SET] = {C_LOCAL, 0, 0},
    [ND_VM_OPT] = {C_OPTION, 0, 0},
    [ND_VM_OPT_HAS] = {C_OPTION, 0, 0},
    [ND_VM_OPT_COUNT] = {C_OPTION, 0, 0},
    [ND_VM_OPT_AT] = {C_OPTION, 0, 0},
    [ND_VM_ADD] = {C_NONE, 0, ND_D_BYTES},
    [ND_VM_SUB] = {C_NONE, 0, ND_D_STR},
    [ND_VM_MUL] = {C_NONE, 0, ND_D_STR},
    [ND_VM_DIV] = {C_NONE, 0, ND_D_STR},
    [ND_VM_MOD] = {C_NONE, 0, ND_D_STR},
    [ND_VM_SHL] = {C_NONE, 0, ND_D_F64},
    [ND_VM_SHR] = {C_NONE, 0, ND_D_F64},
    [ND_VM_AND] = {C_NONE, 0, ND_D_F64},
    [ND_VM_OR] = {C_NONE, 0, ND_D_F64},
    [ND_VM_XOR] = {C_NONE, 0, ND_D_F64},
    [ND_VM_NEG] = {C_NONE, 0, ND_D_STR},
    [ND_VM_BNOT] = {C_NONE, 0, ND_D_F64},
    [ND_VM_EQ] = {C_NONE, 0, ND_D_BYTES + 1},
    [ND_VM_NE] = {C_NONE, 0, ND_D_BYTES + 1},
    [ND_VM_LT] = {C_NONE, 0, ND_D_BYTES + 1},
    [ND_VM_LE] = {C_NONE, 0, ND_D_BYTES + 1},
    [ND_VM_GT] = {C_NONE, 0, ND_D_BYTES + 1},
    [ND_VM_GE] = {C_NONE, 0, ND_D_BYTES + 1},
    [ND_VM_CAST] = {C_NONE, 1, 0},
    [ND_VM_JMP] = {C_TARGET, 0, 0},
    [ND_VM_JZ] = {C_TARGET, 0, 0},
    [ND_VM_JNZ] = {C_TARGET, 0, 0},
    [ND_VM_FIELD] = {C_FIELD, 0, 0},
    [ND_VM_MAKE] = {C_NONE, 1, 0},
    [ND_VM_MAP_GET] = {C_MAP, 0, 0},
    [ND_VM_MAP_SET] = {C_MAP, 0, 0},
    [ND_VM_MAP_AGG] = {C_MAP, 0, 0},
    [ND_VM_MAP_HAS] = {C_MAP, 0, 0},
    [ND_VM_MAP_DEL] = {C_MAP, 0, 0},
    [ND_VM_MAP_LEN] = {C_MAP, 0, 0},
    [ND_VM_MAP_CLEAR] = {C_MAP, 0, 0},
    [ND_VM_MAP_ZERO] = {C_MAP, 0, 0},
    [ND_VM_MAP_PRINT] = {C_MAP, 0, 0},
    [ND_VM_MAP_AT_PRINT] = {C_MAP, 0, 0},
    [ND_VM_REPORT] = {C_MAPS, 0, 0},
    [ND_VM_RECORD] = {C_EVENT, 0, 0},
    [ND_VM_AGG] = {C_MAP, 0, ND_AGG_MAX_KIND},
    [ND_VM_AGG_ALL] = {C_MAP, 0, ND_AGG_MAX_KIND},
    [ND_VM_AGG_OF] = {C_NONE, 0, ND_AGG_MAX_KIND},
    [ND_VM_ITER_NEW] = {C_MAP, 0, 0},
    [ND_VM_ITER_JOIN] = {C_MAP, 0, 0},
    [ND_VM_PRINTF] = {C_STRING, 0, 0},
    [ND_VM_SPRINTF] = {C_STRING, 0, 0},
    [ND_VM_PRINT] = {C_STRING, 0, 0},
    [ND_VM_CALL] = {C_FUNC, 0, 0},
    [ND_VM_BUILTIN] = {C_BUILTIN, 0, 0},
    [ND_VM_TABLE] = {C_STRINGS, 0, 0},
    [ND_VM_HEAD] = {C_TABLE, 0, 0},
    [ND_VM_ROW] = {C_TABLE, 0, 0},
};

static bool map_ok(const struct nd_mf *mf, uint32_t map)
{
    return map < mf->nmaps && mf->maps[map].kind != ND_MAP_STACK &&
           mf->maps[map].kind != ND_MAP_SCRATCH;
}

static bool maps_ok(const struct nd_mf *mf, uint32_t first, uint32_t count)
{
    uint32_t i;

    if (!nd_mf_run_ok(first, count, mf->nwords))
        return false;
    for (i = 0; i < count; i++) {
        if (!map_ok(mf, mf->words[first + i]))
            return false;
    }
    return true;
}

static bool c_ok(const struct nd_mf *mf, const struct nd_mf_func *f, const struct nd_mf_insn *in)
{
    uint32_t c = (uint32_t)in->c; // negative: a huge index, refused everywhere

    switch (rules[in->op].c) {
    case C_CONST:
        return c < mf->nconsts;
    case C_STRING:
        return nd_mf_str_ok(mf, c);
    case C_BLOB:
        return nd_mf_run_ok(c, mf->types[in->b].size, mf->nblob);
    case C_LOCAL:
        return c < f->nlocals;
    case C_OPTION:
        return c < mf->noptions;
    case C_TARGET:
        return c < f->count;
    case C_FIELD:
        return c < mf->nfields;
    case C_MAP:
        return map_ok(mf, c);
    case C_MAPS:
        return maps_ok(mf, c, in->a);
    case C_EVENT:
        return c < mf->nevents;
    case C_TABLE:
        return c < mf->ntables;
    case C_STRINGS:
        return nd_mf_strings_ok(mf, c, in->a);
    case C_FUNC:
        return c < mf->nfuncs && in->a == mf->funcs[c].nparams;
    case C_BUILTIN:
        return c < ND_BI_MAX;
    default:
        return true;
    }
}

static const char *check_insn(const struct nd_mf *mf, const struct nd_mf_func *f,
                              const struct nd_mf_insn *in)
{
    const struct op_rule *r;

    if (in->op >= ND_VM_OP_MAX)
        return "unknown user instruction";
    r = &rules[in->op];
    if (r->type_b && in->b >= mf->ntypes)
        return "a user instruction's type is out of range";
    if (r->a_max && in->a >= r->a_max)
        return "a user instruction's domain is out of range";
    if (!c_ok(mf, f, in))
        return "a user instruction's operand is out of range";
    if (in->op == ND_VM_ITER_LOAD &&
        (in->b >= f->nlocals || (in->c != -1 && (uint32_t)in->c >= f->nlocals)))
        return "an iterator's local is out of range";
    if (in->op == ND_VM_MAKE && nd_typekind_is(mf->types[in->b].kind, ND_IS_MEMBERS) &&
        in->a != mf->types[in->b].count)
        return "a value has the wrong number of fields";
    return NULL;
}

const char *nd_mf_check_code(const struct nd_mf *mf)
{
    const char *why = NULL;
    uint32_t i, j;

    for (i = 0; i < mf->nfuncs && !why; i++) {
        const struct nd_mf_func *f = &mf->funcs[i];
        uint8_t last;

        if (!nd_mf_str_ok(mf, f->name) || !nd_mf_span_ok(mf, &f->span) || !f->count ||
            !nd_mf_run_ok(f->first, f->count, mf->ncode))
            return "a user function's code is out of range";
        if (f->nparams > f->nlocals || f->nlocals > MAX_LOCALS)
            return "a user function has an impossible number of locals";
        for (j = 0; j < f->count && !why; j++)
            why = check_insn(mf, f, &mf->code[f->first + j]);
        last = mf->code[f->first + f->count - 1].op;
        if (!why && last != ND_VM_RET && last != ND_VM_JMP)
            why = "a user function runs past its end";
    }
    return why;
}
