// SPDX-License-Identifier: GPL-2.0-or-later
// The conversions in a format of printf(): how one is written, and what it prints. The checker and
// the machine that prints read formats with it. Must not know values. Serves both programs.
#ifndef ND_SPEC_H
#define ND_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#define ND_SPEC_KNOWN "d i u x X o c s p f e g t (time) r (raw bytes) %%" // for messages

enum { // flags, in the order of the letters "-0+ #"; a ' is accepted and groups nothing
    ND_SPEC_LEFT = 1 << 0,
    ND_SPEC_ZERO = 1 << 1,
    ND_SPEC_PLUS = 1 << 2,
    ND_SPEC_SPACE = 1 << 3,
    ND_SPEC_ALT = 1 << 4,
};
enum { ND_SPEC_NONE = -1, ND_SPEC_STAR = -2 }; // widths and precisions that are no number

enum nd_spec_class { // what a conversion prints
    ND_SPEC_UNKNOWN,
    ND_SPEC_INTEGER,
    ND_SPEC_REAL,
    ND_SPEC_CHAR,
    ND_SPEC_TEXT,
    ND_SPEC_TIME,
    ND_SPEC_RAW,
};

struct nd_spec {
    const char *lit; // the text before the conversion
    uint32_t nlit;
    uint32_t len;    // of the conversion, which begins at lit + nlit
    char conv;       // its letter; 0: there is none, or the format ends before it (len > 0)
    uint8_t flags;   // ND_SPEC_*
    uint8_t bits;    // hh: 8, h: 16, else 0
    char form;       // of the letter r: x, h or 0
    int width, prec; // ND_SPEC_NONE, ND_SPEC_STAR, or a number up to 65536 or a little more
};

// Reads up to and with the next conversion; returns what follows it, NULL at the end of the format.
const char *nd_spec_next(const char *s, struct nd_spec *p);
enum nd_spec_class nd_spec_class(char conv);

#endif
