// SPDX-License-Identifier: GPL-2.0-or-later
// Where a function's parameters are, by the calling conventions of the kernel's machines: structs
// passed by value take several words. Must not know probes.
#include "compiler/kernel/kernel.h"
#include "compiler/lang/types.h"

#include <string.h>

#define WHOLE 16u // bytes of the largest struct that is passed in registers

static uint32_t size_of(struct nd_types *t, uint32_t id)
{
    const struct nd_type *x = nd_type_btf(t, id);

    return x->kind == ND_T_STRUCT || x->kind == ND_T_ARRAY ? x->size : 8;
}

// Words of 8 bytes. An empty struct takes none.
static uint32_t words(uint32_t size)
{
    return (size + 7) / 8;
}

void nd_type_param(struct nd_types *t, const struct nd_func_sig *sig, uint32_t i,
                   struct nd_param_place *out)
{
    const char *arch = nd_kernel_arch(t->kernel);
    bool x86 = !strcmp(arch, "x86_64");
    uint32_t nregs = 0, reg = 0, stack = 0, k;

    while (nd_arch_arg_reg(arch, nregs))
        nregs++;
    memset(out, 0, sizeof(*out));
    for (k = 0; k <= i && k < sig->nparams; k++) {
        uint32_t size = size_of(t, sig->params[k].type), n = words(size);

        out->slot += k ? out->slots : 0;
        out->slots = n;
        out->by_ref = size > WHOLE && !x86;
        if (out->by_ref)
            n = 1; // AAPCS64: the address of a copy
        out->words = n;
        if (!(x86 && size > WHOLE) && reg + n <= nregs) {
            out->first = reg;
            reg += n;
            continue;
        }
        out->first = nregs + stack;
        stack += n;
        if (!x86) // AAPCS64: no more registers after the first that has none
            reg = nregs;
    }
}

uint32_t nd_type_param_slots(struct nd_types *t, const struct nd_func_sig *sig)
{
    struct nd_param_place last;

    if (!sig || !sig->nparams)
        return 0;
    nd_type_param(t, sig, sig->nparams - 1, &last);
    return last.slot + last.slots;
}
