// SPDX-License-Identifier: GPL-2.0-or-later
// Diagnostics are values: collected in a list, rendered by one file as text with a caret or as JSON
// Lines. Must not know the language. Serves every pass; nothing in the compiler prints by itself.
#ifndef ND_DIAG_H
#define ND_DIAG_H

#include "compiler/front/source.h"

#include <stdarg.h>
#include <stdio.h>

// Code, and the short title of the list in docs/errors.md. Codes are stable: never renumbered.
#define ND_DIAG_CODES(X)                                  \
    X(E0100, "file cannot be read")                       \
    X(E0101, "syntax error")                              \
    X(E0102, "unknown character")                         \
    X(E0103, "unterminated string")                       \
    X(E0104, "unterminated comment")                      \
    X(E0105, "unknown escape sequence")                   \
    X(E0106, "number too large")                          \
    X(E0107, "malformed number")                          \
    X(E0108, "invalid UTF-8")                             \
    X(E0109, "nesting too deep")                          \
    X(E0110, "empty script")                              \
    X(E0111, "preprocessor directive")                    \
    X(E0112, "not a text file")                           \
    X(E0113, "file is not trusted")                       \
    X(E0201, "unknown name")                              \
    X(E0202, "unknown function")                          \
    X(E0203, "unknown type")                              \
    X(E0204, "unknown field")                             \
    X(E0205, "unknown probe kind")                        \
    X(E0206, "unknown probe")                             \
    X(E0207, "unknown option")                            \
    X(E0208, "unknown event")                             \
    X(E0209, "unknown module")                            \
    X(E0210, "declared twice")                            \
    X(E0211, "reserved name")                             \
    X(E0212, "unknown register")                          \
    X(E0213, "stage not available")                       \
    X(E0214, "a module lacks what it needs")              \
    X(E0301, "wrong number of arguments")                 \
    X(E0302, "wrong argument type")                       \
    X(E0303, "types do not match")                        \
    X(E0304, "not an integer")                            \
    X(E0305, "not a pointer or struct")                   \
    X(E0306, "map used with different types")             \
    X(E0307, "map used with different keys")              \
    X(E0308, "map is never written")                      \
    X(E0309, "not an aggregation")                        \
    X(E0310, "aggregation outside an assignment")         \
    X(E0311, "cannot be assigned")                        \
    X(E0312, "variable used before it is set")            \
    X(E0313, "constant expected")                         \
    X(E0314, "format string")                             \
    X(E0315, "cannot be a map key or value")              \
    X(E0316, "division by zero")                          \
    X(E0317, "value out of range")                        \
    X(E0318, "the script says that this is wrong")        \
    X(E0401, "not available in a kernel probe")           \
    X(E0402, "not available in user space")               \
    X(E0403, "not available in this kind of probe")       \
    X(E0404, "recursive function")                        \
    X(E0405, "outside a loop")                            \
    X(E0406, "outside a function")                        \
    X(E0407, "missing return value")                      \
    X(E0408, "event fields do not match")                 \
    X(E0409, "stage does not set what it exports")        \
    X(E0410, "layout without anything to print")          \
    X(E0411, "table and its cells do not match")          \
    X(E0501, "malformed option declaration")              \
    X(E0502, "malformed probe")                           \
    X(E0503, "malformed map or path")                     \
    X(E0601, "no BTF")                                    \
    X(E0602, "no tracefs")                                \
    X(E0603, "executable not found")                      \
    X(E0604, "symbol not found")                          \
    X(E0605, "argument cannot be read")                   \
    X(E0606, "no kprobes")                                \
    X(E0607, "not safe to probe")                         \
    X(E0609, "not possible on other kernels")             \
    X(E0610, "not at an instruction")                     \
    X(E0701, "too large")                                 \
    X(E0702, "too many probes")                           \
    X(E0703, "loop bound too large")                      \
    X(E0801, "code generation failed")                    \
    X(W0901, "value is never used")                       \
    X(W0902, "stage left out")                            \
    X(W0903, "arguments may have moved")                  \
    X(W0904, "module not loaded")                         \
    X(W0905, "lists are not walked")                      \
    X(W0910, "comparison that cannot go both ways")       \
    X(W0911, "text that is too long to be equal")         \
    X(W0912, "assignment that is not atomic")             \
    X(W0913, "functions left out")                        \
    X(W0914, "setting without effect")                    \
    X(W0915, "declared otherwise than the kernel has it") \
    X(W0916, "probe left out")

enum nd_diag_code {
#define ND_DIAG_ENUM(code, title) ND_##code,
    ND_DIAG_CODES(ND_DIAG_ENUM)
#undef ND_DIAG_ENUM
};

#define ND_DIAG_LIMIT 20

struct nd_note {
    struct nd_span span; // ND_NO_SPAN: a help line without position
    const char *text;
};

struct nd_diag {
    enum nd_diag_code code;
    bool warning;
    struct nd_span span;
    const char *text;
    const char *fix;    // what probably was meant instead of the text of `span`; or NULL
    const char *module; // that would have to be loaded; NULL: it is something else
    bool at_run;        // the manifest has it as well, and a run says what concerns its options
    struct nd_note *notes;
    uint32_t nnotes, notes_cap;
};

struct nd_diags {
    struct nd_arena *arena;
    struct nd_diag **v;
    uint32_t n, cap;
    uint32_t errors;  // all of them, also those over the limit
    uint32_t dropped; // over the limit
    bool quiet;       // in a trial: count, do not keep
};

// Adds an error or a warning (by the code's first letter) and returns it for nd_help and nd_note.
// Never NULL. A second error at the very same span is dropped.
struct nd_diag *nd_error(struct nd_diags *d, enum nd_diag_code code, struct nd_span span,
                         const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void nd_help(struct nd_diags *d, struct nd_diag *diag, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
// "did you mean 'word'?", which tools can put in the place of what is there.
void nd_fix(struct nd_diags *d, struct nd_diag *diag, const char *word);
void nd_note(struct nd_diags *d, struct nd_diag *diag, struct nd_span span, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

// A trial: something is checked to find out whether it would be right. It reports nothing and
// leaves no errors. Trials can be nested.
struct nd_trial {
    struct nd_diags before;
    uint32_t errors; // when it began
};
void nd_trial_begin(struct nd_diags *d, struct nd_trial *t);
// The same, but what is wrong is kept in d until the trial ends: the reasons.
void nd_trial_begin_kept(struct nd_diags *d, struct nd_trial *t);
// Was it right? Errors only; in a trial that keeps messages, d->n includes warnings.
bool nd_trial_end(struct nd_diags *d, const struct nd_trial *t);

// Is its span one word, which its fix can replace?
bool nd_diag_fixes(const struct nd_diag *x, const struct nd_sources *s);

// "E0101" and "syntax error": static texts.
const char *nd_diag_code_name(enum nd_diag_code code);
const char *nd_diag_code_title(enum nd_diag_code code);
// Writes all messages to out, in order: as text with a caret, or as JSON Lines.
void nd_diags_text(const struct nd_diags *d, struct nd_sources *s, FILE *out, bool colour);
void nd_diags_json(const struct nd_diags *d, struct nd_sources *s, FILE *out);

#endif
