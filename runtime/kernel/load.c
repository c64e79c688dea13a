// SPDX-License-Identifier: GPL-2.0-or-later
// Finds the manifest in the object, puts option values in place and lets libbpf load the programs
// with the types and attach ids from the manifest. Must not know how they are attached.
#include "runtime/kernel/load_impl.h"

#include "runtime/common/msg.h"
#include "runtime/common/probekinds.h"
#include "runtime/kernel/attach_multi.h"
#include "runtime/kernel/memory.h"
#include "runtime/kernel/needs.h"
#include "runtime/kernel/twin.h"
#include "runtime/kernel/verifier.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// ---- the object --------------------------------------------------------------------------------

static int no_memory(void)
{
    nd_msg("error: out of memory");
    return -ENOMEM;
}

static int take_manifest(struct nd_load *l, const void *blob, size_t size)
{
    const char *why;

    l->manifest = calloc(1, size + 8);
    if (!l->manifest)
        return no_memory();
    memcpy(l->manifest, blob, size);
    if (nd_mf_open(&l->mf, l->manifest, size, &why)) {
        nd_msg("error: the object's manifest is unusable: %s", why);
        return -EINVAL;
    }
    return 0;
}

int nd_load_open_manifest(struct nd_load *l, const void *blob, size_t size)
{
    memset(l, 0, sizeof(*l));
    return take_manifest(l, blob, size);
}

// The object in memory of our own: what was looked at is what is loaded.
static int take_object(struct nd_load *l, const void *file, size_t size)
{
    const char *why = "it is too large";

    if (size <= ND_VET_BYTES) {
        l->elf = malloc(size + 1);
        if (!l->elf)
            return no_memory();
        memcpy(l->elf, file, size);
    }
    if (!l->elf || nd_mf_unseal(l->elf, size, &l->elf_size, &why)) {
        nd_msg("error: this object cannot be used: %s", why);
        return -EINVAL;
    }
    return 0;
}

static int refused(const struct nd_load *l)
{
    nd_msg("error: this object is refused: %s", l->vet.why);
    return -EINVAL;
}

int nd_load_open(struct nd_load *l, const void *file, size_t size)
{
    const char *bad;
    int err, n;

    memset(l, 0, sizeof(*l));
    nd_features_init(&l->features, &bad, &n);
    err = take_object(l, file, size);
    if (err)
        return err;
    if (nd_vet_open(&l->vet, l->elf, l->elf_size))
        return refused(l);
    err = take_manifest(l, l->vet.manifest, l->vet.manifest_size);
    if (err)
        return err;
    if (nd_vet_object(&l->vet, &l->mf))
        return refused(l);
    if (!(l->mf.h->flags & ND_MF_IMM) &&
        ((l->mf.h->opts_size && !l->vet.has_opts) || (l->mf.h->state_size && !l->vet.has_state))) {
        nd_msg("error: the object has no room for option values or loss counters");
        return -EINVAL;
    }
    return 0;
}

// ---- into the kernel ---------------------------------------------------------------------------

// libbpf's print hook has no argument for us, so where its text goes is the one piece of state
// that is not in a struct; set for the duration of one load only.
static _Thread_local FILE *capture;

__attribute__((format(printf, 2, 0))) static int print_capture(enum libbpf_print_level level,
                                                               const char *fmt, va_list ap)
{
    if (!capture || level == LIBBPF_DEBUG)
        return 0;
    return vfprintf(capture, fmt, ap);
}

struct prepare { // what the load callback needs
    struct nd_load *l;
    struct nd_load_btf btf;
    const uint8_t *opts;   // values, laid out as nd_opts
    struct nd_twin *twins; // of each program
};

// ND_MF_IMM: the words of options into the program's immediates, all that the manifest lists.
static int place_words(struct prepare *p, struct bpf_program *prog, const struct nd_mf_prog *mp)
{
    size_t n = bpf_program__insn_cnt(prog), i;
    struct bpf_insn *code;
    uint32_t found = 0;
    int err;

    if (!(p->l->mf.h->flags & ND_MF_IMM))
        return 0;
    code = malloc((n + 1) * sizeof(*code));
    if (!code)
        return -ENOMEM;
    memcpy(code, bpf_program__insns(prog), n * sizeof(*code));
    for (i = 0; i + 1 < n; i++) {
        uint32_t word = (uint32_t)code[i].imm;

        if (code[i].code != (BPF_LD | BPF_IMM | BPF_DW))
            continue;
        if (code[i].src_reg == ND_OPT_IMM && word * 8ull + 8 <= p->l->mf.h->opts_size) {
            code[i].src_reg = 0;
            memcpy(&code[i].imm, p->opts + word * 8ul, 4);
            memcpy(&code[i + 1].imm, p->opts + word * 8ul + 4, 4);
            found++;
        }
        i++;
    }
    err = found == mp->nimm ? bpf_program__set_insns(prog, code, n) : -EINVAL;
    free(code);
    if (err)
        nd_msg_at(&p->l->mf, &mp->span, "error",
                  "the object has room for %u option values here, but its manifest says %u", found,
                  mp->nimm);
    return err;
}

static int prepare_load(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long cookie)
{
    struct prepare *p = (struct prepare *)cookie;
    const struct nd_mf *mf = &p->l->mf;
    uint32_t i;
    int err;

    for (i = 0; i < mf->nprogs && p->l->progs[i] != prog; i++)
        ;
    if (i == mf->nprogs)
        return 0;
    err = place_words(p, prog, &mf->progs[i])
              ?: nd_load_check_final(p->l, prog, &mf->progs[i])
              ?: nd_load_target(p->l, &p->btf, i, nd_load_is_direct(p->l, i), opts);
    if (!err)
        p->twins[i] = nd_twin_of(&p->l->features, prog, opts);
    return err;
}

static const struct {
    enum bpf_prog_type type;
    enum bpf_attach_type attach;
} prog_types[] = {
#define ND_PROGRAM(id, section, type, expected, ...) \
    [ND_PROG_##id] = {BPF_PROG_TYPE_##type, expected},
#include "runtime/common/probes.def"
};

// The program type for what a program does; those that we run ourselves may need another one.
static void set_type(struct nd_load *l, struct bpf_program *prog, uint32_t type)
{
    if (type == ND_PROG_TEST_RUN && !nd_features_has(&l->features, ND_F_TEST_RUN)) {
        l->no_test_run = true;
        type = ND_PROG_KPROBE;
    }
    bpf_program__set_type(prog, prog_types[type].type);
    bpf_program__set_expected_attach_type(prog, prog_types[type].attach);
}

// Is this one loaded as the program that the verifier knows the types for?
bool nd_load_is_direct(const struct nd_load *l, uint32_t prog)
{
    return l->direct && *nd_mf_str(&l->mf, l->mf.progs[prog].direct);
}

#define TYPED_EVENT "btf_trace_" // before the name of the event, in BTF

// The id of the event: known on the kernel of the compilation, else libbpf looks for it in the BTF
// that it reads anyway.
static int target_direct(const struct nd_load *l, struct bpf_program *prog,
                         const struct nd_mf_prog *p)
{
    const char *name = nd_mf_str(&l->mf, p->btf_name);

    if (p->attach_btf_id && nd_needs_same_kernel(&l->mf))
        return bpf_program__set_attach_target(prog, 1, NULL); // see below
    name += strncmp(name, TYPED_EVENT, strlen(TYPED_EVENT)) ? 0 : strlen(TYPED_EVENT);
    return bpf_program__set_attach_target(prog, 0, name);
}

static int select_progs(struct nd_load *l, struct bpf_object *obj, const bool *wanted)
{
    struct bpf_program *prog;
    const char *name;
    uint32_t i;
    int err;

    bpf_object__for_each_program(prog, obj) bpf_program__set_autoload(prog, false);
    for (i = 0; i < l->mf.nprogs; i++) {
        const struct nd_mf_prog *p = &l->mf.progs[i];

        if (!wanted[i])
            continue;
        name = nd_mf_str(&l->mf, nd_load_is_direct(l, i) ? p->direct : p->name);
        prog = bpf_object__find_program_by_name(obj, name);
        if (!prog) {
            nd_msg("error: the object lacks its program %s", name);
            return -EINVAL;
        }
        l->progs[i] = prog;
        bpf_program__set_autoload(prog, true);
        set_type(l, prog, nd_load_is_direct(l, i) ? ND_PROG_TP_BTF : p->type);
        if (nd_load_is_direct(l, i)) {
            err = target_direct(l, prog, p);
            if (err)
                return err;
            continue;
        }
        l->multi[i] = nd_multi_fits(&l->mf, p) && nd_features_has(&l->features, ND_F_KPROBE_MULTI);
        if (l->multi[i])
            bpf_program__set_expected_attach_type(prog, BPF_TRACE_KPROBE_MULTI);
        // With a target program set, libbpf does not read vmlinux BTF (10 ms) for the id that the
        // manifest has already.
        if (nd_kind_is(p->type, ND_PF_TYPED))
            bpf_program__set_attach_target(prog, 1, NULL);
    }
    return 0;
}

static int place_options(struct nd_load *l, struct bpf_object *obj, const void *opts)
{
    struct bpf_map *map = bpf_object__find_map_by_name(obj, ".rodata");
    uint32_t n = l->mf.h->opts_size;
    size_t size = 0;
    uint8_t *data;

    if (!n || (l->mf.h->flags & ND_MF_IMM))
        return 0;
    data = map ? (uint8_t *)(uintptr_t)bpf_map__initial_value(map, &size) : NULL;
    if (!data || l->vet.opts_off > size || n > size - l->vet.opts_off) {
        nd_msg("error: the object has no room for option values");
        return -EINVAL;
    }
    memcpy(data + l->vet.opts_off, opts, n);
    return 0;
}

static int no_place(void)
{
    nd_msg("error: the object has no room for loss counters");
    return -EINVAL;
}

// ND_MF_SPLIT: nd_state is reached through system calls.
static int find_state(struct nd_load *l, struct bpf_object *obj, const struct bpf_map *map,
                      uint32_t off)
{
    const struct bpf_map *words = bpf_object__find_map_by_name(obj, ND_WORDS_SYM);

    if (!words || bpf_map__value_size(words) != 8 ||
        bpf_map__max_entries(words) < l->mf.h->words_size / 8)
        return no_place();
    l->state.value = calloc(1, bpf_map__value_size(map));
    if (!l->state.value)
        return -ENOMEM;
    l->state.words_fd = bpf_map__fd(words);
    l->state.data_fd = bpf_map__fd(map);
    l->state.words = l->mf.h->words_size;
    l->state.off = off;
    l->state.split = true;
    return 0;
}

// Maps the counters into our memory: programs and we then see the same words.
static int map_state(struct nd_load *l, struct bpf_object *obj)
{
    uint32_t flags = l->mf.h->flags, n = l->mf.h->state_size, size;
    uint32_t off = flags & ND_MF_IMM ? 0 : l->vet.state_off;
    struct bpf_map *map =
        bpf_object__find_map_by_name(obj, flags & ND_MF_IMM ? ND_STATE_SYM : ".bss");
    void *p;

    if (!n)
        return 0;
    size = map ? bpf_map__value_size(map) : 0;
    if (!map || off > size || n > size - off)
        return no_place();
    if (flags & ND_MF_SPLIT)
        return find_state(l, obj, map, off);
    p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
    if (p == MAP_FAILED) {
        nd_msg("error: cannot share the programs' counters: %s", strerror(errno));
        return -ENOTSUP;
    }
    l->bss = p;
    l->bss_size = size;
    l->state.shared = l->bss + off;
    return 0;
}

// ND_MF_IMM: lists of options that programs read by index.
static int fill_lists(struct nd_load *l, struct bpf_object *obj, const void *opts)
{
    const struct bpf_map *map = bpf_object__find_map_by_name(obj, ND_OPTS_SYM);
    uint32_t key = 0;

    if (!map || !(l->mf.h->flags & ND_MF_IMM))
        return 0;
    if (bpf_map__value_size(map) > l->mf.h->opts_size ||
        bpf_map_update_elem(bpf_map__fd(map), &key, opts, BPF_ANY)) {
        nd_msg("error: the object has no room for option values");
        return -EINVAL;
    }
    return 0;
}

int nd_load_fits(struct nd_load *l)
{
    bool same_kernel = nd_needs_same_kernel(&l->mf);
    const char *kernel = nd_mf_str(&l->mf, l->mf.h->kernel);
    struct btf *btf = NULL;
    int err;

    if (!same_kernel && *kernel && !(l->mf.h->flags & ND_MF_PORTABLE)) {
        nd_msg("error: this object fits only the Linux %s that it was compiled on; compile the "
               "script here, or with ndtrace compile for other kernels as well",
               kernel);
        return -EINVAL;
    }
    if (nd_load_check_places(l))
        return -EINVAL;
    // libbpf looks for the kernel's types by itself only where there is BTF of its own.
    if (nd_needs_btf(&l->mf) && (!same_kernel || (l->mf.h->flags & ND_MF_PORTABLE &&
                                                  !nd_features_has(&l->features, ND_F_BTF)))) {
        btf = nd_load_btf_open(l, "an object compiled on another kernel");
        if (!btf)
            return -ENOENT;
    }
    err = nd_needs_check(&l->mf, btf);
    if (!err && btf)
        err = nd_needs_enums(&l->mf, btf, &l->names);
    btf__free(btf); // libbpf reads it again: not twice in memory
    return err;
}

// Maps whose size is that of an option.
static int size_maps(struct nd_load *l, struct bpf_object *obj, const uint8_t *opts)
{
    uint32_t i, k;
    int64_t n;

    for (i = 0; i < l->mf.nmaps; i++) {
        const struct nd_mf_map *m = &l->mf.maps[i];
        const uint32_t syms[] = {m->sym, m->sym2};

        for (k = 0; (m->size_opt || m->size_if) && k < 2; k++) {
            const char *name = nd_mf_str(&l->mf, syms[k]);
            struct bpf_map *map = *name ? bpf_object__find_map_by_name(obj, name) : NULL;

            n = nd_mf_map_entries(&l->mf, i, opts);
            if (!map)
                continue;
            if (n < 1 || n > UINT32_MAX || bpf_map__set_max_entries(map, (uint32_t)n)) {
                nd_msg("error: %s cannot have %lld entries", nd_mf_str(&l->mf, m->name),
                       (long long)n);
                return -EINVAL;
            }
        }
    }
    return 0;
}

static int size_ring(struct nd_load *l, struct bpf_object *obj)
{
    struct bpf_map *map = bpf_object__find_map_by_name(obj, ND_RINGBUF_SYM);
    struct nd_mf_header *h = (void *)l->manifest;

    if (!l->ring_bytes)
        return 0;
    if (h->ring_bytes)
        h->ring_bytes = l->ring_bytes; // a perf buffer is made of it
    if (!map || bpf_map__type(map) != BPF_MAP_TYPE_RINGBUF)
        return 0;
    return bpf_map__set_max_entries(map, l->ring_bytes);
}

static int open_and_load(struct nd_load *l, const void *opts, const bool *wanted, bool verbose)
{
    LIBBPF_OPTS(bpf_object_open_opts, oo, .object_name = "ndtrace");
    struct bpf_object *obj;
    int err;

    oo.btf_custom_path = l->btf_path;
    obj = bpf_object__open_mem(l->elf, l->elf_size, &oo);
    if (!obj) {
        err = -errno;
        fflush(capture);
        nd_msg("error: libbpf cannot read the object: %s\n%s", strerror(-err), l->log);
        return err;
    }
    l->obj = obj;
    err = nd_load_check_read(l, obj);
    if (!err)
        err = select_progs(l, obj, wanted);
    if (!err)
        err = place_options(l, obj, opts);
    if (!err)
        err = size_maps(l, obj, opts);
    if (!err)
        err = size_ring(l, obj);
    if (!err)
        err = nd_memory_check(obj);
    if (err)
        return err;
    if (l->early) {
        nd_early_use(l->early, obj);
        nd_early_free(l->early); // what is not used; the object has its own descriptors
    }
    err = bpf_object__load(obj);
    if (err) {
        fflush(capture);
        if (!l->direct)
            nd_verifier_report(l, err, verbose);
        return err;
    }
    err = fill_lists(l, obj, opts);
    return err ? err : map_state(l, obj);
}

static bool has_direct(const struct nd_load *l)
{
    uint32_t i;

    for (i = 0; i < l->mf.nprogs; i++) {
        if (*nd_mf_str(&l->mf, l->mf.progs[i].direct))
            return true;
    }
    return false;
}

// Which arguments of raw tracepoints a verifier follows, and how far, differs from kernel to
// kernel: it is tried, and if it refuses the object also has the other way.
static int load_best(struct nd_load *l, const void *opts, const bool *wanted, bool verbose)
{
    l->direct = has_direct(l) && nd_features_has(&l->features, ND_F_TP_BTF);
    if (!l->direct)
        return open_and_load(l, opts, wanted, verbose);
    if (!open_and_load(l, opts, wanted, verbose))
        return 0;
    bpf_object__close(l->obj);
    l->obj = NULL;
    l->direct = false;
    memset(l->progs, 0, l->mf.nprogs * sizeof(struct bpf_program *));
    rewind(capture);
    return open_and_load(l, opts, wanted, verbose);
}

int nd_load_kernel(struct nd_load *l, const void *opts, const bool *wanted, bool verbose)
{
    LIBBPF_OPTS(libbpf_prog_handler_opts, ho, .prog_prepare_load_fn = prepare_load);
    struct prepare p = {.l = l, .btf = {.mf = &l->mf, .module_fd = -1}, .opts = opts};
    libbpf_print_fn_t old;
    int handler, err;

    l->progs = calloc(l->mf.nprogs + 1, sizeof(struct bpf_program *));
    l->multi = calloc(l->mf.nprogs + 1, sizeof(*l->multi));
    p.twins = calloc(l->mf.nprogs + 1, sizeof(*p.twins));
    capture = open_memstream(&l->log, &l->log_size);
    if (!l->progs || !l->multi || !p.twins || !capture) {
        free(p.twins);
        return -ENOMEM;
    }
    old = libbpf_set_print(print_capture);
    ho.cookie = (long)&p;
    handler = libbpf_register_prog_handler(NULL, BPF_PROG_TYPE_UNSPEC, 0, &ho);
    err = handler < 0 ? handler : load_best(l, opts, wanted, verbose);
    if (handler >= 0)
        libbpf_unregister_prog_handler(handler);
    libbpf_set_print(old);
    fclose(capture);
    capture = NULL;
    err = err ? err : nd_twin_compare(l, p.twins);
    free(p.twins);
    nd_load_btf_free(&p.btf);
    return err;
}

int nd_load_prog_fd(const struct nd_load *l, uint32_t prog)
{
    return l->progs && l->progs[prog] ? bpf_program__fd(l->progs[prog]) : -1;
}

void nd_load_free(struct nd_load *l)
{
    if (l->bss)
        munmap(l->bss, l->bss_size);
    bpf_object__close(l->obj);
    free(l->state.value);
    free(l->progs);
    free(l->multi);
    free(l->log);
    free(l->btf_path);
    nd_vet_close(&l->vet);
    free(l->elf);
    free(l->manifest);
    free(l->names);
    memset(l, 0, sizeof(*l));
}
