// SPDX-License-Identifier: GPL-2.0-or-later
// Data of an object: maps as libbpf reads them, variables in .maps whose debug type spells the
// attributes, and blocks of bytes that libbpf maps into memory. Must not know what they hold.
// Serves the other lower_*.c.
#include "compiler/lower/lower_impl.h"

#include <stdio.h>
#include <string.h>

static LLVMMetadataRef attr_member(struct nd_lower *l, const char *name, uint32_t value,
                                   unsigned int i)
{
    LLVMMetadataRef range = LLVMDIBuilderGetOrCreateSubrange(l->di, 0, value), array, ptr;

    array = LLVMDIBuilderCreateArrayType(l->di, (uint64_t)value * 32, 32, l->di_int, &range, 1);
    ptr = LLVMDIBuilderCreatePointerType(l->di, array, 64, 64, 0, "", 0);
    return LLVMDIBuilderCreateMemberType(l->di, l->files[0], name, strlen(name), l->files[0], 0, 64,
                                         64, i * 64ul, LLVMDIFlagZero, ptr);
}

static void describe(struct nd_lower *l, LLVMValueRef g, const char *name, LLVMMetadataRef type)
{
    LLVMMetadataRef expr = LLVMDIBuilderCreateExpression(l->di, NULL, 0);

    LLVMGlobalSetMetadata(g, LLVMGetMDKindIDInContext(l->cx, "dbg", 3),
                          LLVMDIBuilderCreateGlobalVariableExpression(
                              l->di, l->cu, name, strlen(name), name, strlen(name), l->files[0], 0,
                              type, 0, expr, NULL, 64));
}

// A block of data as int[n]: libbpf maps a section into our memory only if it knows its variables.
void nd_lower_describe_data(struct nd_lower *l, LLVMValueRef g, const char *name, uint32_t bytes)
{
    LLVMMetadataRef range = LLVMDIBuilderGetOrCreateSubrange(l->di, 0, bytes / 4);

    describe(l, g, name,
             LLVMDIBuilderCreateArrayType(l->di, (uint64_t)bytes * 8, 32, l->di_int, &range, 1));
}

// For the runtime, which gets ready while the code is made.
static void note_plan(struct nd_lower *l, const char *name, uint32_t type, uint32_t key,
                      uint32_t val, uint32_t entries)
{
    struct nd_plan_map *m = ND_PUSH(l->a, &l->plan);

    *m = (struct nd_plan_map){.type = type, .key = key, .val = val, .entries = entries};
    snprintf(m->name, sizeof(m->name), "%s", name);
}

LLVMValueRef nd_lower_define_map(struct nd_lower *l, const char *name, uint32_t type, uint32_t key,
                                 uint32_t val, uint32_t entries)
{
    struct {
        const char *name;
        uint32_t v;
    } attrs[] = {{"type", type}, {"max_entries", entries}, {"key_size", key}, {"value_size", val}};
    LLVMMetadataRef m[4], st;
    LLVMTypeRef ptrs[4];
    LLVMValueRef g;
    unsigned int i, n = 0;

    for (i = 0; i < 4; i++) {
        if (attrs[i].v)
            m[n] = attr_member(l, attrs[i].name, attrs[i].v, n), n++;
        ptrs[i] = l->ptr;
    }
    st = LLVMDIBuilderCreateStructType(l->di, l->files[0], "", 0, l->files[0], 0, n * 64ul, 64,
                                       LLVMDIFlagZero, NULL, m, n, 0, NULL, "", 0);
    g = LLVMAddGlobal(l->m, LLVMStructTypeInContext(l->cx, ptrs, n, 0), name);
    LLVMSetInitializer(g, LLVMConstNull(LLVMGlobalGetValueType(g)));
    LLVMSetSection(g, ".maps");
    describe(l, g, name, st);
    note_plan(l, name, type, key, val, entries);
    return g;
}
