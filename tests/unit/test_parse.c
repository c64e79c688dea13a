// SPDX-License-Identifier: GPL-2.0-or-later
// The tree that comes of a text: precedence, declarations, spans, recovery. Must not know types.
#include "unit.h"

#include "compiler/front/parse.h"

#include <stdlib.h>

static struct nd_decl *decl(struct nd_unit *u, uint32_t i)
{
    assert_int_equal(u->diags.errors, 0);
    assert_true(i < u->program.decls.n);
    return u->program.decls.v[i];
}

// An expression in prefix form: (+ 1 (* 2 3)).
static void show(const struct nd_expr *e, FILE *out)
{
    switch (e->kind) {
    case ND_E_INT:
        fprintf(out, "%llu", (unsigned long long)e->num);
        break;
    case ND_E_VAR:
    case ND_E_IDENT:
        fputs(e->name, out);
        break;
    case ND_E_UNARY:
    case ND_E_BINARY:
        fprintf(out, "(%s ", nd_op_text(e->op));
        show(e->a, out);
        if (e->b) {
            fputc(' ', out);
            show(e->b, out);
        }
        fputc(')', out);
        break;
    case ND_E_COND:
        fputs("(? ", out);
        show(e->a, out);
        fputc(' ', out);
        show(e->b, out);
        fputc(' ', out);
        show(e->c, out);
        fputc(')', out);
        break;
    case ND_E_FIELD:
        show(e->a, out);
        fprintf(out, ".%s", e->name);
        break;
    case ND_E_CAST:
        fprintf(out, "(%s)", e->texpr->name);
        show(e->a, out);
        break;
    case ND_E_IN:
        fputs("(in ", out);
        show(e->a, out);
        fputc(' ', out);
        show(e->b, out);
        fputc(')', out);
        break;
    default:
        fprintf(out, "<%d>", (int)e->kind);
        break;
    }
}

static void expect_tree(const char *expr, const char *want)
{
    char text[256], *have = NULL;
    struct nd_unit *u;
    size_t size;
    FILE *out;

    snprintf(text, sizeof(text), "BEGIN { $x = %s }", expr);
    u = parsed(text);
    out = open_memstream(&have, &size);
    show(decl(u, 0)->body->v[0]->rhs, out);
    fclose(out);
    assert_string_equal(have, want);
    free(have);
    nd_unit_free(u);
}

static void test_precedence(void **state)
{
    static const struct {
        const char *expr, *tree;
    } rows[] = {
        {"1 + 2 * 3", "(+ 1 (* 2 3))"},
        {"(1 + 2) * 3", "(* (+ 1 2) 3)"},
        {"1 - 2 - 3", "(- (- 1 2) 3)"},
        {"8 / 4 / 2", "(/ (/ 8 4) 2)"},
        {"1 << 2 + 3", "(<< 1 (+ 2 3))"},
        {"1 < 2 << 3", "(< 1 (<< 2 3))"},
        {"1 == 2 < 3", "(== 1 (< 2 3))"},
        {"1 & 2 == 3", "(& 1 (== 2 3))"},
        {"1 ^ 2 & 3", "(^ 1 (& 2 3))"},
        {"1 | 2 ^ 3", "(| 1 (^ 2 3))"},
        {"1 && 2 | 3", "(&& 1 (| 2 3))"},
        {"1 || 2 && 3", "(|| 1 (&& 2 3))"},
        {"1 ? 2 : 3 ? 4 : 5", "(? 1 2 (? 3 4 5))"},
        {"1 || 2 ? 3 : 4", "(? (|| 1 2) 3 4)"},
        {"-1 * 2", "(* (- 1) 2)"},
        {"!a == b", "(== (! a) b)"},
        {"~a & b", "(& (~ a) b)"},
        {"*a.b", "(* a.b)"},
        {"(u8)a + 1", "(+ (u8)a 1)"},
        {"a in b && c", "(&& (in a b) c)"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_tree(rows[i].expr, rows[i].tree);
}

static void test_declarations(void **state)
{
    struct nd_unit *u = parsed("option a_b: int[] required \"help\" alias x, y\n"
                               "const N = 1; struct s { u8 a : 3; int *p, ; };\n");

    (void)state;
    assert_true(u->diags.errors > 0); // "p, ;"
    nd_unit_free(u);
    u = parsed("option a_b: int[] required \"help\" alias x, y\n"
               "const N = 1 fn f(a: u8, b: struct sock *) -> bool { return true }\n"
               "let @m = lruhash(10);\n"
               "struct s { u8 a : 3; int *p; char name[16]; };\n"
               "event e { at: time, who: string[16] }\n"
               "probe kprobe:a, kprobe:b when opt.a_b / 1 / { }\n"
               "every 5s { } on e { } begin { } end { }\n");
    assert_int_equal(decl(u, 0)->kind, ND_D_OPTION);
    assert_true(decl(u, 0)->required);
    assert_true(decl(u, 0)->texpr->is_list);
    assert_string_equal(decl(u, 0)->help, "help");
    assert_int_equal(decl(u, 0)->aliases.n, 2);
    assert_int_equal(decl(u, 1)->kind, ND_D_CONST);
    assert_int_equal(decl(u, 2)->kind, ND_D_FN);
    assert_int_equal(decl(u, 2)->fields.n, 2);
    assert_int_equal(decl(u, 2)->fields.v[1].texpr->stars, 1);
    assert_int_equal(decl(u, 3)->kind, ND_D_MAP);
    assert_int_equal(decl(u, 4)->kind, ND_D_STRUCT);
    assert_int_equal(decl(u, 4)->fields.v[0].bits, 3);
    assert_int_equal(decl(u, 4)->fields.v[2].dims.v[0]->num, 16);
    assert_int_equal(decl(u, 5)->kind, ND_D_EVENT);
    assert_int_equal(decl(u, 6)->kind, ND_D_PROBE);
    assert_int_equal(decl(u, 6)->points.n, 2);
    assert_string_equal(decl(u, 6)->points.v[1].text, "kprobe:b");
    assert_non_null(decl(u, 6)->when);
    assert_non_null(decl(u, 6)->pred);
    assert_int_equal(decl(u, 7)->kind, ND_D_EVERY);
    assert_int_equal(decl(u, 8)->kind, ND_D_ON);
    assert_int_equal(decl(u, 9)->kind, ND_D_BEGIN);
    assert_int_equal(decl(u, 10)->kind, ND_D_END);
    nd_unit_free(u);
}

static void test_literals(void **state)
{
    struct nd_unit *u =
        parsed("BEGIN { $a = 5ms; $b = 2KiB; $c = 0x1F; $d = \"a\\x41\\n\"; $e = 1_000 }");
    struct nd_stmt **s = decl(u, 0)->body->v;

    (void)state;
    assert_int_equal(s[0]->rhs->num, 5000000);
    assert_int_equal(s[0]->rhs->lit_unit, ND_UNIT_DURATION);
    assert_int_equal(s[1]->rhs->num, 2048);
    assert_int_equal(s[2]->rhs->num, 31);
    assert_string_equal(s[3]->rhs->str, "aA\n");
    assert_int_equal(s[3]->rhs->len, 3);
    assert_int_equal(s[4]->rhs->num, 1000);
    nd_unit_free(u);
}

static void test_spans(void **state)
{
    const char text[] = "BEGIN { $x = (1 + foo) * 2; }";
    struct nd_unit *u = parsed(text);
    struct nd_expr *mul = decl(u, 0)->body->v[0]->rhs;

    (void)state;
    assert_int_equal(mul->span.off, 13);
    assert_int_equal(mul->span.len, 13); // with its parentheses
    assert_int_equal(mul->a->b->span.off, 18);
    assert_int_equal(mul->a->b->span.len, 3);
    nd_unit_free(u);
}

// A slash is a division inside a predicate, and its end before the brace.
static void test_predicates(void **state)
{
    struct nd_unit *u = parsed("BEGIN / 10 / 2 == 5 / { $a = 4 / 2; }");

    (void)state;
    assert_int_equal(decl(u, 0)->pred->op, ND_OP_EQ);
    assert_int_equal(decl(u, 0)->pred->a->op, ND_OP_DIV);
    assert_int_equal(decl(u, 0)->body->v[0]->rhs->op, ND_OP_DIV);
    nd_unit_free(u);
}

static void test_semicolons(void **state)
{
    static const char *const same[] = {
        "BEGIN { $x = 1; $y = 2; if 1 { $x = 3; } $y = 4; }",
        "BEGIN{$x=1;$y=2;if 1{$x=3}$y=4}",
        "BEGIN { ; $x = 1 ;; $y = 2 ; if 1 { $x = 3 } ; $y = 4 ; } ;",
        "BEGIN\n{\n$x=1\n;\n$y=2;if\n(1)\n{$x=3;}\n$y=4\n}\n",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        struct nd_unit *u = parsed(same[i]);

        assert_int_equal(decl(u, 0)->body->n, 4);
        assert_int_equal(decl(u, 0)->body->v[2]->kind, ND_S_IF);
        nd_unit_free(u);
    }
}

// One mistake does not hide the next one, nor the declarations after it.
static void test_recovery(void **state)
{
    struct nd_unit *u =
        parsed("BEGIN { $x = ; $y = 1; $z = ); }\nBEGIN { $a = ]; }\nconst N = 5\n");

    (void)state;
    assert_int_equal(u->diags.errors, 3);
    assert_int_equal(u->program.decls.n, 3);
    assert_int_equal(u->program.decls.v[2]->kind, ND_D_CONST);
    assert_int_equal(u->program.decls.v[0]->body->n, 1);
    nd_unit_free(u);
}

// A copy shares no node with the original: what is done to one is not seen in the other.
static void test_clone(void **state)
{
    struct nd_unit *u =
        parsed("fn f(a: int) -> int { if (a > 1) { return a + g(a, 2) } return a }\n"
               "path p by packet_id timeout 1s keep { q: u16 = pkt.queue }\n"
               " = a if (pkt.len > 1) -> b when (opt.x)\n");
    struct nd_decl *f = decl(u, 0), *p = decl(u, 1), *copy = nd_ast_clone(u->arena, f);
    struct nd_stmt *in = f->body->v[0], *out = copy->body->v[0];
    struct nd_expr *sum = in->body->v[0]->expr, *sum2 = out->body->v[0]->expr;

    (void)state;
    assert_string_equal(copy->name, "f");
    assert_int_equal(copy->fields.n, 1);
    assert_ptr_not_equal(copy->fields.v, f->fields.v);
    assert_ptr_not_equal(copy->fields.v[0].texpr, f->fields.v[0].texpr);
    assert_ptr_not_equal(copy->body, f->body);
    assert_int_equal(copy->body->n, 2);
    assert_ptr_not_equal(out->expr, in->expr);
    assert_ptr_not_equal(out->body, in->body);
    assert_int_equal(sum2->op, ND_OP_ADD);
    assert_ptr_not_equal(sum2->b->args.v, sum->b->args.v);
    assert_ptr_not_equal(sum2->b->args.v[1], sum->b->args.v[1]);
    assert_int_equal(sum2->b->args.v[1]->num, 2);
    sum2->b->args.v[1]->num = 3;
    assert_int_equal(sum->b->args.v[1]->num, 2);
    copy = nd_ast_clone(u->arena, p);
    assert_int_equal(copy->path->stages.n, 2);
    assert_ptr_not_equal(copy->path->key, p->path->key);
    assert_ptr_not_equal(copy->path->timeout, p->path->timeout);
    assert_ptr_not_equal(copy->path->keeps.v[0].value, p->path->keeps.v[0].value);
    assert_ptr_not_equal(copy->path->stages.v[0].cond, p->path->stages.v[0].cond);
    assert_ptr_not_equal(copy->path->stages.v[1].when, p->path->stages.v[1].when);
    nd_unit_free(u);
}

static void test_title(void **state)
{
    struct nd_unit *u =
        parsed("#!/usr/bin/env ndtrace\n// SPDX-License-Identifier: X\n// The title.\nBEGIN { }\n");

    (void)state;
    assert_string_equal(u->program.title, "The title.");
    nd_unit_free(u);
}

// What is used outside the block that sets it is declared at the start.
static void test_hoist(void **state)
{
    struct nd_unit *u = parsed("BEGIN { if (pid) { $a = 1; $b = 2 } else { $a = 3; print($b) } "
                               "print($a); $c = 1; let $d; while ($c) { $d = 1 } print($d) }");
    struct nd_block *b;

    (void)state;
    nd_parse_hoist(u->arena, &u->program.decls);
    b = decl(u, 0)->body;
    assert_int_equal(b->v[0]->kind, ND_S_LET);
    assert_string_equal(b->v[0]->expr->name, "b");
    assert_int_equal(b->v[1]->kind, ND_S_LET);
    assert_string_equal(b->v[1]->expr->name, "a");
    assert_int_equal(b->v[2]->kind, ND_S_IF);
    nd_unit_free(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precedence), cmocka_unit_test(test_declarations),
        cmocka_unit_test(test_literals),   cmocka_unit_test(test_spans),
        cmocka_unit_test(test_predicates), cmocka_unit_test(test_semicolons),
        cmocka_unit_test(test_recovery),   cmocka_unit_test(test_clone),
        cmocka_unit_test(test_hoist),      cmocka_unit_test(test_title),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
