// SPDX-License-Identifier: GPL-2.0-or-later
// printf of user code: a format is cut into pieces once, when first run; integers and plain
// strings are written without stdio. Must not know maps or sinks' formats. Serves the loop.
#include "runtime/common/agg.h"
#include "runtime/common/spec.h"
#include "runtime/common/typed.h"
#include "runtime/vm/vm_impl.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct vm_format {
    uint32_t n;
    struct nd_spec piece[];
};

void vm_formats_free(struct nd_vm *vm)
{
    uint32_t i;

    for (i = 0; vm->formats && i < vm->env.mf->ncode; i++)
        free(vm->formats[i]);
}

static struct vm_format *compile(const char *s)
{
    uint32_t max = 1, i;
    struct vm_format *f;

    for (i = 0; s[i]; i++)
        max += s[i] == '%';
    f = calloc(1, sizeof(*f) + max * sizeof(f->piece[0]));
    while (f && (s = nd_spec_next(s, &f->piece[f->n])))
        f->n++;
    return f;
}

// text[from..] was written for a field: fill up to the width.
static void pad(struct nd_buf *out, size_t from, int width, uint8_t flags, bool zeros)
{
    size_t n = out->n - from, fill, at = from;

    if (width <= 0 || n >= (size_t)width)
        return;
    fill = (size_t)width - n;
    nd_buf_fill(out, ' ', fill);
    if (flags & ND_SPEC_LEFT || out->n != from + (size_t)width)
        return;
    if (zeros) { // after the sign and 0x
        at += n && strchr("+- ", out->v[at]) != NULL;
        if (n > at - from + 1 && out->v[at] == '0' && (out->v[at + 1] | 32) == 'x')
            at += 2;
    }
    memmove(out->v + at + fill, out->v + at, n - (at - from));
    memset(out->v + at, zeros ? '0' : ' ', fill);
}

static void put_octal(struct nd_buf *out, uint64_t v)
{
    char tmp[22], *p = tmp + sizeof(tmp);

    do {
        *--p = (char)('0' + (v & 7));
        v >>= 3;
    } while (v);
    nd_buf_put(out, p, (size_t)(tmp + sizeof(tmp) - p));
}

static void put_digits(struct nd_buf *out, char conv, uint64_t v)
{
    size_t from = out->n;

    switch (conv) {
    case 'x':
    case 'p':
        nd_buf_hex(out, v);
        break;
    case 'X':
        nd_buf_hex(out, v);
        for (; from < out->n; from++)
            out->v[from] = (char)toupper((unsigned char)out->v[from]);
        break;
    case 'o':
        put_octal(out, v);
        break;
    default:
        nd_buf_u64(out, v);
    }
}

// The bits of the value in the width of its type: an i32 of -1 is ffffffff.
static uint64_t own_width(const struct nd_vm *vm, const struct vm_value *v, int64_t i)
{
    const struct nd_mf_type *t = v->type < vm->env.mf->ntypes ? vm_type(vm, v->type) : NULL;

    if (!t || !nd_typed_is_int(t) || t->size >= 8)
        return (uint64_t)i;
    return (uint64_t)i & ((1ull << (t->size * 8)) - 1);
}

static void put_integer(const struct nd_vm *vm, const struct nd_spec *p, const struct vm_value *v,
                        int64_t i, struct nd_buf *out)
{
    bool decimal = p->conv == 'd' || p->conv == 'i', negative = false;
    size_t from = out->n, start, n;
    uint64_t u;

    if (p->bits) { // h, hh
        i = (int64_t)((uint64_t)i << (64 - p->bits));
        u = (uint64_t)i >> (64 - p->bits);
        i >>= 64 - p->bits;
    } else {
        u = own_width(vm, v, i);
    }
    if (decimal) { // the conversion says the sign, not the type, as in C
        negative = i < 0;
        u = negative ? -(uint64_t)i : (uint64_t)i;
    }
    if (!(p->flags & (ND_SPEC_PLUS | ND_SPEC_SPACE | ND_SPEC_ALT)) && p->prec == ND_SPEC_NONE &&
        p->width <= 0 && p->conv != 'p') {
        if (negative)
            nd_buf_put(out, "-", 1);
        put_digits(out, p->conv, u);
        return;
    }
    if (negative)
        nd_buf_put(out, "-", 1);
    else if (decimal && p->flags & (ND_SPEC_PLUS | ND_SPEC_SPACE))
        nd_buf_put(out, p->flags & ND_SPEC_PLUS ? "+" : " ", 1);
    if (p->conv == 'p' || (p->flags & ND_SPEC_ALT && u && (p->conv | 32) == 'x'))
        nd_buf_put(out, p->conv == 'X' ? "0X" : "0x", 2);
    if (p->flags & ND_SPEC_ALT && p->conv == 'o' && u)
        nd_buf_put(out, "0", 1);
    start = out->n;
    if (p->prec != 0 || u) // C: no digits at all for 0 with precision 0
        put_digits(out, p->conv, u);
    n = out->n - start;
    if (p->prec > 0 && n < (size_t)p->prec) {
        nd_buf_fill(out, '0', (size_t)p->prec - n);
        memmove(out->v + start + ((size_t)p->prec - n), out->v + start, n);
        memset(out->v + start, '0', (size_t)p->prec - n);
    }
    pad(out, from, p->width, p->flags, p->flags & ND_SPEC_ZERO && p->prec == ND_SPEC_NONE);
}

static void put_double(const struct nd_spec *p, double d, struct nd_buf *out)
{
    char spec[16], *s = spec;
    size_t from = out->n;

    if (isnan(d)) {
        nd_buf_puts(out, "n/a");
        pad(out, from, p->width, p->flags, false);
        return;
    }
    *s++ = '%';
    if (p->flags & ND_SPEC_LEFT)
        *s++ = '-';
    if (p->flags & ND_SPEC_ZERO)
        *s++ = '0';
    if (p->flags & ND_SPEC_PLUS)
        *s++ = '+';
    if (p->flags & ND_SPEC_SPACE)
        *s++ = ' ';
    if (p->flags & ND_SPEC_ALT)
        *s++ = '#';
    *s++ = '*';
    *s++ = '.';
    *s++ = '*';
    *s++ = p->conv;
    *s = '\0';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    nd_buf_printf(out, spec, p->width > 0 ? p->width : 0, p->prec, d);
#pragma GCC diagnostic pop
}

// The bytes of a BUF or string, everything not printable escaped.
static void put_escaped(const struct nd_vm *vm, const struct vm_value *v, struct nd_buf *out)
{
    if (v->kind == VM_STR || (v->kind == VM_BYTES && vm_type(vm, v->type)->kind != ND_T_BUF))
        nd_text_escaped(v->p, v->n, out);
    else
        vm_text(vm, v, out);
}

// The bytes as numbers: %rx \x48\x69, %rh 48 69.
static void put_hex(const struct nd_vm *vm, const struct vm_value *v, char form, struct nd_buf *out)
{
    const uint8_t *p = (const uint8_t *)v->p;
    uint32_t n = v->n, i;

    if (v->kind == VM_BYTES && vm_type(vm, v->type)->kind == ND_T_BUF) { // u32 used, then bytes
        memcpy(&n, p, sizeof(n));
        p += sizeof(n);
        n = n > v->n - sizeof(n) ? (uint32_t)(v->n - sizeof(n)) : n;
    }
    for (i = 0; i < n; i++)
        nd_buf_printf(out, form == 'x' ? "\\x%02x" : i ? " %02x" : "%02x", p[i]);
}

static void put_time(const struct nd_vm *vm, const struct vm_value *v, struct nd_buf *out)
{
    char tmp[64];

    if (v->kind != VM_I64 && v->kind != VM_U64)
        vm_text(vm, v, out);
    else
        nd_buf_put(out, tmp, nd_text_time(vm_wall(vm, v, v->i), tmp));
}

// A string. Its precision counts bytes of it, not of what they are written as, and does not divide
// a character.
static void put_string(const struct nd_vm *vm, const struct vm_value *v, int prec,
                       struct nd_buf *out)
{
    struct vm_value cut = *v;

    if (prec >= 0 && v->n > (uint32_t)prec) {
        for (cut.n = (uint32_t)prec; cut.n && (v->p[cut.n] & 0xc0) == 0x80; cut.n--)
            ;
    }
    vm_text(vm, &cut, out);
}

static void put_text(const struct nd_vm *vm, const struct nd_spec *p, const struct vm_value *v,
                     struct nd_buf *out)
{
    bool string = v->kind == VM_STR && p->conv != 'r';
    size_t from = out->n;

    if (string)
        put_string(vm, v, p->prec, out);
    else if (p->conv == 't')
        put_time(vm, v, out);
    else if (p->form && (v->kind == VM_STR || v->kind == VM_BYTES))
        put_hex(vm, v, p->form, out);
    else if (p->conv == 'r')
        put_escaped(vm, v, out);
    else
        vm_text(vm, v, out);
    if (!string && p->prec >= 0 && out->n - from > (size_t)p->prec) {
        out->n = from + (size_t)p->prec;
        out->v[out->n] = '\0';
    }
    pad(out, from, p->width, p->flags, false);
}

static bool is_number(const struct nd_vm *vm, const struct vm_value *v)
{
    uint32_t kind;

    if (v->kind != VM_BYTES)
        return v->kind != VM_STR;
    kind = vm_type(vm, v->type)->kind;
    return nd_agg_is(kind) && !nd_typekind_is(kind, ND_IS_ROWS | ND_IS_SERIES);
}

static int convert(struct nd_vm *vm, const struct nd_spec *p, const struct vm_value *v,
                   struct nd_buf *out)
{
    size_t from = out->n;
    int64_t i;
    double d;
    char c;
    enum nd_spec_class class = is_number(vm, v) ? nd_spec_class(p->conv) : ND_SPEC_TEXT;

    if (class == ND_SPEC_INTEGER || class == ND_SPEC_CHAR) {
        if (vm_i64(vm, v, &i))
            return -EINVAL;
        if (class == ND_SPEC_INTEGER) {
            put_integer(vm, p, v, i, out);
            return 0;
        }
        c = (char)i;
        nd_format_outside(vm->env.fmt, &c, 1, out);
        pad(out, from, p->width, p->flags, false);
        return 0;
    }
    if (class == ND_SPEC_REAL) {
        if (vm_f64(vm, v, &d))
            return -EINVAL;
        put_double(p, d, out);
        return 0;
    }
    put_text(vm, p, v, out); // %s %t %r, and whatever is not a number
    return 0;
}

// Takes the values of `*` and gives the piece with its numbers.
static int resolve_stars(struct nd_vm *vm, struct nd_spec *p, const struct vm_value *v, uint32_t n,
                         uint32_t *at)
{
    int *star[2] = {&p->width, &p->prec};
    int64_t x;
    int k;

    for (k = 0; k < 2; k++) {
        if (*star[k] != ND_SPEC_STAR)
            continue;
        if (*at >= n)
            return vm_fail(vm, EINVAL, "printf has fewer values than conversions");
        if (vm_i64(vm, &v[(*at)++], &x))
            return -EINVAL;
        x = x > 65536 ? 65536 : x < -65536 ? -65536 : x;
        if (k == 0 && x < 0) {
            p->flags |= ND_SPEC_LEFT;
            x = -x;
        }
        *star[k] = x < 0 ? ND_SPEC_NONE : (int)x;
    }
    return 0;
}

static int format(struct nd_vm *vm, const struct vm_format *f, const struct vm_value *v, uint32_t n,
                  struct nd_buf *out)
{
    uint32_t i, at = 0;

    for (i = 0; i < f->n; i++) {
        const struct nd_spec *p = &f->piece[i];
        struct nd_spec own;

        nd_buf_put(out, p->lit, p->nlit);
        if (!p->conv)
            continue;
        if (p->width == ND_SPEC_STAR || p->prec == ND_SPEC_STAR) {
            own = *p;
            p = &own;
            if (resolve_stars(vm, &own, v, n, &at))
                return -EINVAL;
        }
        if (at >= n)
            return vm_fail(vm, EINVAL, "printf has fewer values than conversions");
        if (convert(vm, p, &v[at++], out))
            return -EINVAL;
    }
    return 0;
}

uint32_t vm_format_width(const char *text)
{
    struct nd_spec p;
    uint32_t n = 0;

    while ((text = nd_spec_next(text, &p)))
        n += p.nlit + (p.width > 0 ? (uint32_t)p.width : 0);
    return n;
}

int vm_format(struct nd_vm *vm, const char *text, const struct vm_value *v, struct nd_buf *out)
{
    struct nd_spec p;
    bool done = false;

    while ((text = nd_spec_next(text, &p))) {
        nd_buf_put(out, p.lit, p.nlit);
        if (!p.conv)
            continue;
        if (done || p.width == ND_SPEC_STAR || p.prec == ND_SPEC_STAR)
            return vm_fail(vm, EINVAL, "a column has one conversion");
        done = true;
        if (!(p.flags & ND_SPEC_ZERO))
            p.width = ND_SPEC_NONE;
        if (convert(vm, &p, v, out))
            return -EINVAL;
    }
    return 0;
}

int vm_op_printf(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *v = vm_pop(vm, in->a);
    struct vm_format **f = &vm->formats[in - vm->env.mf->code];

    if (!v)
        return -EINVAL;
    if (!*f)
        *f = compile(nd_mf_str(vm->env.mf, (uint32_t)in->c));
    if (!*f)
        return vm_fail(vm, ENOMEM, "out of memory");
    vm->text.n = 0;
    if (format(vm, *f, v, in->a, &vm->text))
        return -EINVAL;
    if (in->op == ND_VM_SPRINTF)
        return vm_pushed_own(vm, true, vm_push_copy(vm, vm->text.v, vm->text.n));
    if (vm->text.n)
        nd_sink_printf(vm->env.sink, vm->text.v, vm->text.n);
    return 0;
}

int vm_op_print(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *v = vm_pop(vm, 1);
    static const uint8_t plain[] = {[VM_I64] = ND_PLAIN_I64,
                                    [VM_U64] = ND_PLAIN_U64,
                                    [VM_F64] = ND_PLAIN_F64,
                                    [VM_STR] = ND_PLAIN_STR};
    struct nd_plain x = {0};
    uint64_t bytes = 0;

    if (!v)
        return -EINVAL;
    if (v->kind == VM_BYTES) {
        nd_sink_value(vm->env.sink, v->type, v->p, nd_mf_str(vm->env.mf, (uint32_t)in->c));
        return 0;
    }
    if (v->type != ND_MF_NONE && (v->kind == VM_I64 || v->kind == VM_U64)) {
        nd_typed_put(vm_type(vm, v->type), &bytes, v->i);
        nd_sink_value(vm->env.sink, v->type, &bytes, "");
        return 0;
    }
    x.kind = plain[v->kind];
    x.i = v->kind == VM_F64 || v->kind == VM_STR ? 0 : v->i;
    x.d = v->kind == VM_F64 ? v->d : 0;
    x.s = v->kind == VM_STR ? (const char *)v->p : "";
    x.n = v->n;
    if (v->kind == VM_STR && !v->own) {
        vm->text.n = 0;
        vm_text(vm, v, &vm->text);
        x.s = vm->text.v ? vm->text.v : "";
        x.n = vm->text.n;
    }
    nd_sink_plain(vm->env.sink, &x);
    return 0;
}

// The record that its handler was called with.
int vm_op_record(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *v = vm_pop(vm, 1);
    const struct nd_mf_event *e = &vm->env.mf->events[in->c];

    if (!v)
        return -EINVAL;
    if (v->kind != VM_BYTES || v->type != e->type)
        return vm_fail(vm, EINVAL, "not the record of this event");
    nd_sink_event(vm->env.sink, e, v->p);
    return 0;
}
