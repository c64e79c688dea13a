// SPDX-License-Identifier: GPL-2.0-or-later
// oldverifier 4.19|5.4|results OBJECT...: what these kernels would say of each program. The last
// line is "N passed, N failed", of programs. results: only the rule about results that verifiers
// misjudge.
#include "ov.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

struct run {
    const char *path;
    bool results; // only
    enum ov_kernel kernel;
    uint32_t passed, failed;
    uint64_t most;
};

static void look(void *arg, const struct ov_prog *p)
{
    struct run *r = arg;
    struct ov_said said = {0};
    bool ok = ov_results(p, &said) && (r->results || ov_check(p, r->kernel, &said));

    r->passed += ok;
    r->failed += !ok;
    if (!ok)
        printf("%s: %s: %u: %s\n", r->path, p->name, said.insn, said.text);
    if (said.steps > r->most)
        r->most = said.steps;
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
    (void)level;
    (void)fmt;
    (void)ap;
    return 0;
}

int main(int argc, char **argv)
{
    struct run r = {0};
    int i, err = 0;

    if (argc > 1 && !strcmp(argv[1], "4.19"))
        r.kernel = OV_4_19;
    else if (argc > 1 && !strcmp(argv[1], "5.4"))
        r.kernel = OV_5_4;
    else if (argc > 1 && !strcmp(argv[1], "results"))
        r.results = true;
    else
        argc = 0;
    if (!argc) {
        fprintf(stderr, "usage: oldverifier 4.19|5.4|results OBJECT...\n");
        return 2;
    }
    libbpf_set_print(quiet);
    for (i = 2; i < argc; i++) {
        r.path = argv[i];
        err |= ov_object(argv[i], look, &r);
    }
    printf("most steps: %llu\n", (unsigned long long)r.most);
    printf("%u passed, %u failed\n", r.passed, r.failed + (err != 0));
    return r.failed || err || !r.passed ? 1 : 0;
}
