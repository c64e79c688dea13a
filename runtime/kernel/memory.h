// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef ND_MEMORY_H
#define ND_MEMORY_H

struct bpf_object;

// 0, or -ENOMEM with a message: the maps of the object need more memory than the machine has to
// give.
int nd_memory_check(const struct bpf_object *obj);

#endif
