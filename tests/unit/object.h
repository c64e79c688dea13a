// SPDX-License-Identifier: GPL-2.0-or-later
// For tests of the runtime: a BPF object from a C file (clang) and a manifest made by hand, and a
// run of the command line in a child with its output taken. Must not know the compiler proper.
#ifndef ND_TEST_OBJECT_H
#define ND_TEST_OBJECT_H

#include "compiler/front/arena.h"
#include "compiler/user/mfbuild.h"
#include "runtime/cli/cli.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PRELUDE                                                                            \
    "#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_tracing.h>\n" \
    "char _license[] SEC(\"license\") = \"GPL\";\n"                                        \
    "#undef __type\n#define __type(name, val) __uint(name##_size, sizeof(val))\n"

struct obj {
    struct nd_arena *a;
    struct nd_mfb *b;
    char dir[64], c[80], o[80], mf[80];
    uint32_t entries; // of its maps with keys
};

static inline void write_file(const char *path, const void *data, size_t n)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static inline void obj_begin(struct obj *o)
{
    uint32_t file;

    strcpy(o->dir, "/tmp/ndtrace-test-XXXXXX");
    assert_non_null(mkdtemp(o->dir));
    snprintf(o->c, sizeof(o->c), "%s/t.c", o->dir);
    snprintf(o->o, sizeof(o->o), "%s/t.ndo", o->dir);
    snprintf(o->mf, sizeof(o->mf), "%s/t.mf", o->dir);
    o->entries = 1024;
    o->a = nd_arena_new();
    o->b = nd_mfb_new(o->a);
    file = nd_mfb_str(o->b, o->c);
    nd_mfb_header(o->b)->files = nd_mfb_add(o->b, ND_SEC_WORDS, &file, 1);
    nd_mfb_header(o->b)->nfiles = 1;
    nd_mfb_header(o->b)->script = nd_mfb_str(o->b, "test.nd");
}

static inline void shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static inline void shell(const char *fmt, ...)
{
    char cmd[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(cmd, sizeof(cmd), fmt, ap);
    va_end(ap);
    if (system(cmd)) {
        fprintf(stderr, "failed: %s\n", cmd);
        fail();
    }
}

// Compiles the C text and puts the manifest into the object.
static inline void obj_end(struct obj *o, const char *text)
{
    struct nd_seal seal;
    uint32_t size;
    void *blob = nd_mfb_finish(o->b, &size);
    char elf[1 << 16];
    size_t n;
    FILE *f;

    write_file(o->mf, blob, size);
    write_file(o->c, text, strlen(text));
    shell("clang=$(sh .ci/llvm.sh clang) llvm=$($(sh .ci/llvm.sh config) --bindir) && cd %s && "
          "$clang -target bpf -g -O2 -D__TARGET_ARCH_x86 -DTEST_PID=%d "
          "-I/usr/include/$(uname -m)-linux-gnu -c t.c -o t.bpf && "
          "$llvm/llvm-objcopy --strip-debug --add-section .ndtrace=t.mf "
          "t.bpf t.ndo",
          o->dir, (int)getpid());
    f = fopen(o->o, "r+");
    assert_non_null(f);
    n = fread(elf, 1, sizeof(elf), f);
    assert_in_range(n, 1, sizeof(elf) - 1);
    seal = nd_mfb_seal_file(elf, n);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    assert_int_equal(fwrite(&seal, sizeof(seal), 1, f), 1);
    assert_int_equal(fclose(f), 0);
}

static inline void obj_free(struct obj *o)
{
    shell("rm -rf %s", o->dir);
    nd_arena_free(o->a);
}

// ---- pieces of manifests ----------------------------------------------------------------------

static inline uint32_t add_type(struct obj *o, uint32_t kind, uint32_t size)
{
    struct nd_mf_type t = {.kind = kind, .size = size, .elem = ND_MF_NONE};

    return nd_mfb_add(o->b, ND_SEC_TYPES, &t, 1);
}

// An attach point and a program with nothing but it.
static inline uint32_t add_prog(struct obj *o, const char *name, uint32_t type, uint32_t kind,
                                const char *spec, const char *s0, const char *s1, uint64_t num,
                                uint64_t num2)
{
    struct nd_mf_attach a = {.kind = kind,
                             .spec = nd_mfb_str(o->b, spec),
                             .s0 = nd_mfb_str(o->b, s0),
                             .s1 = nd_mfb_str(o->b, s1),
                             .num = num,
                             .num2 = num2,
                             .span = {0, 2, 3, 4}};
    struct nd_mf_prog p = {.name = nd_mfb_str(o->b, name),
                           .type = type,
                           .count = 1,
                           .when = ND_MF_NONE,
                           .span = {0, 1, 1, 3}};

    p.first = nd_mfb_add(o->b, ND_SEC_ATTACHES, &a, 1);
    return nd_mfb_add(o->b, ND_SEC_PROGS, &p, 1);
}

static inline uint32_t add_map(struct obj *o, const char *name, uint32_t kind, uint32_t flags,
                               uint32_t key, uint32_t val, const char *sym, const char *sym2,
                               uint32_t gen_off)
{
    struct nd_mf_map m = {.name = nd_mfb_str(o->b, name),
                          .kind = kind,
                          .flags = flags,
                          .key_type = key,
                          .val_type = val,
                          .max_entries = kind == ND_MAP_STACK     ? 64
                                         : flags & ND_MAPF_SCALAR ? 1
                                                                  : o->entries,
                          .sym = nd_mfb_str(o->b, sym),
                          .sym2 = nd_mfb_str(o->b, sym2),
                          .gen_off = gen_off};

    return nd_mfb_add(o->b, ND_SEC_MAPS, &m, 1);
}

static inline uint32_t add_func(struct obj *o, uint32_t nparams, uint32_t nlocals,
                                const struct nd_mf_insn *code, uint32_t n)
{
    struct nd_mf_func f = {.nparams = nparams, .nlocals = nlocals, .count = n};

    f.first = nd_mfb_add(o->b, ND_SEC_CODE, code, n);
    return nd_mfb_add(o->b, ND_SEC_FUNCS, &f, 1);
}

// ---- runs -------------------------------------------------------------------------------------

struct result {
    int code; // exit code, or 128 + signal
    char out[65536], err[65536];
};

struct started {
    pid_t pid;
    char out[80], err[80];
};

static inline void slurp(const char *path, char *text, size_t size)
{
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, size - 1, f) : 0;

    text[n] = 0;
    if (f)
        fclose(f);
}

// ndtrace WORDS..., NULL; stdout and stderr go to files in dir.
static inline void start_run(struct started *s, const char *dir, const char *const *words)
{
    char *argv[32];
    int n = 0;

    setenv("NDTRACE_CACHE", "off", 0);
    argv[n++] = (char *)(uintptr_t) "ndtrace";
    while (*words && n < 31)
        argv[n++] = (char *)(uintptr_t)*words++;
    argv[n] = NULL;
    snprintf(s->out, sizeof(s->out), "%s/out", dir);
    snprintf(s->err, sizeof(s->err), "%s/err", dir);
    unlink(s->out); // what an earlier run wrote must not be taken for this one's
    unlink(s->err);
    fflush(NULL);
    signal(SIGINT,
           SIG_DFL); // if it is ignored, one that comes before the run takes it is forgotten
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (!s->pid) {
        signal(SIGHUP, SIG_DFL); // the caller of the tests may ignore it, and so would ndtrace
        dup2(open(s->out, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
        dup2(open(s->err, O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
        exit(nd_cli(n, argv));
    }
}

static inline void end_run(struct started *s, struct result *r)
{
    int status;

    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    r->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    slurp(s->out, r->out, sizeof(r->out));
    slurp(s->err, r->err, sizeof(r->err));
}

static inline void run(struct result *r, const char *dir, const char *const *words)
{
    struct started s;

    start_run(&s, dir, words);
    end_run(&s, r);
}
#define RUN(r, x, ...) run(r, (x)->dir, (const char *const[]){(x)->o, ##__VA_ARGS__, NULL})

static inline void expect(const struct result *r, int code, const char *out, const char *err)
{
    if (r->code != code || (out && !strstr(r->out, out)) || (err && !strstr(r->err, err))) {
        fprintf(stderr, "exit %d\n--- stdout\n%s--- stderr\n%s---\n", r->code, r->out, r->err);
        fail();
    }
}

#endif
