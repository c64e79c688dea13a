// SPDX-License-Identifier: GPL-2.0-or-later
// Types: layouts of the script's and the kernel's structs, members at any depth, unification, the
// text of a type. Must not know expressions.
#include "unit.h"

#include "compiler/kernel/btf.h"
#include "compiler/kernel/kernel.h"
#include "compiler/lang/types.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

static struct nd_type *named(struct nd_unit *u, enum nd_tag tag, const char *name)
{
    const char *why = NULL;
    struct nd_type *t = nd_type_named_struct(&u->program.types, tag, name, &why);

    assert_non_null(t);
    return t;
}

static void expect_field(struct nd_unit *u, struct nd_type *t, const char *name, uint32_t off,
                         const char *type)
{
    struct nd_field f;

    assert_true(nd_type_field(&u->program.types, t, name, &f));
    assert_int_equal(f.off, off);
    assert_string_equal(nd_type_text(&u->program.types, f.type), type);
}

static void test_script_struct(void **state)
{
    struct nd_unit *u =
        checked("struct inner { u8 a; u32 b; };\n"
                "struct s { u16 x; struct inner in1; u64 list[3]; char name[5]; u8 *p; };\n"
                "BEGIN { exit(); }");
    struct nd_type *t = named(u, ND_TAG_STRUCT, "s");

    (void)state;
    expect_field(u, t, "x", 0, "u16");
    expect_field(u, t, "in1", 4, "struct inner");
    expect_field(u, t, "list", 16, "u64[3]");
    expect_field(u, t, "name", 40, "string[5]");
    expect_field(u, t, "p", 48, "u8 *");
    assert_int_equal(t->size, 56);
    assert_int_equal(nd_type_align(t), 8);
    nd_unit_free(u);
}

// Bit-fields share a unit, and what follows comes right after them, as gcc lays it out.
static void test_bit_fields(void **state)
{
    struct nd_unit *u = checked(
        "struct s { u8 a : 3; u8 b : 5; u8 c; u32 d : 4; u32 e : 28; };\nBEGIN { exit(); }");
    struct nd_type *t = named(u, ND_TAG_STRUCT, "s");
    struct nd_field f;

    (void)state;
    assert_true(nd_type_field(&u->program.types, t, "b", &f));
    assert_int_equal(f.off * 8 + f.bit_off, 3);
    assert_int_equal(f.bits, 5);
    assert_true(nd_type_field(&u->program.types, t, "c", &f));
    assert_int_equal(f.off, 1);
    assert_int_equal(f.bits, 0);
    assert_true(nd_type_field(&u->program.types, t, "d", &f));
    assert_int_equal(f.off * 8 + f.bit_off, 16);
    nd_unit_free(u);
}

static void test_kernel_struct(void **state)
{
    struct nd_unit *u = checked("BEGIN { exit(); }");
    struct nd_type *skb = named(u, ND_TAG_STRUCT, "sk_buff"),
                   *ip = named(u, ND_TAG_STRUCT, "iphdr");
    struct nd_field f;

    (void)state;
    expect_field(u, skb, "next", 0, "struct sk_buff *");
    expect_field(u, skb, "dev", 16, "struct net_device *"); // through three anonymous levels
    expect_field(u, skb, "rbnode", 0, "struct rb_node");
    expect_field(u, skb, "cb", 40, "string[48]");
    expect_field(u, ip, "saddr", 12, "u32");
    assert_true(nd_type_field(&u->program.types, ip, "ihl", &f));
    assert_int_equal(f.bits, 4);
    assert_int_equal(f.off * 8 + f.bit_off, 0);
    assert_true(nd_type_field(&u->program.types, ip, "version", &f));
    assert_int_equal(f.off * 8 + f.bit_off, 4);
    assert_false(nd_type_field(&u->program.types, ip, "nonesuch", &f));
    assert_int_equal(ip->size, 20);
    nd_unit_free(u);
}

// A declaration of the script wins over the kernel's.
static void test_script_wins(void **state)
{
    struct nd_unit *u = checked("struct iphdr { u8 only; };\nBEGIN { exit(); }");

    (void)state;
    assert_int_equal(named(u, ND_TAG_STRUCT, "iphdr")->size, 1);
    nd_unit_free(u);
}

static void test_missing(void **state)
{
    struct nd_unit *u = checked("BEGIN { exit(); }");
    const char *why = "x";

    (void)state;
    assert_null(nd_type_named_struct(&u->program.types, ND_TAG_STRUCT, "nonesuch", &why));
    assert_null(nd_type_named_struct(&u->program.types, ND_TAG_ENUM, "sk_buff", &why));
    nd_unit_free(u);
}

static void test_signs(void **state)
{
    (void)state;
    assert_true(nd_type_signed(nd_type_int(1, false))); // fits a signed 64-bit number
    assert_true(nd_type_signed(nd_type_int(4, false)));
    assert_false(nd_type_signed(nd_type_int(8, false)));
    assert_true(nd_type_signed(nd_type_int(8, true)));
    assert_true(nd_type_signed(nd_ty(&nd_type_duration)));
    assert_false(nd_type_signed(nd_ty(&nd_type_time)));
    assert_true(nd_type_is_int(nd_ty(&nd_type_bool)));
    assert_false(nd_type_is_int(nd_ty(&nd_type_ip)));
    assert_true(nd_type_is_text(nd_ty(&nd_type_ifname)));
}

static void expect_unified(struct nd_unit *u, struct nd_type *a, struct nd_type *b,
                           const char *want)
{
    struct nd_types *t = &u->program.types;
    struct nd_type *x = nd_type_unify(t, a, b), *y = nd_type_unify(t, b, a);

    if (!want) {
        assert_null(x);
        assert_null(y);
        return;
    }
    assert_non_null(x);
    assert_non_null(y);
    assert_string_equal(nd_type_text(t, x), want);
    assert_string_equal(nd_type_text(t, y), want);
}

static void test_unify(void **state)
{
    struct nd_unit *u = checked("BEGIN { exit(); }");
    struct nd_types *t = &u->program.types;
    struct nd_type *s4 = nd_type_string(t, 4), *s9 = nd_type_string(t, 9);
    struct nd_type *t1[] = {nd_type_int(1, false), s4}, *t2[] = {nd_type_int(8, true), s9};
    struct nd_type *pair1 = nd_type_tuple(t, t1, 2), *pair2 = nd_type_tuple(t, t2, 2);

    (void)state;
    expect_unified(u, nd_type_int(1, false), nd_type_int(4, false), "u32");
    expect_unified(u, nd_type_int(4, false), nd_type_int(4, true), "i64");
    expect_unified(u, nd_type_int(8, false), nd_type_int(4, true), "u64");
    expect_unified(u, s4, s9, "string[9]");
    expect_unified(u, s4, nd_ty(&nd_type_ifname), "ifname");
    expect_unified(u, s4, nd_type_int(4, true), NULL);
    expect_unified(u, nd_ty(&nd_type_ip), nd_type_int(4, false), NULL);
    expect_unified(u, nd_ty(&nd_type_time), nd_ty(&nd_type_i64), "time");
    expect_unified(u, nd_ty(&nd_type_double), nd_ty(&nd_type_i64), "double");
    expect_unified(u, pair1, pair2, "(i64, string[9])");
    expect_unified(u, pair1, nd_type_tuple(t, t1, 1), NULL);
    assert_true(nd_type_equal(pair1, nd_type_tuple(t, t1, 2)));
    assert_false(nd_type_equal(pair1, pair2));
    nd_unit_free(u);
}

// f(int, in6_addr, sk_buff, int, in6_addr, int, in6_addr, int): 16 bytes take two registers, or
// none if there is one left; what is larger goes onto the stack (x86-64) or by its address
// (AAPCS64).
static void expect_places(const char *facts, const uint32_t want[][4], uint32_t all)
{
    const struct nd_compile_opts o = {.text = "BEGIN { exit(); }", .facts = facts};
    struct nd_unit *u = nd_unit_new(&o);
    struct nd_types *t = &u->program.types;
    struct nd_func_param p[8] = {0};
    const struct nd_func_sig sig = {.nparams = 8, .params = p};
    struct nd_btf *btf;
    const char *why;
    uint32_t i;

    assert_true(nd_compile(u, "check"));
    btf = nd_kernel_btf(t->kernel, &why);
    for (i = 0; i < 8; i++)
        p[i].type = nd_btf_find(btf, ND_BTF_INT, "int");
    p[1].type = p[4].type = p[6].type = nd_btf_find(btf, ND_BTF_STRUCT, "in6_addr");
    p[2].type = nd_btf_find(btf, ND_BTF_STRUCT, "iphdr"); // 20 bytes
    for (i = 0; i < 8; i++) {
        struct nd_param_place at;

        assert_true(p[i].type != 0);
        nd_type_param(t, &sig, i, &at);
        assert_int_equal(at.slot, want[i][0]);
        assert_int_equal(at.first, want[i][1]);
        assert_int_equal(at.words, want[i][2]);
        assert_int_equal(at.by_ref, want[i][3]);
    }
    assert_int_equal(nd_type_param_slots(t, &sig), all);
    nd_unit_free(u);
}

static void test_parameters(void **state)
{
    // first slot, first word, words, by its address
    static const uint32_t x86[][4] = {{0, 0, 1, 0}, {1, 1, 2, 0}, {3, 6, 3, 0},   {6, 3, 1, 0},
                                      {7, 4, 2, 0}, {9, 9, 1, 0}, {10, 10, 2, 0}, {12, 12, 1, 0}},
                          arm[][4] = {{0, 0, 1, 0}, {1, 1, 2, 0}, {3, 3, 1, 1},  {6, 4, 1, 0},
                                      {7, 5, 2, 0}, {9, 7, 1, 0}, {10, 8, 2, 0}, {12, 10, 1, 0}};
    char dir[] = "/tmp/ndtest-arm-XXXXXX", path[64], btf[4096];
    FILE *f;

    (void)state;
    expect_places(FACTS, x86, 13);
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/release", dir);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs("6.18.0 aarch64\n", f);
    fclose(f);
    assert_non_null(realpath(FACTS "/btf", btf));
    snprintf(path, sizeof(path), "%s/btf", dir);
    assert_int_equal(symlink(btf, path), 0);
    expect_places(dir, arm, 13);
    unlink(path);
    snprintf(path, sizeof(path), "%s/release", dir);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_script_struct), cmocka_unit_test(test_bit_fields),
        cmocka_unit_test(test_kernel_struct), cmocka_unit_test(test_script_wins),
        cmocka_unit_test(test_missing),       cmocka_unit_test(test_signs),
        cmocka_unit_test(test_unify),         cmocka_unit_test(test_parameters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
