// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzz target: any bytes as what the kernel hands over: the record of an event, keys and values of
// maps, for a script that prints values of every type in every format.
#include "fuzz.h"
#include "runtime/output/format.h"
#include "runtime/vm/vm.h"
#include "script.h"

#include <string.h>

static const char script[] =
    "event e { n: u64, i: i64, small: i8, s: string[16], a: ip, m: mac, p: prefix, d: ifname, t: "
    "time, k: kstack, u: ustack, b: bool, f: flow }\n"
    "rawtracepoint:sys_enter {\n"
    "    let $k: kstack; let $u: ustack; let $m: mac; let $p: prefix; let $f: flow; let $d: "
    "ifname;\n"
    "    send e { n: arg1, i: (i64)arg1, small: (i8)arg1, s: comm, a: ip(\"::1\"), m: $m, p: $p, "
    "d: "
    "$d, t: nsecs, k: $k, u: $u, b: arg1 == 1, f: $f };\n"
    "}\n"
    "on e { printf(\"%d %d %d %s %s %s %s %s %s %s %s %d %s\\n\", e.n, e.i, e.small, e.s, e.a, "
    "e.m, "
    "e.p, e.d, e.t, e.k, e.u, e.b, e.f); print(e); @last[e.s, e.a] = (e.n, e.m); @h = hist(e.n); "
    "@by[e.d] = avg(e.i) }\n"
    "every 1s { print(@last); print(@h); report(@by) }\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct nd_mf *mf;
    static uint8_t payload[65536];
    struct nd_fmt fmt;
    struct nd_sink_opts sink_opts = {.path = "/dev/null"};
    struct nd_vm_env env;
    struct nd_vm *vm;
    uint32_t i;

    if (!mf)
        mf = &loaded(script)->mf;
    if (!size)
        return 0;
    fmt = (struct nd_fmt){.mf = mf, .maps = nd_maps_new(mf, NULL)};
    sink_opts.kind = nd_sink_kind_at(data[0] & 3);
    data++, size--;
    for (i = 0; i < sizeof(payload) && size; i += (uint32_t)size)
        memcpy(payload + i, data, size < sizeof(payload) - i ? size : sizeof(payload) - i);
    env = (struct nd_vm_env){.mf = mf,
                             .maps = fmt.maps,
                             .sink = nd_sink_new(&sink_opts, &fmt),
                             .fmt = &fmt,
                             .opts = calloc(1, mf->h->opts_size + 8)};
    vm = nd_vm_new(&env);
    for (i = 0; i < mf->nevents; i++)
        if (mf->events[i].func != ND_MF_NONE &&
            mf->types[mf->events[i].type].size <= sizeof(payload))
            nd_vm_call(vm, mf->events[i].func, mf->events[i].type, payload, NULL);
    for (i = 0; i < mf->nhooks; i++)
        nd_vm_call(vm, mf->hooks[i].func, ND_MF_NONE, NULL, NULL);
    for (i = 0; i < mf->ntypes; i++) {
        struct nd_buf text = {0}, json = {0};

        if (mf->types[i].size > sizeof(payload))
            continue;
        nd_format_text(&fmt, i, payload, &text);
        nd_format_json(&fmt, i, payload, &json);
        free(text.v);
        free(json.v);
    }
    nd_vm_free(vm);
    nd_sink_close(env.sink);
    nd_maps_free(env.maps);
    free((void *)(uintptr_t)env.opts);
    return 0;
}
