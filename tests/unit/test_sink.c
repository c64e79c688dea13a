// SPDX-License-Identifier: GPL-2.0-or-later
// The same calls through the text and the JSON sink; buffering and failed writes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "build_types.h"
#include "fake_maps.h"
#include "runtime/output/sink.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    struct nd_arena *a;
    struct nd_mfb *b;
    struct nd_mf mf;
    struct nd_fmt f;
    uint32_t event, count, hist, scalar, dist, t_i64;
    char text[16384], json[16384];
};

static void start(struct fixture *x)
{
    uint32_t str, u16, c, h, d, key, ev;
    struct nd_mf_event e = {.func = ND_MF_NONE};
    struct nd_mf_site sites[2] = {
        {.kind = ND_SITE_EVENT_LOST, .map = ND_MF_NONE, .span = {0, 3, 5, 1}},
        {.kind = ND_SITE_MAP_FULL, .map = 0, .span = {0, 8, 1, 1}}};
    uint32_t size;

    memset(x, 0, sizeof(*x));
    x->a = nd_arena_new();
    x->b = nd_mfb_new(x->a);
    add_file(x->b, "dir/a \"b\".nd");
    str = add_type(x->b, ND_T_STRING, 8, 0, "");
    u16 = add_type(x->b, ND_T_INT, 2, 0, "");
    x->t_i64 = add_type(x->b, ND_T_INT, 8, ND_TF_SIGNED, "");
    c = add_type(x->b, ND_T_COUNT, 8, 0, "");
    h = add_type(x->b, ND_T_HIST, sizeof(struct nd_hist), ND_TF_SIGNED, "latency (us)");
    d = add_type(x->b, ND_T_DIST, sizeof(struct nd_dist), ND_TF_SIGNED, "");
    key = add_type(x->b, ND_T_TUPLE, 10, 0, "");
    add_field(x->b, key, "", str, 0, 0, 0);
    add_field(x->b, key, "", u16, 8, 0, 0);
    ev = add_type(x->b, ND_T_STRUCT, 10, 0, "event");
    add_field(x->b, ev, "dev", str, 0, 0, 0);
    add_field(x->b, ev, "port", u16, 8, 0, 0);
    e.name = nd_mfb_str(x->b, "drop");
    e.type = ev;
    x->event = nd_mfb_add(x->b, ND_SEC_EVENTS, &e, 1);
    x->count = add_map(x->b, "@count", key, c);
    x->hist = add_map(x->b, "@latency", str, h);
    x->scalar = add_map(x->b, "@", ND_MF_NONE, x->t_i64);
    x->dist = add_map(x->b, "@total", ND_MF_NONE, d);
    nd_mfb_add(x->b, ND_SEC_SITES, sites, 2);
    fake_mf(&x->mf, nd_mfb_finish(x->b, &size));
    x->f.mf = &x->mf;
}

static void stop(struct fixture *x)
{
    nd_arena_free(x->a);
}

typedef void calls(struct fixture *x, struct nd_sink *s);

static void capture(struct fixture *x, calls *fn, const char *format, char *out, size_t room)
{
    char path[] = "/tmp/nd_sink.XXXXXX";
    struct nd_sink_opts o = {.kind = nd_sink_kind_named(format), .path = path};
    struct nd_sink *s;
    ssize_t n;
    int fd;

    close(mkstemp(path));
    s = nd_sink_new(&o, &x->f);
    assert_non_null(s);
    fn(x, s);
    assert_int_equal(nd_sink_close(s), 0);
    fd = open(path, O_RDONLY);
    n = read(fd, out, room - 1);
    out[n > 0 ? n : 0] = '\0';
    close(fd);
    unlink(path);
}

// The times in it are cut out: "time":"..." and [date time] at the start of a line.
static void drop_times(char *s)
{
    char *p;

    while ((p = strstr(s, "\"time\":\"2")))
        memmove(p + 7, strchr(p + 8, '"') + 1, strlen(strchr(p + 8, '"')));
    while ((p = strstr(s, "[2")) && strstr(p, "] ==="))
        memmove(p, strstr(p, "] ===") + 2, strlen(strstr(p, "] ===") + 1));
}

static void both(calls *fn, const char *text, const char *json)
{
    struct fixture *x = calloc(1, sizeof(*x));

    start(x);
    capture(x, fn, "text", x->text, sizeof(x->text));
    capture(x, fn, "json", x->json, sizeof(x->json));
    drop_times(x->text);
    drop_times(x->json);
    assert_string_equal(x->text, text);
    assert_string_equal(x->json, json);
    stop(x);
    free(x);
}

static void put_header(struct fixture *x, struct nd_sink *s)
{
    static const struct nd_attached at[] = {{.spec = "tracepoint:net:x", .how = "raw tracepoint"},
                                            {.spec = "uprobe:a:b", .how = "uprobe \"a\" + 0x1"}};
    static const char *const names[] = {"interval"}, *const values[] = {"5s"};

    (void)x;
    nd_sink_header(s, "dir/a.nd", at, 2, 0, names, values, 1);
}

static void header(void **state)
{
    (void)state;
    both(put_header, "",
         "{\"type\":\"header\",\"schema\":1,\"version\":\"0.1.0\",\"script\":\"dir/a.nd\","
         "\"options\":{\"interval\":\"5s\"},\"probes\":[{\"probe\":\"tracepoint:net:x\",\"how\":"
         "\"raw tracepoint\"},{\"probe\":\"uprobe:a:b\",\"how\":\"uprobe \\\"a\\\" + 0x1\"}],"
         "\"time\":}\n");
}

static void put_values(struct fixture *x, struct nd_sink *s)
{
    int64_t v = -(1ll << 60);
    struct nd_plain p = {.kind = ND_PLAIN_STR, .s = "a\xff\n", .n = 3};
    uint8_t ev[10] = "eth0";

    nd_sink_printf(s, "no newline ", 11);
    nd_sink_printf(s, "a\tb\n", 4);
    nd_sink_value(s, x->t_i64, &v, "");
    nd_sink_plain(s, &p);
    p.kind = ND_PLAIN_F64;
    p.d = 0.25;
    nd_sink_plain(s, &p);
    p.kind = ND_PLAIN_U64;
    p.i = -1;
    nd_sink_plain(s, &p);
    ev[8] = 80;
    nd_sink_event(s, &x->mf.events[x->event], ev);
}

static void values(void **state)
{
    (void)state;
    both(put_values,
         "no newline a\tb\n-1152921504606846976\na\xff\n0.25\n18446744073709551615\n"
         "drop { .dev = eth0, .port = 80 }\n",
         "{\"type\":\"printf\",\"text\":\"no newline \"}\n"
         "{\"type\":\"printf\",\"text\":\"a\\tb\\n\"}\n"
         "{\"type\":\"value\",\"value\":-1152921504606846976}\n"
         "{\"type\":\"value\",\"value\":\"a\xef\xbf\xbd\\n\"}\n"
         "{\"type\":\"value\",\"value\":0.25}\n"
         "{\"type\":\"value\",\"value\":18446744073709551615}\n"
         "{\"type\":\"event\",\"name\":\"drop\",\"fields\":{\"dev\":\"eth0\",\"port\":80}}\n");
}

struct pair {
    char dev[8];
    uint16_t port;
} __attribute__((packed));

static void put_map(struct fixture *x, struct nd_sink *s)
{
    struct pair keys[4] = {{"b", 2}, {"a", 300}, {"a", 2}, {"c", 1}};
    uint64_t vals[4] = {7, 7, 7, 1};
    struct nd_copy c = {4, sizeof(keys[0]), 8, (uint8_t *)keys, (uint8_t *)vals};
    struct nd_copy none = {0, sizeof(keys[0]), 8, NULL, NULL};

    nd_sink_map(s, x->count, &c, 0, 0);
    nd_sink_map(s, x->count, &c, 2, 2);
    nd_sink_map(s, x->count, &none, 0, 0);
    nd_sink_entry(s, x->count, &keys[3], &vals[3]);
}

static void maps(void **state)
{
    (void)state;
    both(put_map,
         "@count[c, 1]: 1\n@count[a, 2]: 7\n@count[a, 300]: 7\n@count[b, 2]: 7\n"
         "@count[a, 300]: 3\n@count[b, 2]: 3\n"
         "1\n",
         "{\"type\":\"map\",\"name\":\"@count\",\"entries\":[{\"key\":[\"c\",1],\"value\":1},"
         "{\"key\":[\"a\",2],\"value\":7},{\"key\":[\"a\",300],\"value\":7},{\"key\":[\"b\",2],"
         "\"value\":7}]}\n"
         "{\"type\":\"map\",\"name\":\"@count\",\"div\":2,\"entries\":[{\"key\":[\"a\",300],"
         "\"value\":7},{\"key\":[\"b\",2],\"value\":7}]}\n"
         "{\"type\":\"map\",\"name\":\"@count\",\"entries\":[]}\n"
         "{\"type\":\"map\",\"name\":\"@count\",\"entries\":[{\"key\":[\"c\",1],\"value\":1}]}\n");
}

static void put_report(struct fixture *x, struct nd_sink *s)
{
    struct nd_loss loss[2] = {{&x->mf.sites[0], 0, 9}, {&x->mf.sites[1], 3, 3}};
    char keys[2][8] = {"b", "a"};
    struct nd_hist h[2] = {{.slot = {0, 1}}, {.slot = {0, 0, 1}}};
    struct nd_dist d = {0};
    struct nd_copy none = {0, 10, 8, NULL, NULL};
    struct nd_copy hist = {2, 8, sizeof(h[0]), (uint8_t *)keys, (uint8_t *)h};
    struct nd_copy dist = {1, 0, sizeof(d), NULL, (uint8_t *)&d};

    nd_sink_report_begin(s, 1040000000);
    nd_sink_map(s, x->count, &none, 0, 0);
    nd_sink_map(s, x->hist, &hist, 0, 0);
    nd_sink_map(s, x->dist, &dist, 0, 0);
    nd_sink_report_end(s, loss, 2);
    nd_sink_report_begin(s, 1);
    nd_sink_report_end(s, NULL, 0);
}

static void report(void **state)
{
    (void)state;
    both(put_report,
         "=== report (Interval: 1.0s) ===\n@count: (empty)\n"
         "@latency[a]:\n"
         "     latency (us)    : count    distribution\n"
         "        0 -> 1       :   0     |                                    |\n"
         "        2 -> 3       :   1     |************************************|\n"
         "@latency[b]:\n"
         "     latency (us)    : count    distribution\n"
         "        0 -> 1       :   1     |************************************|\n"
         "@total: (empty)\n"
         "Map full: 3 (dir/a \"b\".nd:8 @count: 3)\n"
         "=== report (Interval: 0.0s) ===\n",
         "{\"type\":\"report\",\"time\":,\"interval_ns\":1040000000,\"maps\":["
         "{\"name\":\"@count\",\"entries\":[]},"
         "{\"name\":\"@latency\",\"entries\":[{\"key\":\"a\",\"value\":[{\"min\":0,\"max\":1,"
         "\"count\":0},{\"min\":2,\"max\":3,\"count\":1}]},{\"key\":\"b\",\"value\":[{\"min\":0,"
         "\"max\":1,\"count\":1}]}]},"
         "{\"name\":\"@total\",\"entries\":[{\"key\":null,\"value\":{\"count\":0,\"sum\":0,"
         "\"min\":null,\"max\":null,\"avg\":null,\"p50\":null,\"p95\":null,\"p99\":null,"
         "\"buckets\":[]}}]}],"
         "\"loss\":[{\"kind\":\"map_full\",\"file\":\"dir/a \\\"b\\\".nd\",\"line\":8,\"col\":1,"
         "\"map\":\"@count\",\"count\":3}]}\n"
         "{\"type\":\"report\",\"time\":,\"interval_ns\":1,\"maps\":[],\"loss\":[]}\n");
}

static void put_end(struct fixture *x, struct nd_sink *s)
{
    struct nd_loss loss[2] = {{&x->mf.sites[0], 0, 9}, {&x->mf.sites[1], 0, 0}};
    struct nd_attached at[2] = {{.spec = "p:a", .how = "x"},
                                {.spec = "p:b", .how = "x", .missed = 4}};
    static const char *const heads[] = {"name", "n", "x"};
    static const char *const cells[] = {"a", "10", "-1.5", "longer", "n/a", "1e3", "05", "05", "x"};
    static const bool numeric[] = {false, true, false};

    nd_sink_table(
        s,
        &(struct nd_sink_table){
            .heads = heads, .cells = cells, .numeric = numeric, .gap = 2, .ncols = 3, .nrows = 3});
    nd_sink_summary(s, loss, 2, at, 2, 100, 2000000000);
}

static void end(void **state)
{
    (void)state;
    both(put_end,
         "name      n  x\na        10  -1.5\nlonger  n/a  1e3\n05       05  x\n"
         "Lost events: 9 (ring buffer full; dir/a \"b\".nd:3: 9)\nMissed: p:b: 4\n",
         "{\"type\":\"table\",\"columns\":[\"name\",\"n\",\"x\"],\"rows\":[[\"a\",10,\"-1.5\"],"
         "[\"longer\",\"n/a\",\"1e3\"],[\"05\",\"05\",\"x\"]]}\n"
         "{\"type\":\"summary\",\"events\":100,\"lost\":9,\"missed\":4,\"map_full\":0,"
         "\"evicted\":0,\"sites\":[{\"kind\":\"event_lost\",\"file\":\"dir/a \\\"b\\\".nd\","
         "\"line\":3,\"col\":5,\"map\":null,\"count\":9}],\"duration_ns\":2000000000}\n");
}

static void writes_are_large_and_complete(void **state)
{
    char path[] = "/tmp/nd_sink.XXXXXX";
    struct nd_sink_opts o = {.path = path};
    struct fixture *x = calloc(1, sizeof(*x));
    struct nd_sink *s;
    struct stat st;
    char *big = malloc(300000);
    int i;

    (void)state;
    memset(big, 'x', 300000);
    start(x);
    close(mkstemp(path));
    s = nd_sink_new(&o, &x->f);
    nd_sink_printf(s, "small\n", 6);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 0); // a file is not written record by record
    nd_sink_printf(s, big, 300000);  // larger than the whole buffer
    for (i = 0; i < 100000; i++)
        nd_sink_printf(s, "0123456789", 10);
    assert_int_equal(nd_sink_close(s), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 6 + 300000 + 1000000);
    unlink(path);
    free(big);
    stop(x);
    free(x);
}

static void failures_are_remembered(void **state)
{
    struct nd_sink_opts o = {.path = "/dev/full"}, none = {.path = "/no/such/folder/x"};
    struct nd_sink_opts out = {0};
    struct fixture *x = calloc(1, sizeof(*x));
    struct nd_sink *s;
    int p[2], keep;

    (void)state;
    start(x);
    errno = 0;
    assert_null(nd_sink_new(&none, &x->f));
    assert_int_equal(errno, ENOENT);
    s = nd_sink_new(&o, &x->f);
    nd_sink_printf(s, "a", 1);
    assert_int_equal(nd_sink_error(s), 0);
    assert_int_equal(nd_sink_flush(s), -ENOSPC);
    nd_sink_printf(s, "b", 1);
    assert_int_equal(nd_sink_error(s), -ENOSPC);
    assert_int_equal(nd_sink_close(s), -ENOSPC);
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(p), 0);
    fflush(stdout);
    keep = dup(1);
    dup2(p[1], 1);
    close(p[0]);
    close(p[1]);
    s = nd_sink_new(&out, &x->f); // to stdout
    nd_sink_printf(s, "a", 1);
    assert_int_equal(nd_sink_close(s), -EPIPE);
    dup2(keep, 1);
    close(keep);
    assert_int_equal(nd_sink_close(NULL), 0);
    stop(x);
    free(x);
}

static void formats_are_a_table(void **state)
{
    const struct nd_sink_kind *k, *first = nd_sink_kind_at(0);
    uint32_t i, n = 0;

    (void)state;
    for (i = 0; (k = nd_sink_kind_at(i)); i++) {
        assert_ptr_equal(nd_sink_kind_named(k->name), k);
        assert_true(*k->what);
        n += !k->records;
    }
    assert_int_equal(n, 1); // the only one for a person is also the one without a choice
    assert_false(first->records);
    assert_null(nd_sink_kind_named("tex"));
    assert_null(nd_sink_kind_named("text "));
    assert_string_equal(nd_sink_kind_of_file("a/b.json")->name, "json");
    assert_string_equal(nd_sink_kind_of_file("b.jsonl")->name, "json");
    assert_ptr_equal(nd_sink_kind_of_file("b.jsonx"), first);
    assert_ptr_equal(nd_sink_kind_of_file(".json"), first); // a name, not a suffix
    assert_ptr_equal(nd_sink_kind_of_file("json"), first);
    assert_ptr_equal(nd_sink_kind_of_file(""), first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_are_a_table),
        cmocka_unit_test(header),
        cmocka_unit_test(values),
        cmocka_unit_test(maps),
        cmocka_unit_test(report),
        cmocka_unit_test(end),
        cmocka_unit_test(writes_are_large_and_complete),
        cmocka_unit_test(failures_are_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
