// SPDX-License-Identifier: GPL-2.0-or-later
// What a portable object takes for granted of the kernel it will run on, beyond what relocations
// carry over: collected while it is made, compared by the runtime. Must not know LLVM. Serves
// checking, lowering and emitting.
#ifndef ND_NEED_H
#define ND_NEED_H

#include "compiler/check/check.h"

// Records one; nothing is kept unless the program is portable.
void nd_need_note(struct nd_program *p, const struct nd_need *n);
// The name under which another kernel knows a struct of this one's BTF: its own, or that of a
// typedef; *tag: ND_TAGGED_*. False: it has none.
bool nd_need_name(struct nd_program *p, const struct nd_type *s, uint32_t *tag, const char **name);
// All of a struct that is copied as a whole.
void nd_need_struct(struct nd_program *p, const struct nd_type *s, struct nd_span span);
// Constants of the script that came from the kernel and that no relocation took over.
void nd_need_frozen(struct nd_program *p);
// What the attach points themselves stand on.
void nd_need_probe(struct nd_program *p, const struct nd_probe *pr);

#endif
