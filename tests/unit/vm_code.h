// SPDX-License-Identifier: GPL-2.0-or-later
// Writes user code instruction by instruction, runs it and reads what it printed.
// Must not know what is tested. Serves the tests of the VM.
#ifndef ND_VM_CODE_H
#define ND_VM_CODE_H

#include "build_types.h"
#include "fake_maps.h"
#include "runtime/vm/vm.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

struct fixture {
    struct nd_arena *a;
    struct nd_mfb *b;
    struct nd_mf mf;
    struct nd_fmt f;
    struct nd_vm_env env;
    struct nd_vm *vm;
    char path[32];
    char out[65536];
    uint8_t opts[256];
    uint32_t t_i32, t_u64, t_i64, t_str, t_ip, t_prefix, t_time, t_dur, t_bool, t_dbl, t_buf;
    uint32_t first; // of the function being written
    int asked;
};

static inline void start(struct fixture *x)
{
    memset(x, 0, sizeof(*x));
    x->a = nd_arena_new();
    x->b = nd_mfb_new(x->a);
    x->t_i32 = add_type(x->b, ND_T_INT, 4, ND_TF_SIGNED, "");
    x->t_u64 = add_type(x->b, ND_T_INT, 8, 0, "");
    x->t_i64 = add_type(x->b, ND_T_INT, 8, ND_TF_SIGNED, "");
    x->t_str = add_type(x->b, ND_T_STRING, 16, 0, "");
    x->t_ip = add_type(x->b, ND_T_IP, 16, 0, "");
    x->t_prefix = add_type(x->b, ND_T_PREFIX, 20, 0, "");
    x->t_time = add_type(x->b, ND_T_TIME, 8, 0, "");
    x->t_dur = add_type(x->b, ND_T_DURATION, 8, 0, "");
    x->t_bool = add_type(x->b, ND_T_BOOL, 1, 0, "");
    x->t_dbl = add_type(x->b, ND_T_DOUBLE, 8, 0, "");
    x->t_buf = add_type(x->b, ND_T_BUF, 12, 0, "");
    add_file(x->b, "t.nd");
    setenv("TZ", "UTC", 1);
    tzset();
}

static inline void op(struct fixture *x, int code, int a, int b, int32_t c)
{
    struct nd_mf_insn in = {(uint8_t)code, (uint8_t)a, (uint16_t)b, c};

    nd_mfb_add(x->b, ND_SEC_CODE, &in, 1);
}

static inline void num(struct fixture *x, int64_t v)
{
    op(x, ND_VM_INT, 0, (int)x->t_i64, (int32_t)nd_mfb_const(x->b, (uint64_t)v));
}

static inline void typed(struct fixture *x, uint32_t type, int64_t v)
{
    op(x, ND_VM_INT, 0, (int)type, (int32_t)nd_mfb_const(x->b, (uint64_t)v));
}

static inline void dbl(struct fixture *x, double d)
{
    uint64_t v;

    memcpy(&v, &d, 8);
    op(x, ND_VM_DBL, 0, 0, (int32_t)nd_mfb_const(x->b, v));
}

static inline void str(struct fixture *x, const char *s)
{
    op(x, ND_VM_STR, 0, 0, (int32_t)nd_mfb_str(x->b, s));
}

static inline void bytes(struct fixture *x, uint32_t type, const void *p, uint32_t n)
{
    op(x, ND_VM_BYTES, 0, (int)type, (int32_t)nd_mfb_add(x->b, ND_SEC_BLOB, p, n));
}

static inline void printf_op(struct fixture *x, const char *fmt, int n)
{
    op(x, ND_VM_PRINTF, n, 0, (int32_t)nd_mfb_str(x->b, fmt));
}

static inline uint32_t here(struct fixture *x)
{
    return nd_mfb_count(x->b, ND_SEC_CODE) - x->first;
}

// Ends the function that began after the last one.
static inline uint32_t func(struct fixture *x, const char *name, uint32_t nparams, uint32_t nlocals)
{
    struct nd_mf_func f = {.name = nd_mfb_str(x->b, name),
                           .first = x->first,
                           .count = here(x),
                           .nparams = nparams,
                           .nlocals = nlocals,
                           .span = {0, 7, 1, 1}};

    x->first = nd_mfb_count(x->b, ND_SEC_CODE);
    return nd_mfb_add(x->b, ND_SEC_FUNCS, &f, 1);
}

static inline void ready(struct fixture *x)
{
    struct nd_sink_opts o = {.path = x->path};
    uint32_t size;

    strcpy(x->path, "/tmp/nd_vm.XXXXXX");
    close(mkstemp(x->path));
    fake_mf(&x->mf, nd_mfb_finish(x->b, &size));
    x->f.mf = &x->mf;
    x->env.mf = &x->mf;
    x->env.fmt = &x->f;
    x->env.maps = nd_maps_new(&x->mf, NULL);
    x->env.sink = nd_sink_new(&o, &x->f);
    x->env.opts = x->opts;
    x->vm = nd_vm_new(&x->env);
    assert_non_null(x->vm);
}

// What was printed since the last call.
static inline const char *output(struct fixture *x)
{
    int fd = open(x->path, O_RDWR);
    ssize_t n;

    assert_int_equal(nd_sink_flush(x->env.sink), 0);
    n = read(fd, x->out, sizeof(x->out) - 1);
    assert_true(n >= 0);
    x->out[n] = '\0';
    assert_int_equal(ftruncate(fd, 0), 0);
    close(fd);
    return x->out;
}

static inline void stop(struct fixture *x)
{
    nd_vm_free(x->vm);
    nd_maps_free(x->env.maps);
    nd_sink_close(x->env.sink);
    unlink(x->path);
    nd_arena_free(x->a);
}

// Runs function 0 and compares; the file is written from its start again each time.
static inline void gives(struct fixture *x, const char *want)
{
    func(x, "test", 0, 4);
    ready(x);
    if (nd_vm_call(x->vm, 0, 0, NULL, NULL))
        fail_msg("%s", nd_vm_error(x->vm));
    assert_string_equal(output(x), want);
    stop(x);
}

static inline void fails(struct fixture *x, uint32_t nlocals, int err, const char *text)
{
    func(x, "test", 0, nlocals);
    ready(x);
    assert_int_equal(nd_vm_call(x->vm, 0, 0, NULL, NULL), err);
    if (!strstr(nd_vm_error(x->vm), text))
        fail_msg("\"%s\" has no \"%s\"", nd_vm_error(x->vm), text);
    assert_non_null(strstr(nd_vm_error(x->vm), "t.nd:7"));
    stop(x);
}

#endif
