// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef ND_INSTANCE_H
#define ND_INSTANCE_H

// A descriptor that makes this process one of at most `most` that trace, until it is closed;
// -EBUSY: the limit is reached.
int nd_instance_take(unsigned int most);

#endif
