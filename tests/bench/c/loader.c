// SPDX-License-Identifier: GPL-2.0-or-later
// Loads and attaches a baseline object, says "ready", prints its events, ends at SIGINT.
// Must not know the jobs, but the values of the flow filter and the layout of one event.
#include "event.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static volatile sig_atomic_t stop; // the only thing a signal handler may touch

static void on_signal(int sig)
{
    (void)sig;
    stop = 1;
}

static int on_event(void *ctx, void *data, size_t size)
{
    const struct bench_event *e = data;
    char from[16], to[16];

    (void)size;
    inet_ntop(AF_INET, &e->saddr, from, sizeof(from));
    inet_ntop(AF_INET, &e->daddr, to, sizeof(to));
    fprintf(ctx, "%llu %.16s %s:%u > %s:%u %u\n", (unsigned long long)e->at, e->dev, from,
            e->source, to, e->dest, e->len);
    return 0;
}

// SADDR DADDR SPORT DPORT into the read-only data of the flow filter, UDP.
static void set_flow(struct bpf_object *obj, char **v)
{
    struct bpf_map *map;
    struct {
        __u32 saddr, daddr;
        __u16 source, dest;
        __u8 protocol;
    } want = {inet_addr(v[0]), inet_addr(v[1]), htons((__u16)atoi(v[2])), htons((__u16)atoi(v[3])),
              17};
    size_t size;
    char *data;

    bpf_object__for_each_map(map, obj)
    {
        if (!strstr(bpf_map__name(map), ".rodata"))
            continue;
        data = (char *)bpf_map__initial_value(map, &size);
        if (data && size >= 13)
            memcpy(data, &want, 13);
    }
}

// Sum of a map of per-CPU counts, and how many keys it has.
static void print_sum(struct bpf_object *obj, const char *name)
{
    struct bpf_map *map = bpf_object__find_map_by_name(obj, name);
    int cpus = libbpf_num_possible_cpus();
    unsigned long long sum = 0, keys = 0;
    char key[64] = {0}, next[64];
    const char *prev = NULL;
    __u64 *vals;

    if (!map || cpus < 1)
        return;
    vals = calloc((size_t)cpus, sizeof(*vals));
    while (vals && bpf_map_get_next_key(bpf_map__fd(map), prev, next) == 0) {
        memcpy(key, next, sizeof(key));
        prev = key;
        keys++;
        if (bpf_map_lookup_elem(bpf_map__fd(map), key, vals) == 0)
            for (int i = 0; i < cpus; i++)
                sum += vals[i];
    }
    free(vals);
    fprintf(stderr, "%s: %llu in %llu keys\n", name, sum, keys);
}

int main(int argc, char **argv)
{
    struct sigaction sa = {.sa_handler = on_signal};
    struct ring_buffer *ring = NULL;
    struct bpf_program *prog;
    struct bpf_object *obj;
    struct bpf_map *events;

    if (argc != 2 && argc != 6) {
        fprintf(stderr, "usage: %s OBJECT [SADDR DADDR SPORT DPORT]\n", argv[0]);
        return 2;
    }
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    setvbuf(stdout, NULL, _IOFBF, 1 << 18);
    obj = bpf_object__open_file(argv[1], NULL);
    if (!obj)
        return 1;
    if (argc == 6)
        set_flow(obj, argv + 2);
    if (bpf_object__load(obj))
        return 1;
    bpf_object__for_each_program(prog, obj) if (!bpf_program__attach(prog)) return 1;
    events = bpf_object__find_map_by_name(obj, "events");
    if (events)
        ring = ring_buffer__new(bpf_map__fd(events), on_event, stdout, NULL);
    fprintf(stderr, "ready\n");
    while (!stop) {
        if (ring && ring_buffer__poll(ring, 20) >= 0)
            ring_buffer__consume(ring); // what no wake-up was sent for
        else
            poll(NULL, 0, 100);
    }
    if (ring)
        ring_buffer__consume(ring);
    fflush(stdout);
    print_sum(obj, "counts");
    print_sum(obj, "lost");
    return 0; // the kernel detaches what the process leaves
}
