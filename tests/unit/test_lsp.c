// SPDX-License-Identifier: GPL-2.0-or-later
// The language server: a recorded conversation (tests/lsp), and input that is not a conversation.
#include "compiler/lsp.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FACTS "tests/facts/base"

// Is all that `want` says in `have`?
static bool covers(json_t *have, json_t *want)
{
    const char *key;
    size_t i, k;
    json_t *v, *h;

    if (json_is_object(want)) {
        json_object_foreach(want, key, v)
        {
            h = json_object_get(have, key);
            if (!h || !covers(h, v))
                return false;
        }
        return json_is_object(have);
    }
    if (!json_is_array(want))
        return json_equal(have, want);
    json_array_foreach(want, i, v)
    {
        bool found = false;

        json_array_foreach(have, k, h)
        {
            found |= covers(h, v);
        }
        if (!found)
            return false;
    }
    return json_is_array(have) && (json_array_size(want) || !json_array_size(have));
}

static void check_answer(const char *line, FILE *out)
{
    json_t *want = json_loads(line, 0, NULL), *have;
    char head[64], *body;
    size_t n;

    assert_non_null(want);
    assert_non_null(fgets(head, sizeof(head), out));
    assert_int_equal(sscanf(head, "Content-Length: %zu", &n), 1);
    assert_non_null(fgets(head, sizeof(head), out));
    body = calloc(n + 1, 1);
    assert_int_equal(fread(body, 1, n, out), n);
    have = json_loads(body, 0, NULL);
    if (!have || !covers(have, want))
        fail_msg("answer: %s\nwanted: %s", body, line);
    json_decref(have);
    json_decref(want);
    free(body);
}

static int serve(const char *in, size_t n, char **out, size_t *size)
{
    FILE *i = fmemopen((void *)(uintptr_t)in, n, "r"), *o = open_memstream(out, size);
    struct nd_compile_opts opts = {.stdlib = "stdlib"};
    int code;

    if (access("/sys/kernel/btf/vmlinux", R_OK))
        opts.facts = FACTS;
    code = nd_lsp(&opts, i, o);
    fclose(i);
    fclose(o);
    return code;
}

static void conversation(void **state)
{
    FILE *f = fopen("tests/lsp/conversation.jsonl", "r"), *in, *answers;
    char *line = NULL, *sent = NULL, *out = NULL;
    size_t cap = 0, n, size;
    ssize_t len;

    (void)state;
    assert_non_null(f);
    in = open_memstream(&sent, &n);
    while ((len = getline(&line, &cap, f)) > 0) {
        if (line[0] == '>')
            fprintf(in, "Content-Length: %zd\r\n\r\n%.*s", len - 3, (int)len - 3, line + 2);
    }
    fclose(in);
    assert_int_equal(serve(sent, n, &out, &size), 0);
    answers = fmemopen(out, size, "r");
    rewind(f);
    while ((len = getline(&line, &cap, f)) > 0) {
        if (line[0] == '<')
            check_answer(line + 2, answers);
    }
    assert_int_equal(fgetc(answers), EOF);
    fclose(answers);
    fclose(f);
    free(line);
    free(sent);
    free(out);
}

static void nonsense(void **state)
{
    static const char *const inputs[] = {
        "x",
        "Content-Length: 5\r\n\r\n{",
        "Content-Length: 99999999999\r\n\r\n{}",
        "Content-Length: 2\r\n\r\n{}Content-Length: 2\r\n\r\n[]",
        "Content-Length: 40\r\n\r\n{\"id\":1,\"method\":\"textDocument/hover\"    }",
        "Content-Length: 49\r\n\r\n{\"method\":\"textDocument/didOpen\",\"params\":[1,2,3]}",
        "Content-Length: 55\r\n\r\n{\"id\":1,\"method\":\"textDocument/completion\",\"params\":{}} "
        " ",
    };
    size_t i, size;
    char *out;

    (void)state;
    for (i = 0; i < sizeof(inputs) / sizeof(*inputs); i++) {
        assert_int_equal(serve(inputs[i], strlen(inputs[i]), &out, &size), 1);
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(conversation), cmocka_unit_test(nonsense)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
