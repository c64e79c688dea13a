// SPDX-License-Identifier: GPL-2.0-or-later
// The CSV sink: quoting, columns of values with parts, sections and their headers, what was lost.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "build_types.h"
#include "fake_maps.h"
#include "runtime/output/sink.h"

#include <fcntl.h>
#include <unistd.h>

struct fixture {
    struct nd_arena *a;
    struct nd_mfb *b;
    struct nd_mf mf;
    struct nd_fmt f;
    uint32_t str, u8, u32, i64, count, hist, lhist, dist, stats, avg, time, flag, stack; // types
    uint32_t pair, inner, outer, list;
    uint32_t m_count, m_hist, m_dist, m_avg; // maps
    uint32_t event;
    struct nd_mf_path path;
    char out[16384];
};

static void types(struct fixture *x)
{
    struct nd_mf_type t = {
        .kind = ND_T_LHIST, .size = 32, .flags = ND_TF_SIGNED, .count = 4, .hi = 20, .step = 10};

    x->str = add_type(x->b, ND_T_STRING, 8, 0, "");
    x->u8 = add_type(x->b, ND_T_INT, 1, 0, "");
    x->u32 = add_type(x->b, ND_T_INT, 4, 0, "");
    x->i64 = add_type(x->b, ND_T_INT, 8, ND_TF_SIGNED, "");
    x->count = add_type(x->b, ND_T_COUNT, 8, 0, "");
    x->hist = add_type(x->b, ND_T_HIST, sizeof(struct nd_hist), ND_TF_SIGNED, "");
    x->lhist = nd_mfb_add(x->b, ND_SEC_TYPES, &t, 1);
    x->dist = add_type(x->b, ND_T_DIST, sizeof(struct nd_dist), ND_TF_SIGNED, "");
    x->stats = add_type(x->b, ND_T_STATS, 16, ND_TF_SIGNED, "");
    x->avg = add_type(x->b, ND_T_AVG, 16, ND_TF_SIGNED, "");
    x->time = add_type(x->b, ND_T_TIME, 8, 0, "");
    x->flag = add_type(x->b, ND_T_BOOL, 1, 0, "");
    x->stack = add_type(x->b, ND_T_KSTACK, 4, 0, "");
    t = (struct nd_mf_type){.kind = ND_T_ARRAY, .size = 8, .elem = x->u32, .count = 2};
    x->list = nd_mfb_add(x->b, ND_SEC_TYPES, &t, 1);
    x->inner = add_type(x->b, ND_T_TUPLE, 9, 0, "");
    add_field(x->b, x->inner, "", x->list, 0, 0, 0);
    add_field(x->b, x->inner, "", x->flag, 8, 0, 0);
    x->outer = add_type(x->b, ND_T_STRUCT, 33, 0, "event");
    add_field(x->b, x->outer, "at", x->time, 0, 0, 0);
    add_field(x->b, x->outer, "dev", x->str, 8, 0, 0);
    add_field(x->b, x->outer, "in", x->inner, 16, 0, 0);
    add_field(x->b, x->outer, "stack", x->stack, 28, 0, 0);
    add_field(x->b, x->outer, "n", x->u8, 32, 0, 0);
    x->pair = add_type(x->b, ND_T_TUPLE, 9, 0, "");
    add_field(x->b, x->pair, "", x->str, 0, 0, 0);
    add_field(x->b, x->pair, "", x->u8, 8, 0, 0);
}

static void start(struct fixture *x)
{
    static const char *const stages[] = {"in", "a,b"};
    struct nd_mf_event e = {.func = ND_MF_NONE};
    struct nd_mf_site sites[2] = {{.kind = ND_SITE_EVENT_LOST, .map = ND_MF_NONE},
                                  {.kind = ND_SITE_MAP_FULL, .map = 0, .span = {0, 8, 1, 1}}};
    uint32_t i, size;

    x->a = nd_arena_new();
    x->b = nd_mfb_new(x->a);
    add_file(x->b, "dir/a \"b\".nd");
    types(x);
    e.name = nd_mfb_str(x->b, "drop");
    e.type = x->outer;
    x->event = nd_mfb_add(x->b, ND_SEC_EVENTS, &e, 1);
    x->m_count = add_map(x->b, "@count", x->pair, x->count);
    x->m_hist = add_map(x->b, "@latency", x->str, x->hist);
    x->m_dist = add_map(x->b, "@total", ND_MF_NONE, x->dist);
    x->m_avg = add_map(x->b, "@mean", x->u32, x->avg);
    nd_mfb_add(x->b, ND_SEC_SITES, sites, 2);
    x->path.name = nd_mfb_str(x->b, "vm_out");
    x->path.nstages = 2;
    x->path.fate_off = ND_MF_NONE;
    x->path.stages = nd_mfb_count(x->b, ND_SEC_WORDS);
    for (i = 0; i < 2; i++) {
        uint32_t s = nd_mfb_str(x->b, stages[i]);

        nd_mfb_add(x->b, ND_SEC_WORDS, &s, 1);
    }
    fake_mf(&x->mf, nd_mfb_finish(x->b, &size));
    x->f.mf = &x->mf;
    x->f.maps = nd_maps_new(&x->mf, NULL);
}

// 2026-11-22T05:26:47.123456Z becomes T: the time of writing is not what is tested.
static void drop_times(char *s)
{
    for (; (s = strstr(s, "20")); s++) {
        if (strlen(s) > 26 && s[4] == '-' && s[10] == 'T' && s[26] == 'Z') {
            memmove(s + 1, s + 27, strlen(s + 27) + 1);
            *s = 'T';
        }
    }
}

typedef void calls(struct fixture *x, struct nd_sink *s);

static void check(calls *fn, const char *expected)
{
    char path[] = "/tmp/nd_csv.XXXXXX";
    struct nd_sink_opts o = {.kind = nd_sink_kind_of_file("a.csv"), .path = path};
    struct fixture *x = calloc(1, sizeof(*x));
    struct nd_sink *s;
    ssize_t n;
    int fd;

    assert_string_equal(o.kind->name, "csv");
    assert_true(o.kind->records);
    start(x);
    close(mkstemp(path));
    s = nd_sink_new(&o, &x->f);
    fn(x, s);
    assert_int_equal(nd_sink_close(s), 0);
    fd = open(path, O_RDONLY);
    n = read(fd, x->out, sizeof(x->out) - 1);
    close(fd);
    unlink(path);
    assert_true(n >= 0);
    drop_times(x->out);
    assert_string_equal(x->out, expected);
    nd_maps_free(x->f.maps);
    nd_arena_free(x->a);
    free(x);
}

static void put_plain(struct fixture *x, struct nd_sink *s)
{
    struct nd_plain p = {.kind = ND_PLAIN_STR, .s = "a,\"b\"\r\n", .n = 7};

    (void)x;
    nd_sink_header(s, "a.nd", NULL, 0, 0, NULL, NULL, 0);
    nd_sink_printf(s, "no quotes", 9);
    nd_sink_printf(s, "a line\n", 7);
    nd_sink_plain(s, &p);
    p.n = 0;
    nd_sink_plain(s, &p);
    p = (struct nd_plain){.kind = ND_PLAIN_F64, .d = 0.1};
    nd_sink_plain(s, &p);
    p.d = __builtin_nan("");
    nd_sink_plain(s, &p);
    p = (struct nd_plain){.kind = ND_PLAIN_U64, .i = -1};
    nd_sink_plain(s, &p);
    p.kind = ND_PLAIN_I64;
    nd_sink_plain(s, &p);
    nd_sink_fail(s, 2, "no, \"thanks\"");
    nd_sink_printf(s, "again", 5);
}

static void quoting(void **state)
{
    (void)state;
    check(put_plain, "record,name,time,text\n"
                     "printf,,T,no quotes\n"
                     "printf,,T,\"a line\n\"\n"
                     "record,name,time,interval_ns,value\n"
                     "value,,T,,\"a,\"\"b\"\"\r\n\"\n"
                     "value,,T,,\n"
                     "value,,T,,0.1\n"
                     "value,,T,,\n"
                     "value,,T,,18446744073709551615\n"
                     "value,,T,,-1\n"
                     "record,name,time,code,text\n"
                     "error,,T,2,\"no, \"\"thanks\"\"\"\n"
                     "record,name,time,text\n"
                     "printf,,T,again\n");
}

static void put_events(struct fixture *x, struct nd_sink *s)
{
    uint8_t ev[33] = {0};
    uint32_t list[2] = {7, 8};
    int32_t id = 1;

    memcpy(ev + 8, "a,b", 4);
    memcpy(ev + 16, list, 8);
    ev[24] = 1;
    memcpy(ev + 28, &id, 4);
    ev[32] = 9;
    x->f.maps->frames[0] = 0x1234;
    x->f.maps->frames[1] = 0x5678;
    x->f.maps->nframes = 2;
    x->f.wall_offset = 1700000000000000000;
    nd_sink_event(s, &x->mf.events[x->event], ev);
    id = -14;
    memcpy(ev + 28, &id, 4);
    nd_sink_event(s, &x->mf.events[x->event], ev);
    nd_sink_value(s, x->inner, ev + 16, "");
    nd_sink_value(s, x->i64, ev + 16, "");
}

static void columns_of_parts(void **state)
{
    (void)state;
    check(put_events, "record,name,at,dev,in.0.0,in.0.1,in.1,stack,n\n"
                      "event,drop,T,\"a,b\",7,8,true,0x1234;0x5678,9\n"
                      "event,drop,T,\"a,b\",7,8,true,error -14,9\n"
                      "record,name,time,interval_ns,value.0.0,value.0.1,value.1\n"
                      "value,,T,,7,8,true\n"
                      "record,name,time,interval_ns,value\n" // of another type
                      "value,,T,,34359738375\n");
}

static void put_report(struct fixture *x, struct nd_sink *s)
{
    struct {
        char dev[8];
        uint8_t q;
    } __attribute__((packed)) keys[2] = {{"b", 2}, {"a", 1}};
    struct nd_loss loss[2] = {{&x->mf.sites[0], 0, 9}, {&x->mf.sites[1], 3, 3}};
    uint64_t vals[2] = {7, 3}, mean[4] = {2, 5, 0, 0};
    uint32_t numbers[2] = {1, 2};
    struct nd_hist h[2] = {{.slot = {4, 1}}, {.slot = {0, 0, 1}}};
    struct nd_dist d = {0};
    struct nd_copy none = {0, 9, 8, NULL, NULL};
    struct nd_copy count = {2, 9, 8, (uint8_t *)keys, (uint8_t *)vals};
    struct nd_copy hist = {2, 8, sizeof(h[0]), (uint8_t *)"b\0\0\0\0\0\0\0a\0\0\0\0\0\0",
                           (uint8_t *)h};
    struct nd_copy dist = {1, 0, sizeof(d), NULL, (uint8_t *)&d};
    struct nd_copy avg = {2, 4, 16, (uint8_t *)numbers, (uint8_t *)mean};

    nd_sink_report_begin(s, 1040000000);
    nd_sink_map(s, x->m_count, &count, 0, 0);
    nd_sink_map(s, x->m_hist, &hist, 0, 0);
    nd_sink_map(s, x->m_dist, &dist, 0, 0);
    nd_sink_report_end(s, loss, 2);
    nd_sink_report_begin(s, 1);
    nd_sink_map(s, x->m_count, &none, 0, 0);
    nd_sink_report_end(s, NULL, 0);
    nd_sink_map(s, x->m_count, &count, 0, 0);
    nd_sink_map(s, x->m_count, &count, 1, 2);
    nd_sink_map(s, x->m_avg, &avg, 0, 0);
}

static void maps_and_reports(void **state)
{
    (void)state;
    check(put_report, "record,name,time,interval_ns,key.0,key.1,value\n"
                      "map,@count,T,1040000000,a,1,3\n"
                      "map,@count,T,1040000000,b,2,7\n"
                      "record,name,time,interval_ns,key,min,max,count\n"
                      "bucket,@latency,T,1040000000,a,0,1,0\n"
                      "bucket,@latency,T,1040000000,a,2,3,1\n"
                      "bucket,@latency,T,1040000000,b,,-1,4\n"
                      "bucket,@latency,T,1040000000,b,0,1,1\n"
                      "record,name,time,interval_ns,value.count,value.sum,value.min,value.max,"
                      "value.avg,value.p50,value.p95,value.p99\n"
                      "map,@total,T,1040000000,0,0,,,,,,\n"
                      "record,name,time,since,file,line,col,map,count\n"
                      "loss,map_full,T,report,\"dir/a \"\"b\"\".nd\",8,1,@count,3\n"
                      "record,name,time,interval_ns,key.0,key.1,value\n"
                      "map,@count,T,,a,1,3\n"
                      "map,@count,T,,b,2,7\n"
                      "record,name,time,interval_ns,div,key.0,key.1,value\n"
                      "map,@count,T,,2,b,2,7\n"
                      "record,name,time,interval_ns,key,value\n"
                      "map,@mean,T,,2,\n"
                      "map,@mean,T,,1,2.5\n");
}

static void put_values(struct fixture *x, struct nd_sink *s)
{
    uint64_t slots[4] = {1, 2, 0, 3};
    int64_t stats[2] = {3, 7};

    nd_sink_value(s, x->lhist, slots, "latency, us");
    nd_sink_value(s, x->stats, stats, "");
}

static void values_of_aggregations(void **state)
{
    (void)state;
    check(put_values, "record,name,time,interval_ns,min,max,count\n"
                      "bucket,\"latency, us\",T,,,-1,1\n"
                      "bucket,\"latency, us\",T,,0,9,2\n"
                      "bucket,\"latency, us\",T,,10,19,0\n"
                      "bucket,\"latency, us\",T,,20,,3\n"
                      "record,name,time,interval_ns,value.count,value.average,value.total\n"
                      "value,,T,,3,2.3333333333333335,7\n");
}

static void put_end(struct fixture *x, struct nd_sink *s)
{
    struct nd_loss loss[2] = {{&x->mf.sites[0], 0, 9}, {&x->mf.sites[1], 0, 0}};
    struct nd_attached at[2] = {{.spec = "p:a", .missed = 1},
                                {.spec = "p:b", .missed = 4, .untold = true}};
    static const char *const heads[] = {"na,me", "n"}, *const other[] = {"a", "b"};
    static const char *const cells[] = {"x", "10", "y\"", "n/a"};
    static const bool numeric[] = {false, true};
    uint64_t after[2] = {1, 1};
    struct nd_path_stat st = {
        .path = &x->path, .count = {100, 98}, .lost = 2, .under_way = 3, .lost_after = after};

    nd_sink_table(
        s,
        &(struct nd_sink_table){
            .heads = heads, .cells = cells, .numeric = numeric, .gap = 2, .ncols = 2, .nrows = 2});
    nd_sink_table(
        s,
        &(struct nd_sink_table){
            .heads = other, .cells = cells, .numeric = numeric, .gap = 2, .ncols = 2, .nrows = 1});
    nd_sink_path(s, &st);
    st.lost_after = NULL;
    nd_sink_path(s, &st);
    x->path.fate_off = 0; // one that asks what became of them
    st.elsewhere = 7;
    st.vanished = 8;
    nd_sink_table(
        s,
        &(struct nd_sink_table){
            .heads = other, .cells = cells, .numeric = numeric, .gap = 2, .ncols = 2, .nrows = 1});
    nd_sink_path(s, &st);
    nd_sink_summary(s, loss, 2, at, 2, 100, 2000000000);
}

static void tables_paths_and_the_end(void **state)
{
    (void)state;
    check(put_end, "record,name,time,\"na,me\",n\n"
                   "table,,T,x,10\n"
                   "table,,T,\"y\"\"\",n/a\n"
                   "record,name,time,a,b\n"
                   "table,,T,x,10\n"
                   "record,name,time,started,done,started_again,unmatched,rehit,out_of_order,lost,"
                   "under_way,lost_after.in,\"lost_after.a,b\"\n"
                   "path,vm_out,T,100,98,0,0,0,0,2,3,1,1\n"
                   "path,vm_out,T,100,98,0,0,0,0,2,3,0,0\n"
                   "record,name,time,a,b\n"
                   "table,,T,x,10\n"
                   "record,name,time,started,done,started_again,unmatched,rehit,out_of_order,lost,"
                   "under_way,lost_after.in,\"lost_after.a,b\",elsewhere,vanished\n"
                   "path,vm_out,T,100,98,0,0,0,0,2,3,0,0,7,8\n"
                   "record,name,time,since,file,line,col,map,count\n"
                   "loss,event_lost,T,start,,0,0,,9\n"
                   "record,name,time,events,lost,missed,missed_told,map_full,evicted,duration_ns\n"
                   "summary,,T,100,9,5,false,0,0,2000000000\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quoting),
        cmocka_unit_test(columns_of_parts),
        cmocka_unit_test(maps_and_reports),
        cmocka_unit_test(values_of_aggregations),
        cmocka_unit_test(tables_paths_and_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
