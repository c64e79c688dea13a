// SPDX-License-Identifier: GPL-2.0-or-later
// Registers of the architectures, where struct pt_regs has them, and which of them carry arguments:
// fixed ABI of asm/ptrace.h and of the C calling conventions. Must not know the target kernel.
// Serves the checker (reg(), arg0, retval) and USDT arguments.
#include "compiler/kernel/kernel.h"

#include <string.h>

struct reg {
    const char *name;
    uint32_t off;
};

static const struct reg x86_regs[] = {
    {"r15", 0},
    {"r14", 8},
    {"r13", 16},
    {"r12", 24},
    {"bp", 32},
    {"bx", 40},
    {"r11", 48},
    {"r10", 56},
    {"r9", 64},
    {"r8", 72},
    {"ax", 80},
    {"cx", 88},
    {"dx", 96},
    {"si", 104},
    {"di", 112},
    {"orig_ax", 120},
    {"ip", 128},
    {"cs", 136},
    {"flags", 144},
    {"sp", 152},
    {"ss", 160},
    // the names of the instruction set, and the one that all architectures share
    {"rbp", 32},
    {"rbx", 40},
    {"rax", 80},
    {"rcx", 88},
    {"rdx", 96},
    {"rsi", 104},
    {"rdi", 112},
    {"rip", 128},
    {"rsp", 152},
    {"pc", 128},
};

static const struct reg arm64_regs[] = {
    {"x0", 0},    {"x1", 8},    {"x2", 16},   {"x3", 24},      {"x4", 32},   {"x5", 40},
    {"x6", 48},   {"x7", 56},   {"x8", 64},   {"x9", 72},      {"x10", 80},  {"x11", 88},
    {"x12", 96},  {"x13", 104}, {"x14", 112}, {"x15", 120},    {"x16", 128}, {"x17", 136},
    {"x18", 144}, {"x19", 152}, {"x20", 160}, {"x21", 168},    {"x22", 176}, {"x23", 184},
    {"x24", 192}, {"x25", 200}, {"x26", 208}, {"x27", 216},    {"x28", 224}, {"x29", 232},
    {"x30", 240}, {"sp", 248},  {"pc", 256},  {"pstate", 264}, {"fp", 232},  {"lr", 240},
    {"ip", 256},
};

static const struct arch {
    const char *name;
    const struct reg *regs;
    uint32_t nregs;
    uint32_t nargs;
    const char *args[8];
    const char *ret;
    uint32_t pops; // bytes of the return address on the stack
} archs[] = {
    {"x86_64",
     x86_regs,
     sizeof(x86_regs) / sizeof(x86_regs[0]),
     6,
     {"di", "si", "dx", "cx", "r8", "r9"},
     "ax",
     8},
    {"aarch64",
     arm64_regs,
     sizeof(arm64_regs) / sizeof(arm64_regs[0]),
     8,
     {"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"},
     "x0",
     0},
};

static const struct arch *find(const char *arch)
{
    for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++)
        if (!strcmp(archs[i].name, arch))
            return &archs[i];
    return NULL;
}

bool nd_arch_reg(const char *arch, const char *name, uint32_t *off)
{
    const struct arch *a = find(arch);

    for (uint32_t i = 0; a && i < a->nregs; i++)
        if (!strcmp(a->regs[i].name, name)) {
            *off = a->regs[i].off;
            return true;
        }
    return false;
}

const char *nd_arch_arg_reg(const char *arch, uint32_t i)
{
    const struct arch *a = find(arch);

    return a && i < a->nargs ? a->args[i] : NULL;
}

bool nd_arch_stack_arg(const char *arch, uint32_t i, uint32_t *off)
{
    const struct arch *a = find(arch);

    if (!a || i < a->nargs)
        return false;
    *off = a->pops + (i - a->nargs) * 8;
    return true;
}

uint32_t nd_arch_return_pops(const char *arch)
{
    const struct arch *a = find(arch);

    return a ? a->pops : 0;
}

const char *nd_arch_ret_reg(const char *arch)
{
    const struct arch *a = find(arch);

    return a ? a->ret : NULL;
}
