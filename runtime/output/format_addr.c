// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses as symbols. Must not know values. Serves the walk over values and the printers.
#include "runtime/output/format.h"

#include <string.h>

// pid 0: of the kernel. Unknown: without a name.
struct nd_symbol nd_format_symbol(const struct nd_fmt *f, uint64_t addr, uint32_t pid)
{
    struct nd_symbol sym = {0};

    if (f->syms && pid)
        nd_syms_user(f->syms, pid, addr, &sym);
    else if (f->syms)
        nd_syms_kernel(f->syms, addr, &sym);
    return sym;
}

void nd_format_addr(const struct nd_fmt *f, uint64_t addr, uint32_t pid, bool frame,
                    struct nd_buf *out)
{
    struct nd_symbol sym = nd_format_symbol(f, addr, pid);

    if (sym.name) {
        nd_buf_puts(out, sym.name);
        if (sym.off || frame) {
            nd_buf_put(out, "+0x", 3);
            nd_buf_hex(out, sym.off);
        }
    } else if (sym.in_file && sym.module) {
        nd_buf_printf(out, "%s+0x", sym.module);
        nd_buf_hex(out, sym.off);
        return;
    } else {
        nd_buf_put(out, "0x", 2);
        nd_buf_hex(out, addr);
    }
    if (sym.module && strcmp(sym.module, "kernel")) {
        nd_buf_put(out, " [", 2);
        nd_buf_puts(out, sym.module);
        nd_buf_put(out, "]", 1);
    }
}
