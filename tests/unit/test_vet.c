// SPDX-License-Identifier: GPL-2.0-or-later
// Objects whose checksums are right and whose content is evil: each function of the kernel, each
// kind of map, each way in that none may have, wrong shapes, wrong relocations, wrong types. All
// are refused before libbpf reads them, in words that say where. What the compiler makes is not.
#include "file.h"

#include "runtime/common/helpers.h"
#include "runtime/kernel/load_impl.h"
#include "runtime/vet/vet.h"

#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <sys/time.h>

static const char COUNTS[] =
    "tracepoint:net:net_dev_queue { @t = sum(args.len); @c[args.len] = count(); @s[kstack(8)] = "
    "count() }";

// ---- what is changed ---------------------------------------------------------------------------

static struct bpf_insn *code_of(const struct file *f, uint32_t *n)
{
    uint32_t s = section_of(f, "nd/");

    *n = (uint32_t)(header_of(f, s)->sh_size / sizeof(struct bpf_insn));
    return data_of(f, s);
}

static struct bpf_insn *first_call(const struct file *f, uint32_t *at)
{
    uint32_t n;
    struct bpf_insn *code = code_of(f, &n);

    for (*at = 0; *at < n; ++*at) {
        if (code[*at].code == (BPF_JMP | BPF_CALL) && !code[*at].src_reg)
            return &code[*at];
    }
    fail_msg("no call");
    return NULL;
}

static const struct btf_header *btf_of(const struct file *f)
{
    return data_of(f, section_of(f, ".BTF"));
}

static uint32_t type_bytes(const struct btf_type *t)
{
    static const uint8_t each[32] = {
        [BTF_KIND_STRUCT] = 12,    [BTF_KIND_UNION] = 12,   [BTF_KIND_ENUM] = 8,
        [BTF_KIND_FUNC_PROTO] = 8, [BTF_KIND_DATASEC] = 12, [19] = 12};
    static const uint8_t fixed[32] = {
        [BTF_KIND_INT] = 4, [BTF_KIND_ARRAY] = 12, [BTF_KIND_VAR] = 4, [17] = 4};
    uint32_t kind = t->info >> 24 & 31;

    return (uint32_t)sizeof(*t) + fixed[kind] + each[kind] * (t->info & 0xffff);
}

static struct btf_type *type_of(const struct file *f, uint32_t id)
{
    const struct btf_header *h = btf_of(f);
    uint8_t *p = (uint8_t *)(uintptr_t)h + h->hdr_len + h->type_off;

    while (--id)
        p += type_bytes((const void *)p);
    return (void *)p;
}

static uint32_t ntypes(const struct file *f)
{
    const struct btf_header *h = btf_of(f);
    const uint8_t *p = (const uint8_t *)h + h->hdr_len + h->type_off, *end = p + h->type_len;
    uint32_t n = 0;

    for (; p < end; n++)
        p += type_bytes((const void *)p);
    return n;
}

static char *btf_name(const struct file *f, uint32_t off)
{
    const struct btf_header *h = btf_of(f);

    return (char *)(uintptr_t)h + h->hdr_len + h->str_off + off;
}

static struct btf_type *find_kind(const struct file *f, uint32_t kind, const char *name)
{
    uint32_t i, n = ntypes(f);

    for (i = 1; i <= n; i++) {
        struct btf_type *t = type_of(f, i);

        if ((t->info >> 24 & 31) == kind && (!name || !strcmp(btf_name(f, t->name_off), name)))
            return t;
    }
    fail_msg("no type %u %s", kind, name ? name : "");
    return NULL;
}

// The number of a map's attribute, in the type of its variable.
static uint32_t *attribute(const struct file *f, const char *map, const char *name)
{
    struct btf_type *var = find_kind(f, BTF_KIND_VAR, map), *def = type_of(f, var->type);
    struct btf_member *m = (void *)(def + 1);
    uint32_t i;

    for (i = 0; i < (def->info & 0xffff); i++) {
        struct btf_type *array;

        if (strcmp(btf_name(f, m[i].name_off), name) != 0)
            continue;
        array = type_of(f, type_of(f, m[i].type)->type);
        return &((struct btf_array *)(void *)(array + 1))->nelems;
    }
    fail_msg("no %s of %s", name, map);
    return NULL;
}

// The text in the file's strings, wherever it is, is replaced by one that is no longer.
static void rename_text(uint8_t *from, size_t n, const char *old, const char *new)
{
    size_t len = strlen(old) + 1, i;
    bool found = false;

    assert_true(strlen(new) < len);
    for (i = 0; i + len <= n; i++) {
        if (memcmp(from + i, old, len) != 0)
            continue;
        memset(from + i, 0, len);
        memcpy(from + i, new, strlen(new));
        found = true;
    }
    assert_true(found);
}

static void refused_after(struct file *f, const char *why)
{
    seal_again(f);
    refuses(f, why);
}

// ---- code --------------------------------------------------------------------------------------

static void forbidden_helpers(void **state)
{
    struct file f = object_of(COUNTS);
    uint32_t at, i, refused = 0;
    struct bpf_insn *call = first_call(&f, &at);
    char why[100];

    (void)state;
    for (i = 0; i < 400; i++) {
        const char *name = nd_helpers_name(i);

        if (nd_helpers_allowed(i))
            continue;
        call->imm = (int32_t)i;
        snprintf(why, sizeof(why), "instruction %u calls %s%s (helper %u), which no object may", at,
                 name ? "bpf_" : "a function", name ? name : "", i);
        refused_after(&f, why);
        refused++;
    }
    assert_in_range(refused, 360, 390);
    call->imm = -1;
    refused_after(&f, "which no object may");
    call->imm = 195896080; // of libbpf's, which only libbpf may put there
    refused_after(&f, "which no object may");
    free(f.v);
}

// By name, so that a slip in the table of what is allowed does not hide them.
static void the_worst(void **state)
{
    static const struct {
        int32_t number;
        const char *name;
    } worst[] = {{109, "bpf_send_signal"},        {117, "bpf_send_signal_thread"},
                 {36, "bpf_probe_write_user"},    {58, "bpf_override_return"},
                 {6, "bpf_trace_printk"},         {166, "bpf_sys_bpf"},
                 {13, "bpf_clone_redirect"},      {23, "bpf_redirect"},
                 {93, "bpf_spin_lock"},           {169, "bpf_timer_init"},
                 {209, "bpf_user_ringbuf_drain"}, {49, "bpf_setsockopt"}};
    struct file f = object_of(COUNTS);
    struct bpf_insn *call;
    uint32_t at, i;

    (void)state;
    call = first_call(&f, &at);
    for (i = 0; i < sizeof(worst) / sizeof(*worst); i++) {
        assert_false(nd_helpers_allowed((uint32_t)worst[i].number));
        call->imm = worst[i].number;
        refused_after(&f, worst[i].name);
        refuses(&f, "program ");
    }
    free(f.v);
}

static void calls_and_addresses(void **state)
{
    struct file f = object_of(COUNTS);
    struct bpf_insn *call, *code;
    uint32_t at, n, i;

    (void)state;
    call = first_call(&f, &at);
    call->src_reg = 2;
    refused_after(&f, "calls a function of the kernel");
    call->src_reg = 1;
    refused_after(&f, "calls something that is not a function of the object");
    call->src_reg = 3;
    refused_after(&f, "is not known");
    call->src_reg = 0;
    call->off = 1;
    refused_after(&f, "is not known");
    call->off = 0;
    code = code_of(&f, &n);
    for (i = 1; i < 16; i++) {
        code[0] = (struct bpf_insn){.code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = i & 15};
        code[1] = (struct bpf_insn){0};
        refused_after(&f, "takes an address of a kind");
    }
    free(f.v);
}

static void unknown_instructions(void **state)
{
    static const struct bpf_insn bad[] = {
        {.code = 0x00},                                  // half of one
        {.code = BPF_LD | BPF_ABS | BPF_W},              // of packets
        {.code = BPF_LD | BPF_IND | BPF_W},              //
        {.code = BPF_LDX | 0x80 | BPF_W},                // sign-extending
        {.code = BPF_LDX | BPF_ABS | BPF_DW},            // of the verifier's own
        {.code = BPF_JMP | BPF_CALL | BPF_X},            // through a register
        {.code = BPF_JMP | 0xe0},                        // may_goto
        {.code = 0x06},                                  // far
        {.code = BPF_ALU64 | BPF_END},                   // bswap
        {.code = BPF_ALU64 | BPF_DIV | BPF_K, .off = 1}, // signed
        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .off = 8}, // sign-extending
        {.code = BPF_ALU | 0xf0},                        //
        {.code = BPF_STX | 0xc0 | BPF_B},                // atomic byte
        {.code = BPF_STX | 0xc0 | BPF_DW, .imm = 0x100}, // load-acquire
        {.code = BPF_STX | 0xc0 | BPF_DW, .imm = 0x20},  //
        {.code = BPF_JMP | BPF_JA, .off = 30000},        // out of the program
        {.code = BPF_JMP | BPF_JA, .off = -2},           //
        {.code = BPF_JMP | BPF_EXIT, .off = 1},
    };
    struct file f = object_of(COUNTS);
    uint32_t n, i;
    struct bpf_insn *code = code_of(&f, &n), was = *code;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        code[0] = bad[i];
        refused_after(&f, "instruction 0 ");
    }
    code[0] = was;
    code[n - 1].code = BPF_LD | BPF_IMM | BPF_DW; // its second half would be outside
    refused_after(&f, "is not known");
    free(f.v);
}

// ---- maps --------------------------------------------------------------------------------------

static void map_types(void **state)
{
    static const char *const maps[] = {"nd_m1", "nd_m0", "nd_kstack8"};
    uint32_t i, k;

    (void)state;
    for (k = 0; k < 3; k++) {
        struct file f = object_of(COUNTS);
        uint32_t *type = attribute(&f, maps[k], "type"), was = *type;

        for (i = 0; i < 60; i++) {
            *type = i;
            seal_again(&f);
            if (i == was)
                accepts(&f);
            else
                refuses(&f, nd_vet_map_type(i) ? "is not what its manifest says"
                                               : "which no map may have");
        }
        free(f.v);
    }
}

static void map_shapes(void **state)
{
    static const char *const maps[] = {"nd_m1", "nd_m0", "nd_kstack8"};
    static const char *const names[] = {"key_size", "value_size", "max_entries"};
    static const int by[] = {-4, -1, 1, 4, 8, 1 << 20};
    struct file f = object_of(COUNTS);
    uint32_t i, k, j;

    (void)state;
    for (i = 0; i < 3; i++) {
        for (k = 0; k < 3; k++) {
            for (j = 0; j < 6; j++) {
                uint32_t *n = attribute(&f, maps[i], names[k]), was = *n;

                *n += (uint32_t)by[j];
                refused_after(&f, "is not what its manifest says");
                *n = was;
            }
        }
    }
    seal_again(&f);
    accepts(&f);
    free(f.v);
}

// A stack that a type says is deeper than what its map has would be read beyond its end.
static void stack_depth(void **state)
{
    struct file f = object_of(COUNTS);
    struct nd_mf_header *h = data_of(&f, section_of(&f, ND_MF_ELF_SECTION));
    struct nd_mf_type *t = (void *)((char *)h + h->sec[ND_SEC_TYPES].off);
    uint32_t i;

    (void)state;
    for (i = 0; i < h->sec[ND_SEC_TYPES].count && t[i].kind != ND_T_KSTACK; i++)
        ;
    assert_true(i < h->sec[ND_SEC_TYPES].count);
    t[i].a = 127;
    refused_after(&f, "its map nd_kstack8 (stacks, 8192 entries");
    free(f.v);
}

static void map_attributes(void **state)
{
    static const struct {
        const char *old, *new;
    } names[] = {{"key_size", "pinning"},      {"key_size", "values"},
                 {"max_entries", "map_flags"}, {"max_entries", "map_extra"},
                 {"max_entries", "numa_node"}, {"value_size", "value"},
                 {"key_size", "key"}};
    uint32_t i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct file f = object_of(COUNTS);
        const struct btf_header *h = btf_of(&f);

        rename_text((uint8_t *)(uintptr_t)h + h->hdr_len + h->str_off, h->str_len, names[i].old,
                    names[i].new);
        refused_after(&f, "which no map may have");
        refuses(&f, names[i].new);
        free(f.v);
    }
}

static void map_unknown(void **state)
{
    struct file f = object_of(COUNTS);
    const struct btf_header *h = btf_of(&f);

    (void)state;
    rename_text((uint8_t *)(uintptr_t)h + h->hdr_len + h->str_off, h->str_len, "nd_m1", "other");
    refused_after(&f, "its map other is not in its manifest");
    free(f.v);
}

// ---- sections, symbols, relocations ------------------------------------------------------------

static void section_names(void **state)
{
    static const char *const names[] = {
        "lsm/x",          "lsm.s/x",  "fentry.s/x", "fmod_ret/x",    "freplace/x",   "iter.s/x",
        "syscall",        "xdp",      "tc",         "classifier",    "struct_ops/x", ".struct_ops",
        ".kconfig",       ".ksyms",   ".data",      ".addr_space.1", "version",      "maps",
        "kprobe.multi/x", "uprobe.s", "usdt",       "socket",        "cgroup/dev",   "sk_msg",
        "perf_event",     "tp_btf/x", "action"};
    uint32_t i, s;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct file f = object_of(COUNTS);
        char *name;

        s = section_of(&f, "nd/");
        name = name_of(&f, s);
        assert_true(strlen(names[i]) <= strlen(name));
        strcpy(name, names[i]);
        seal_again(&f);
        refuses(&f, "section");
        free(f.v);
    }
}

static void section_places(void **state)
{
    struct file f = object_of(COUNTS), g;
    const Elf64_Ehdr *h = (const void *)f.v;
    uint32_t i, k;

    (void)state;
    for (i = 1; i < h->e_shnum; i++) {
        for (k = 0; k < 6; k++) {
            char said[1000];
            Elf64_Shdr *s;

            g = copy_of(&f);
            s = header_of(&g, i);
            if (s->sh_type == SHT_NOBITS && (k == 0 || k == 5)) {
                free(g.v);
                continue;
            }
            if (k == 0)
                s->sh_offset = g.n;
            if (k == 1)
                s->sh_size = UINT64_MAX - 8;
            if (k == 2)
                s->sh_type = SHT_NOTE;
            if (k == 3)
                s->sh_flags |= SHF_COMPRESSED;
            if (k == 4)
                s->sh_name = 1u << 30;
            if (k == 5)
                s->sh_size += g.n;
            seal_file(&g);
            assert_int_equal(open_object(&g, said, sizeof(said)), -22);
            free(g.v);
        }
    }
    free(f.v);
}

static Elf64_Sym *symbol_of(const struct file *f, const char *name)
{
    uint32_t s = section_of(f, ".symtab"), i;
    Elf64_Sym *v = data_of(f, s);
    const char *strings = data_of(f, header_of(f, s)->sh_link);

    for (i = 0; i < header_of(f, s)->sh_size / sizeof(*v); i++) {
        if (!strncmp(strings + v[i].st_name, name, strlen(name)))
            return &v[i];
    }
    fail_msg("no symbol %s", name);
    return NULL;
}

static void externs(void **state)
{
    struct file f = object_of(COUNTS);
    Elf64_Sym *m = symbol_of(&f, "nd_m1"), was = *m;

    (void)state;
    m->st_shndx = SHN_UNDEF;
    refused_after(&f, "it wants nd_m1 from outside");
    *m = was;
    m->st_shndx = SHN_COMMON;
    refused_after(&f, "its symbol nd_m1 lies outside its section");
    *m = was;
    m->st_value = 1 << 20;
    refused_after(&f, "its symbol nd_m1 lies outside its section");
    *m = was;
    m->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    m->st_size = 8;
    refused_after(&f, "is not code");
    *m = was;
    m->st_name = 1u << 30;
    refused_after(&f, "the name of a symbol lies outside the file");
    free(f.v);
}

static void license(void **state)
{
    struct file f = object_of(COUNTS);

    (void)state;
    memcpy(data_of(&f, section_of(&f, "license")), "BSD", 3);
    refused_after(&f, "its licence is not GPL");
    free(f.v);
}

static void programs(void **state)
{
    struct file f = object_of(COUNTS);
    uint32_t mf = section_of(&f, ND_MF_ELF_SECTION);
    struct nd_mf_header *h = data_of(&f, mf);
    struct nd_mf_prog *p = (void *)((char *)h + h->sec[ND_SEC_PROGS].off);
    struct nd_mf_prog was = *p;
    Elf64_Sym *func = symbol_of(&f, (char *)h + h->sec[ND_SEC_STRINGS].off + p->name);

    (void)state;
    p->name = p->direct = 0;
    refused_after(&f, "it lacks its program");
    *p = was;
    h->sec[ND_SEC_PROGS].count = 0;
    refused_after(&f, "is not in its manifest");
    h->sec[ND_SEC_PROGS].count = 1;
    func->st_size -= 8;
    refused_after(&f, "is not that of one program");
    func->st_size += 8;
    func->st_value += 8;
    refused_after(&f, "lies outside its section");
    free(f.v);
}

static void relocations(void **state)
{
    struct file f = object_of(COUNTS), g;
    uint32_t s = section_of(&f, ".relnd/"), i;
    uint32_t to_code = header_of(&f, s)->sh_info;

    (void)state;
    for (i = 0; i < 9; i++) {
        Elf64_Rel *r;

        g = copy_of(&f);
        r = data_of(&g, s);
        if (i == 0)
            r->r_offset += 1;
        if (i == 1)
            r->r_offset = header_of(&g, to_code)->sh_size;
        if (i == 2)
            r->r_offset = UINT64_MAX - 7;
        if (i == 3)
            r->r_info = ELF64_R_INFO(1u << 24, ELF64_R_TYPE(r->r_info));
        if (i == 4)
            r->r_info = ELF64_R_INFO(ELF64_R_SYM(r->r_info), 10);
        if (i == 5)
            r->r_info = ELF64_R_INFO(ELF64_R_SYM(r->r_info), 2);
        if (i == 6)
            r->r_offset += 8; // of what is not an ld_imm64, or half of one
        if (i == 7)           // to the program itself: the address of a function
            r->r_info =
                ELF64_R_INFO((uint64_t)(symbol_of(&g, name_of(&g, to_code) +
                                                          (strrchr(name_of(&g, to_code), '/') -
                                                           name_of(&g, to_code)) +
                                                          1) -
                                        (Elf64_Sym *)data_of(&g, section_of(&g, ".symtab"))),
                             1);
        if (i == 8)
            header_of(&g, s)->sh_info = section_of(&g, ".maps");
        seal_again(&g);
        refuses(&g, "error: this object is refused");
        free(g.v);
    }
    free(f.v);
}

// The address of a function, which a helper calls: of its beginning only.
static void callbacks(void **state)
{
    struct file f =
        object_of("BEGIN { @a[1] = 1; $n = 0; for ($kv : @a) { $n++ } @n = $n; exit() }");
    uint32_t rel = section_of(&f, ".relnd/"), text = section_of(&f, ".text"), n, i, met = 0;
    const Elf64_Sym *syms = data_of(&f, section_of(&f, ".symtab"));
    uint8_t *code = data_of(&f, header_of(&f, rel)->sh_info);
    const Elf64_Rel *r = data_of(&f, rel);

    (void)state;
    accepts(&f);
    n = (uint32_t)(header_of(&f, rel)->sh_size / sizeof(*r));
    for (i = 0; i < n; i++) {
        struct bpf_insn *in = (struct bpf_insn *)(void *)(code + r[i].r_offset);

        if (syms[ELF64_R_SYM(r[i].r_info)].st_shndx != text)
            continue;
        met++;
        in->imm += 8;
        refused_after(&f, "takes the address of something that is not a function");
        in->imm -= 4;
        refused_after(&f, "takes the address of something that is not a function");
        in->imm -= 4;
    }
    assert_int_equal(met, 1);
    free(f.v);
}

// ---- types -------------------------------------------------------------------------------------

static void btf_refused(struct file *f, struct file *orig, const char *why)
{
    refused_after(f, why);
    memcpy(f->v, orig->v, f->n);
}

static void bad_types(void **state)
{
    struct file orig = object_of(COUNTS), f = copy_of(&orig);
    struct btf_header *h = (void *)(uintptr_t)btf_of(&f);
    struct btf_type *t;
    struct btf_member *m;
    uint32_t i, n = ntypes(&f);

    (void)state;
    h->magic = 1;
    btf_refused(&f, &orig, "has no head that fits it");
    h->hdr_len = 0xfffffff0u;
    btf_refused(&f, &orig, "has no head that fits it");
    h->type_len = 0xfffffff0u;
    btf_refused(&f, &orig, "has no head that fits it");
    h->str_off = 0xfffffff0u;
    btf_refused(&f, &orig, "has no head that fits it");
    h->str_len -= 1; // the last string then has no end
    btf_refused(&f, &orig, "the names in its BTF do not end");
    for (i = 1; i <= n; i++) {
        type_of(&f, i)->name_off = 1u << 30;
        btf_refused(&f, &orig, "refers to something that is not there");
        t = type_of(&f, i);
        t->info = (t->info & 0xffff) | 31u << 24;
        btf_refused(&f, &orig, "of kind 31");
        t = type_of(&f, i);
        t->info = (t->info & 0xffff) | 17u << 24; // DECL_TAG
        btf_refused(&f, &orig, "of kind 17");
    }
    find_kind(&f, BTF_KIND_PTR, NULL)->type = n + 1;
    btf_refused(&f, &orig, "refers to something that is not there");
    t = find_kind(&f, BTF_KIND_STRUCT, NULL);
    t->info |= 0xffff;
    btf_refused(&f, &orig, "is cut off");
    m = (void *)(find_kind(&f, BTF_KIND_STRUCT, NULL) + 1);
    m->type = 0xffffffffu;
    btf_refused(&f, &orig, "refers to something that is not there");
    m->name_off = 0xffffffffu;
    btf_refused(&f, &orig, "refers to something that is not there");
    find_kind(&f, BTF_KIND_FUNC, NULL)->type = 1;
    btf_refused(&f, &orig, "refers to something that is not there");
    t = find_kind(&f, BTF_KIND_FUNC, NULL);
    t->info = (t->info & ~0xffffu) | 2; // extern: a function of the kernel
    btf_refused(&f, &orig, "or to something outside the object");
    t = find_kind(&f, BTF_KIND_VAR, "nd_m1");
    *(uint32_t *)(void *)(t + 1) = 2; // extern
    btf_refused(&f, &orig, "or to something outside the object");
    free(f.v);
    free(orig.v);
}

static void circles(void **state)
{
    struct file orig = object_of(COUNTS), f = copy_of(&orig);
    uint32_t i, n = ntypes(&f);

    (void)state;
    for (i = 1; i <= n; i++) {
        struct btf_type *t = type_of(&f, i);
        struct btf_array *a = (void *)(t + 1);
        uint32_t kind = t->info >> 24 & 31;

        if (kind == BTF_KIND_PTR)
            t->type = i;
        else if (kind == BTF_KIND_ARRAY)
            a->type = i;
        else
            continue;
        btf_refused(&f, &orig, "contains itself");
    }
    // A pointer that becomes a typedef of itself: libbpf would follow it for ever.
    for (i = 1; i <= n; i++) {
        struct btf_type *t = type_of(&f, i);

        if ((t->info >> 24 & 31) != BTF_KIND_PTR)
            continue;
        t->info = BTF_KIND_TYPEDEF << 24;
        t->type = i;
        btf_refused(&f, &orig, "contains itself");
    }
    free(f.v);
    free(orig.v);
}

static void bad_lines(void **state)
{
    struct file orig = object_of("rawtracepoint:net_dev_queue { @ = sum(args.skb->len) }"),
                f = copy_of(&orig);
    uint32_t *h = data_of(&f, section_of(&f, ".BTF.ext")), part;

    (void)state;
    // magic and version, length, then place and length of functions, lines, relocations
    for (part = 0; part < 3; part++) {
        uint32_t *rows = (void *)((uint8_t *)h + h[1] + h[2 + 2 * part]);

        assert_true(h[3 + 2 * part] > 0);
        rows[0] += 4;
        btf_refused(&f, &orig, "has rows of");
        rows[1] = 1u << 30;
        btf_refused(&f, &orig, "is cut off");
        rows[2] = 0xffffffffu;
        btf_refused(&f, &orig, "is cut off");
        rows[2] = 0;
        btf_refused(&f, &orig, "is cut off");
        rows[3] = 0x7ffffff8;
        btf_refused(&f, &orig, "that cannot be");
        rows[3] += 4;
        btf_refused(&f, &orig, "that cannot be");
        rows[4] = 0xffffffffu;
        btf_refused(&f, &orig, "that cannot be");
        h[3 + 2 * part] = 0xfffffff0u;
        btf_refused(&f, &orig, "lies outside its section");
        h[3 + 2 * part] -= 4;
        btf_refused(&f, &orig, "cut off");
    }
    h[1] = 4;
    btf_refused(&f, &orig, "has no head that fits it");
    free(f.v);
    free(orig.v);
}

// ---- manifest ----------------------------------------------------------------------------------

static void attach_kinds(void **state)
{
    struct file f = object_of(COUNTS);
    struct nd_mf_header *h = data_of(&f, section_of(&f, ND_MF_ELF_SECTION));
    struct nd_mf_prog *p = (void *)((char *)h + h->sec[ND_SEC_PROGS].off);
    struct nd_mf_attach *a = (void *)((char *)h + h->sec[ND_SEC_ATTACHES].off);
    uint32_t i, type = p->type, kind = a->kind;

    (void)state;
    for (i = 0; i < 64; i++) {
        a->kind = i;
        seal_again(&f);
        if (i == kind)
            accepts(&f);
        else
            refuses(&f, "manifest is unusable");
    }
    a->kind = kind;
    for (i = 0; i < 64; i++) {
        p->type = i;
        seal_again(&f);
        if (i == type || (kind == ND_AT_RAW_TP && i == ND_PROG_TP_BTF))
            accepts(&f);
        else
            refuses(&f, "manifest is unusable");
    }
    free(f.v);
}

static void event_names(void **state)
{
    static const char *const names[] = {"../../../tmp", "/dev", "a/b", "..", ".", "a b", "a\n"};
    uint32_t i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct file f = object_without(COUNTS, ND_F_BIT(TP_BTF) | ND_F_BIT(BTF), false);
        struct nd_mf_header *h = data_of(&f, section_of(&f, ND_MF_ELF_SECTION));
        struct nd_mf_attach *a = (void *)((char *)h + h->sec[ND_SEC_ATTACHES].off);

        a->kind = ND_AT_TRACEPOINT;
        ((struct nd_mf_prog *)(void *)((char *)h + h->sec[ND_SEC_PROGS].off))->type =
            ND_PROG_TRACEPOINT;
        rename_text((uint8_t *)h + h->sec[ND_SEC_STRINGS].off, h->sec[ND_SEC_STRINGS].count,
                    "net_dev_queue", names[i]);
        refused_after(&f, "does not name a trace event");
        free(f.v);
    }
}

// Texts of an object are shown by --help, explain and in messages.
static void plain_texts(void **state)
{
    static const char *const names[] = {"\033[2J", "a\nb", "\r", "\a", "a\177"};
    static const char script[] = "// Some title\noption number: int = 3 \"some help\"\n"
                                 "rawtracepoint:net_dev_queue { @some_map = opt.number }";
    static const char *const texts[] = {"@some_map", "number", "rawtracepoint:net_dev_queue"};
    struct nd_load l;
    uint32_t i, k;

    (void)state;
    for (i = 0; i < 5; i++) {
        for (k = 0; k < 3; k++) {
            struct file f = object_of(script);
            struct nd_mf_header *h = data_of(&f, section_of(&f, ND_MF_ELF_SECTION));

            assert_int_equal(nd_load_open(&l, f.v, f.n), 0);
            assert_true(nd_mf_is_plain(&l.mf));
            nd_load_free(&l);
            rename_text((uint8_t *)h + h->sec[ND_SEC_STRINGS].off, h->sec[ND_SEC_STRINGS].count,
                        texts[k], names[i]);
            seal_again(&f);
            assert_int_equal(nd_load_open(&l, f.v, f.n), 0);
            assert_false(nd_mf_is_plain(&l.mf));
            nd_load_free(&l);
            free(f.v);
        }
    }
}

// What scripts are not allowed without --unsafe is not allowed to objects.
static void unsafe_places(void **state)
{
    static const char *const names[] = {"rcu_barrier", "bpf_lru_pop", "kprobe_x", "sched_clock",
                                        ""};
    uint32_t i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct file f = object_of("kprobe:tcp_connect { @ = count() }");
        struct nd_mf_header *h = data_of(&f, section_of(&f, ND_MF_ELF_SECTION));
        struct nd_load l;

        rename_text((uint8_t *)h + h->sec[ND_SEC_STRINGS].off, h->sec[ND_SEC_STRINGS].count,
                    "tcp_connect", names[i]);
        seal_again(&f);
        assert_int_equal(nd_load_open(&l, f.v, f.n), 0);
        assert_int_equal(nd_load_check_places(&l), -22);
        l.unsafe = true;
        assert_int_equal(nd_load_check_places(&l), 0);
        nd_load_free(&l);
        free(f.v);
    }
}

// After relocation: what libbpf may have put in, and what it may not.
static void final_code(void **state)
{
    const struct bpf_insn end = {.code = BPF_JMP | BPF_EXIT};
    const struct {
        struct bpf_insn insn;
        const char *why; // NULL: fine
    } rows[] = {
        {{.code = BPF_JMP | BPF_CALL, .imm = 1}, NULL},
        {{.code = BPF_JMP | BPF_CALL, .imm = 195896080}, NULL},
        {{.code = BPF_JMP | BPF_CALL, .imm = 109}, "bpf_send_signal (helper 109)"},
        {{.code = BPF_JMP | BPF_CALL, .imm = 109, .src_reg = 2}, "a function of the kernel"},
        {{.code = BPF_JMP | BPF_CALL, .imm = 1, .src_reg = 1}, NULL},
        {{.code = BPF_JMP | BPF_CALL, .imm = 7, .src_reg = 1}, "outside its program"},
        {{.code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = 1}, NULL},
        {{.code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = 2}, NULL},
        {{.code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = 3},
         "an address of a kind (3)"},                                        // of kallsyms
        {{.code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = 4, .imm = 1}, NULL}, // a callback
        {{.code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = 4, .imm = 3}, "outside its program"},
        {{.code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = 4, .imm = -2}, "outside its program"},
        {{.code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = 5},
         "an address of a kind (5)"}, // of a map by its index
        {{.code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = 15}, "an address of a kind (15)"},
    };
    char why[200];
    uint32_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct bpf_insn code[] = {rows[i].insn, {0}, end, end};
        bool wide = rows[i].insn.code == (BPF_LD | BPF_IMM | BPF_DW);
        const struct bpf_insn narrow[] = {rows[i].insn, end, end, end};
        const char *said = nd_vet_final(wide ? code : narrow, 4, why, sizeof(why));

        assert_int_equal(said == NULL, rows[i].why == NULL);
        if (said && !strstr(said, rows[i].why))
            fail_msg("wanted '%s' in: %s", rows[i].why, said);
    }
}

// ---- random ------------------------------------------------------------------------------------

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
    (void)level, (void)fmt, (void)ap;
    return 0;
}

// What is accepted is read by libbpf, which must come to an end.
static bool survives(const struct file *f)
{
    struct bpf_object *obj;
    struct nd_load l;
    char said[1000];

    if (open_object(f, said, sizeof(said)))
        return false;
    nd_load_open(&l, f->v, f->n);
    obj = bpf_object__open_mem(l.elf, l.elf_size, NULL);
    bpf_object__close(obj);
    nd_load_free(&l);
    return true;
}

static void random_bytes(void **state)
{
    static const char *const parts[] = {".BTF", ".BTF.ext", ".symtab", ".relnd/", "nd/", NULL};
    static const uint8_t values[] = {0, 1, 2, 4, 8, 0x7f, 0x80, 0xff};
    uint32_t seed = 88172645u, i, k, accepted = 0;
    struct file orig = object_of("rawtracepoint:net_dev_queue { @[args.skb->len] = count(); "
                                 "@s[kstack] = sum(args.skb->dev->mtu) }");

    (void)state;
    libbpf_set_print(quiet);
    for (i = 0; i < 6000; i++) {
        struct file f = copy_of(&orig);
        const char *part = parts[i % 6];
        uint32_t s = part ? section_of(&f, part) : 0;
        uint64_t off = part ? header_of(&f, s)->sh_offset : ((Elf64_Ehdr *)(void *)f.v)->e_shoff;
        uint64_t n = part ? header_of(&f, s)->sh_size : 64ul * ((Elf64_Ehdr *)(void *)f.v)->e_shnum;

        for (k = next(&seed) % 3 + 1; k; k--)
            f.v[off + next(&seed) % n] = values[next(&seed) % 8];
        seal_file(&f);
        accepted += survives(&f);
        free(f.v);
    }
    libbpf_set_print(NULL);
    assert_in_range(accepted, 1, 5000); // some bytes are names or constants
    free(orig.v);
}

// ---- what is right -----------------------------------------------------------------------------

static void forms(void **state)
{
    static const char *const texts[] = {
        COUNTS,
        "BEGIN { printf(\"hello\\n\"); } END { @x[1] = 2; @y = 3; }",
        "option n: int = 3 \"x\" option l: port[] \"y\" rawtracepoint:net_dev_queue "
        "/args.skb->len > opt.n/ { @[comm] = hist(args.skb->len) } every 1s { report(@) }",
        "kprobe:tcp_connect { @[ustack, arg0] = lhist(nsecs, 0, 100, 10) } "
        "kretprobe:tcp_connect { @r = max(retval); @a[arg0] = count() }",
        "let @m = lruhash(100); rawtracepoint:net_dev_queue { @m[cpu] = args.skb->len }",
        "profile:hz:9 { @[kstack(3), comm] = count(); printf(\"%s\\n\", str(uptr(1))) }",
    };
    static const uint32_t without[] = {
        0, ND_F_BIT(RINGBUF), ND_F_BIT(MMAP),
        ND_F_BIT(GLOBALS) | ND_F_BIT(MMAP) | ND_F_BIT(RINGBUF) | ND_F_BIT(LOOPS) | ND_F_BIT(JMP32) |
            ND_F_BIT(PROBE_READ_KERNEL) | ND_F_BIT(GLOBAL_FUNC) | ND_F_BIT(ATOMICS)};
    uint32_t i, k;

    (void)state;
    for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        for (k = 0; k < 8; k++) {
            struct file f = object_without(texts[i], without[k / 2], k & 1);

            accepts(&f);
            free(f.v);
        }
    }
}

static void table_in_docs(void **state)
{
    const struct nd_helper_row *r;
    char row[200], text[65536];
    FILE *f = fopen("docs/objects.md", "r");
    uint32_t i;

    (void)state;
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = 0;
    fclose(f);
    for (i = 0; (r = nd_helpers_row(i)); i++) {
        snprintf(row, sizeof(row), "\n| `bpf_%s` | %u | %s |\n", r->name, r->number, r->text);
        if (!strstr(text, row))
            fail_msg("docs/objects.md lacks the row: %s", row);
        if (nd_helpers_name(r->number))
            assert_string_equal(nd_helpers_name(r->number), r->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(forbidden_helpers),
        cmocka_unit_test(the_worst),
        cmocka_unit_test(calls_and_addresses),
        cmocka_unit_test(unknown_instructions),
        cmocka_unit_test(map_types),
        cmocka_unit_test(map_shapes),
        cmocka_unit_test(stack_depth),
        cmocka_unit_test(map_attributes),
        cmocka_unit_test(map_unknown),
        cmocka_unit_test(section_names),
        cmocka_unit_test(section_places),
        cmocka_unit_test(externs),
        cmocka_unit_test(license),
        cmocka_unit_test(programs),
        cmocka_unit_test(relocations),
        cmocka_unit_test(callbacks),
        cmocka_unit_test(bad_types),
        cmocka_unit_test(circles),
        cmocka_unit_test(bad_lines),
        cmocka_unit_test(attach_kinds),
        cmocka_unit_test(event_names),
        cmocka_unit_test(plain_texts),
        cmocka_unit_test(unsafe_places),
        cmocka_unit_test(final_code),
        cmocka_unit_test(random_bytes),
        cmocka_unit_test(table_in_docs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
