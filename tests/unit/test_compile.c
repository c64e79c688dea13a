// SPDX-License-Identifier: GPL-2.0-or-later
// The compiler as a process: what it is called with, what its exit means, crashes. A shell script
// stands for it. Must not know the compiler proper.
#include "object.h"

#include <sys/stat.h>

static void fake_compiler(const struct obj *o, const char *text)
{
    char path[96];

    snprintf(path, sizeof(path), "%s/cc.sh", o->dir);
    write_file(path, text, strlen(text));
    assert_int_equal(chmod(path, 0755), 0);
    setenv("NDTRACE_COMPILE", path, 1);
}

static void make(struct obj *o)
{
    const struct nd_mf_insn code[] = {{ND_VM_PRINTF, 0, 0, 0}, {ND_VM_RET, 0, 0, 0}};
    struct nd_mf_hook h = {.kind = ND_HOOK_BEGIN, .period_opt = ND_MF_NONE};
    struct nd_mf_insn mine[2];

    obj_begin(o);
    memcpy(mine, code, sizeof(mine));
    mine[0].c = (int32_t)nd_mfb_str(o->b, "it ran\n");
    h.func = add_func(o, 0, 0, mine, 2);
    nd_mfb_add(o->b, ND_SEC_HOOKS, &h, 1);
    nd_mfb_header(o->b)->title = nd_mfb_str(o->b, "A title.");
    obj_end(o, PRELUDE);
}

static void go(struct result *r, struct obj *o, const char *const *words)
{
    char path[96];
    struct started s;

    snprintf(path, sizeof(path), "%s/x.nd", o->dir);
    write_file(path, "// script\n", 10);
    setenv("NDTRACE_TEST_OBJ", o->o, 1);
    setenv("NDTRACE_TEST_MF", o->mf, 1);
    setenv("NDTRACE_TEST_ARGS", o->dir, 1);
    start_run(&s, o->dir, words);
    end_run(&s, r);
}
#define GO(r, x, ...) go(r, x, (const char *const[]){__VA_ARGS__, NULL})

#define GOOD                                                                                    \
    "#!/bin/sh\necho \"$@\" > $NDTRACE_TEST_ARGS/args\n"                                        \
    "case $1 in object) cat $NDTRACE_TEST_OBJ >&$3;; manifest) cat $NDTRACE_TEST_MF >&$3;; *) " \
    "echo other \"$@\";; esac\n"

static void expect_args(const struct obj *o, const char *want)
{
    char path[96], text[512];

    snprintf(path, sizeof(path), "%s/args", o->dir);
    slurp(path, text, sizeof(text));
    if (!strstr(text, want))
        fail_msg("\"%s\" is not in: %s", want, text);
}

static void test_good(void **state)
{
    char script[96], out[96];
    struct result r;
    struct obj o;

    (void)state;
    make(&o);
    fake_compiler(&o, GOOD);
    snprintf(script, sizeof(script), "%s/x.nd", o.dir);
    GO(&r, &o, "--duration", "10ms", script);
    expect(&r, 0, "it ran\n", NULL);
    expect_args(&o, "object --out-fd ");
    expect_args(&o, "/x.nd\n");
    GO(&r, &o, "--duration", "10ms", "-f", "json", "-p", "1", "-e", "begin { }");
    expect(&r, 0, "\"type\":\"header\"", NULL);
    expect_args(&o, " -p 1 -f json -e begin { }\n");
    GO(&r, &o, "-e", "begin { }", "--duration=10ms");
    expect(&r, 0, "it ran\n", NULL);
    GO(&r, &o, script, "--help");
    expect(&r, 0, "A title.\n", NULL);
    expect_args(&o, "manifest --out-fd ");
    GO(&r, &o, "explain", script);
    expect(&r, 0, "other explain ", NULL);
    GO(&r, &o, "-e", "begin { }"); // nothing to wait for: it ends by itself
    expect(&r, 0, "it ran\n", NULL);
    snprintf(out, sizeof(out), "%s/y.ndo", o.dir);
    GO(&r, &o, "compile", script, "-o", out);
    expect(&r, 0, "", NULL);
    shell("cmp %s %s", out, o.o);
    GO(&r, &o, out);
    expect(&r, 0, "it ran\n", NULL);
    GO(&r, &o, "compile", script);
    expect(&r, 2, "", "usage: ndtrace compile FILE -o TOOL.ndo");
    GO(&r, &o, "compile", script, "-o", "/dev/full");
    expect(&r, 1, "", "cannot write /dev/full: No space left on device");
    GO(&r, &o, "list", "tools", "*");
    expect(&r, 0, "other list tools *\n", NULL);
    GO(&r, &o, "check", script);
    expect(&r, 0, NULL, "the kernel's verifier accepts all 0 programs");
    obj_free(&o);
}

static void test_failures(void **state)
{
    char script[96];
    struct result r;
    struct obj o;

    (void)state;
    make(&o);
    snprintf(script, sizeof(script), "%s/x.nd", o.dir);
    fake_compiler(&o, "#!/bin/sh\necho 'x.nd:1:1: error' >&2; exit 2\n");
    GO(&r, &o, script);
    expect(&r, 2, "", "x.nd:1:1: error");
    assert_null(strstr(r.err, "ndtrace:")); // the compiler has said it all
    fake_compiler(&o, "#!/bin/sh\nkill -SEGV $$\n");
    GO(&r, &o, script);
    expect(&r, 1, NULL, "the compiler crashed (Segmentation fault)");
    fake_compiler(&o, "#!/bin/sh\nexit 0\n");
    GO(&r, &o, script);
    expect(&r, 1, NULL, "the compiler returned no object");
    fake_compiler(&o, "#!/bin/sh\necho no object >&$3\n");
    GO(&r, &o, script);
    expect(&r, 1, NULL, "it was not made by ndtrace compile");
    setenv("NDTRACE_COMPILE", "/nonesuch/cc", 1);
    GO(&r, &o, script);
    expect(&r, 1, NULL, "cannot start the compiler /nonesuch/cc: No such file or directory");
    GO(&r, &o, "fmt", script);
    expect(&r, 1, NULL, "cannot start the compiler");
    obj_free(&o);
}

static void test_words(void **state)
{
    struct result r;
    struct obj o;

    (void)state;
    make(&o);
    fake_compiler(&o, GOOD);
    GO(&r, &o, "--help");
    expect(&r, 0, "usage: ndtrace [FLAGS] FILE", NULL);
    GO(&r, &o, "--version");
    expect(&r, 0, "ndtrace ", NULL);
    run(&r, o.dir, (const char *const[]){NULL});
    expect(&r, 2, NULL, "usage: ndtrace [FLAGS] FILE");
    GO(&r, &o, "--nonesuch");
    expect(&r, 2, NULL, "unknown flag --nonesuch");
    GO(&r, &o, "-e");
    expect(&r, 2, NULL, "-e needs a value (PROGRAM)");
    GO(&r, &o, "no_such_tool");
    expect(&r, 2, NULL,
           "there is no script or tool \"no_such_tool\" here or in the standard library");
    GO(&r, &o, "-f", "xml", "-e", "x");
    expect(&r, 2, NULL, "unknown format \"xml\"");
    obj_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
