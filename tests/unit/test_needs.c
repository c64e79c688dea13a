// SPDX-License-Identifier: GPL-2.0-or-later
// What a portable object takes for granted: that the compiler writes it down, and that the runtime
// finds on a kernel, here the recorded one, what is so and what is not.
#include "unit.h"

#include "compiler/front/arena.h"
#include "compiler/user/mfbuild.h"
#include "runtime/kernel/needs.h"

#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// ---- the compiler's side -----------------------------------------------------------------------

static struct nd_unit *portable(const char *text, bool lower)
{
    const struct nd_compile_opts o = {
        .text = text, .facts = FACTS, .portable = true, .verify = true};
    struct nd_unit *u = nd_unit_new(&o);

    assert_non_null(u);
    nd_compile(u, lower ? "finish" : "check");
    return u;
}

static const struct nd_need *find(const struct nd_unit *u, enum nd_mf_need_kind kind,
                                  const char *type, const char *path)
{
    uint32_t i;

    for (i = 0; i < u->program.needs.n; i++) {
        const struct nd_need *n = &u->program.needs.v[i];

        if (n->kind == kind && !strcmp(n->type, type) && !strcmp(n->path, path))
            return n;
    }
    return NULL;
}

static void written_down(void **state)
{
    struct nd_unit *u = portable("rawtracepoint:net_dev_queue { @[args.skb->len, "
                                 "args.skb->dev->name, offsetof(struct sk_buff, len)] = count() }",
                                 true);
    const struct nd_need *n;

    (void)state;
    assert_int_equal(u->diags.errors, 0);
    n = find(u, ND_NEED_FIELD, "sk_buff", "len");
    assert_non_null(n);
    assert_int_equal(n->value, ND_FORM_INT);
    assert_int_equal(n->bytes, 0); // numbers may change their size
    n = find(u, ND_NEED_FIELD, "net_device", "name");
    assert_non_null(n);
    assert_int_equal(n->bytes, 16); // texts may not
    assert_non_null(find(u, ND_NEED_PLACE, "sk_buff", "len"));
    n = find(u, ND_NEED_RAW, "net_dev_queue", "skb");
    assert_non_null(n);
    assert_int_equal(n->value, 0);
    nd_unit_free(u);
}

static void sizes_are_relocated(void **state)
{
    struct nd_unit *u = portable("rawtracepoint:net_dev_queue { $s = args.skb; "
                                 "@[sizeof(struct sk_buff)] = count(); "
                                 "@x[sizeof(struct net_device) + 1] = count() }",
                                 true);

    (void)state;
    assert_int_equal(u->diags.errors, 0);
    assert_null(find(u, ND_NEED_SIZE, "sk_buff", ""));
    nd_unit_free(u);
}

static void answers_are_kept(void **state)
{
    struct nd_unit *u = portable("BEGIN { if has_field(struct sk_buff, len) { print(1) } "
                                 "if has_field(struct sk_buff, nonesuch) { print(2) } "
                                 "if kernel_at_least(5, 17) { print(3) } }",
                                 true);
    const struct nd_need *n;

    (void)state;
    assert_int_equal(u->diags.errors, 0);
    n = find(u, ND_NEED_FIELD, "sk_buff", "nonesuch");
    assert_non_null(n);
    assert_int_equal(n->flags, ND_NEEDF_NOT);
    n = find(u, ND_NEED_SINCE, "", "");
    assert_non_null(n);
    assert_int_equal(n->value, 5 << 16 | 17 << 8);
    nd_unit_free(u);
}

static void addresses_are_refused(void **state)
{
    struct nd_unit *u = portable("kprobe:0xffffffff81000000 { @ = count() }", true);

    (void)state;
    assert_int_equal(u->diags.errors, 1);
    assert_string_equal(nd_diag_code_name(u->diags.v[0]->code), "E0609");
    nd_unit_free(u);
}

// ---- the runtime's side ------------------------------------------------------------------------

// One need against the recorded kernel: NULL, or that it holds; else a part of what is said.
static void need(struct nd_mf_need n, const char *type, const char *path, const char *said)
{
    struct nd_arena *a = nd_arena_new();
    struct nd_mfb *b = nd_mfb_new(a);
    struct btf *btf = btf__parse_raw(FACTS "/btf");
    int saved = dup(2), err;
    char text[1000];
    struct nd_mf mf;
    const char *why;
    uint32_t size;
    void *blob;
    FILE *t = tmpfile();

    assert_non_null(btf);
    assert_non_null(t);
    n.type = nd_mfb_str(b, type);
    n.path = nd_mfb_str(b, path);
    nd_mfb_add(b, ND_SEC_NEEDS, &n, 1);
    blob = nd_mfb_finish(b, &size);
    assert_int_equal(nd_mf_open(&mf, blob, size, &why), 0);
    fflush(stderr);
    dup2(fileno(t), 2);
    err = nd_needs_check(&mf, btf);
    fflush(stderr);
    dup2(saved, 2);
    close(saved);
    rewind(t);
    text[fread(text, 1, sizeof(text) - 1, t)] = 0;
    fclose(t);
    if (err != (said ? -22 : 0) || (said ? !strstr(text, said) : !!*text))
        fail_msg("%s %s: %d, said: %s", type, path, err, text);
    btf__free(btf);
    nd_arena_free(a);
}
#define NEED(said, type, path, ...) need((struct nd_mf_need){__VA_ARGS__}, type, path, said)

static void fields(void **state)
{
    uint32_t size;
    struct nd_unit *u = checked("begin { print(sizeof(struct sk_buff)) }");
    struct nd_field f;
    const char *why;

    (void)state;
    assert_true(nd_type_field(
        &u->program.types, nd_type_named_struct(&u->program.types, ND_TAG_STRUCT, "sk_buff", &why),
        "len", &f));
    size = nd_type_named_struct(&u->program.types, ND_TAG_STRUCT, "sk_buff", &why)->size;
    NEED(NULL, "sk_buff", "len", .kind = ND_NEED_FIELD, .value = ND_FORM_INT);
    NEED("another kind of type", "sk_buff", "len", .kind = ND_NEED_FIELD, .value = ND_FORM_PTR);
    NEED(NULL, "net_device", "name", .kind = ND_NEED_FIELD, .bytes = 16, .value = ND_FORM_ARRAY);
    NEED("name of struct net_device has 16 bytes on this kernel, not 32: compile it on this kernel",
         "net_device", "name", .kind = ND_NEED_FIELD, .bytes = 32, .value = ND_FORM_ARRAY);
    NEED("struct sk_buff has no nonesuch on this kernel", "sk_buff", "nonesuch",
         .kind = ND_NEED_FIELD);
    NEED(NULL, "sk_buff", "nonesuch", .kind = ND_NEED_FIELD, .flags = ND_NEEDF_NOT);
    NEED("has a feature that was missing when the object was compiled (sk_buff len)", "sk_buff",
         "len", .kind = ND_NEED_FIELD, .flags = ND_NEEDF_NOT);
    NEED(NULL, "sk_buff", "dev.name", .kind = ND_NEED_FIELD);
    NEED("this kernel has no struct nonesuch", "nonesuch", "x", .kind = ND_NEED_FIELD);
    NEED(NULL, "sk_buff", "len", .kind = ND_NEED_PLACE, .value = f.off * 8);
    NEED("len of struct sk_buff is at byte", "sk_buff", "len", .kind = ND_NEED_PLACE,
         .value = f.off * 8 + 64);
    NEED(NULL, "sk_buff", "", .kind = ND_NEED_SIZE, .bytes = size);
    NEED("struct sk_buff has", "sk_buff", "", .kind = ND_NEED_SIZE, .bytes = size + 8);
    nd_unit_free(u);
}

static void machine(void **state)
{
    (void)state;
    NEED("compiled for pdp11", "pdp11", "", .kind = ND_NEED_ARCH);
    NEED("/nonesuch does not exist", "/nonesuch", "1-00000000", .kind = ND_NEED_FILE);
    NEED("is not the build", "/proc/self/exe", "1-00000000", .kind = ND_NEED_FILE);
    NEED(NULL, "", "", .kind = ND_NEED_SINCE, .value = 3 << 16);
    NEED("is older than 99.0", "", "", .kind = ND_NEED_SINCE, .value = 99 << 16);
    NEED(NULL, "", "", .kind = ND_NEED_SINCE, .value = 99 << 16, .flags = ND_NEEDF_NOT);
    NEED(NULL, "vfs_read", "count", .kind = ND_NEED_PARAM, .value = 2, .bytes = 2);
    NEED("2 words come before argument count of function vfs_read on this kernel, not 3",
         "vfs_read", "count", .kind = ND_NEED_PARAM, .value = 2, .bytes = 3);
    NEED(NULL, "vfs_read", "", .kind = ND_NEED_PARAM, .value = 4, .bytes = 4);
    NEED("function vfs_read has 4 arguments on this kernel, not 3", "vfs_read", "",
         .kind = ND_NEED_PARAM, .value = 3, .bytes = 3);
    NEED("has no argument nonesuch", "net_dev_queue", "nonesuch", .kind = ND_NEED_RAW);
    NEED("this kernel has no NONESUCH", "", "NONESUCH", .kind = ND_NEED_ENUM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_down),     cmocka_unit_test(sizes_are_relocated),
        cmocka_unit_test(answers_are_kept), cmocka_unit_test(addresses_are_refused),
        cmocka_unit_test(fields),           cmocka_unit_test(machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
