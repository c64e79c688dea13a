// SPDX-License-Identifier: GPL-2.0-or-later
// What the program of a path's stage does: find the packet's record, note the time, run the
// handlers. Must not know how stages are served. Serves lower_program.c.

#include "compiler/lang/packet.h"
#include "compiler/lower/lower_impl.h"

#include <string.h>

#define HASH 0x9e3779b97f4a7c15ull // 2^64 / golden ratio: spreads sums over the high bits

// ---- counters ----------------------------------------------------------------------------------

static void count(struct nd_lower *l, const struct nd_path *path, uint32_t what)
{
    uint32_t off = l->paths[path->index].count[what];

    nd_lower_atomic_add(l, nd_lower_state_ptr(l, off), nd_ir_i64(l, 1));
}

static void leave_if(struct nd_lower *l, LLVMValueRef cond, const struct nd_path *path,
                     uint32_t what)
{
    LLVMBasicBlockRef yes = nd_ir_bb(l, "leave"), no = nd_ir_bb(l, "stay");

    LLVMBuildCondBr(l->b, cond, yes, no);
    nd_ir_at(l, yes);
    count(l, path, what);
    nd_ir_br(l, l->fn.out);
    nd_ir_at(l, no);
}

// ---- the record --------------------------------------------------------------------------------

struct at {
    struct nd_lower *l;
    const struct nd_path_at *place;
    LLVMValueRef rec; // the packet's record
};

static LLVMValueRef member(struct at *a, bool own, const char *name)
{
    return nd_ir_gep(a->l, a->rec, nd_path_off(a->place->path, own, name));
}

static LLVMValueRef get(struct at *a, bool own, const char *name)
{
    return nd_lower_load_int(a->l, member(a, own, name), &nd_type_u64);
}

static void set(struct at *a, bool own, const char *name, LLVMValueRef v)
{
    const struct nd_field *f = nd_path_member(a->place->path, own, name);

    if (f)
        nd_ir_store(a->l, member(a, own, name), f->type->size, v);
}

static void set_device(struct at *a, const char *name)
{
    const struct nd_field *f = nd_path_member(a->place->path, true, name);
    struct nd_expr *e = nd_lower_reads_skb(a->l, ND_PK_DEV_NAME);

    if (f && e)
        nd_lower_into(a->l, e, member(a, true, name), f->type);
    nd_lower_reads_script(a->l);
}

// What the path keeps of each stage.
static void set_kept(struct at *a)
{
    const struct nd_path_keeps *k = a->place->keeps;
    const struct nd_field *f;
    uint32_t i;

    for (i = 0; i < k->n; i++) {
        f = nd_path_member(a->place->path, true, k->v[i].field.name);
        if (!f)
            continue;
        nd_lower_into(
            a->l, k->v[i].value,
            nd_ir_gep(a->l, member(a, true, f->name), a->place->stage * f->type->elem->size),
            f->type->elem);
        nd_lower_temps_release(a->l);
    }
}

static void set_time(struct at *a, LLVMValueRef now)
{
    const struct nd_field *f = nd_path_member(a->place->path, true, "at");

    if (f)
        nd_ir_store(a->l, nd_ir_gep(a->l, member(a, true, "at"), 8 * a->place->stage), 8, now);
}

// Where the packet is, for a path that asks: what is seen of it elsewhere from now on is news.
static void set_here(struct at *a)
{
    struct nd_lower *l = a->l;
    const struct nd_pkt *pkt = l->fn.probe->pkt;

    if (!a->place->path->asks)
        return;
    set(a, true, ND_PATH_FATE, nd_ir_i64(l, 0));
    if (pkt && pkt->skb[ND_PK_DEV])
        set(a, true, ND_PATH_DEV, nd_lower_int(l, pkt->skb[ND_PK_DEV]));
    if (l->fn.probe->skb)
        set(a, true, ND_PATH_SKB, nd_lower_var_get(l, l->fn.probe->skb));
}

// What is kept of a packet when it enters, as far as handlers name it.
static void fill(struct at *a, LLVMValueRef now)
{
    struct nd_lower *l = a->l;
    const struct nd_field *f;

    nd_ir_zero(l, a->rec, 0, a->place->path->record->size);
    set(a, true, "start", now);
    set(a, true, "last", now);
    set(a, false, "from", nd_ir_i64(l, a->place->stage));
    set(a, true, "seen", nd_ir_i64(l, 1ull << a->place->stage));
    set_time(a, now);
    set_kept(a);
    set_here(a);
    f = nd_path_member(a->place->path, true, "flow");
    if (f)
        nd_lower_flow_into(l, member(a, true, "flow"), f->type);
    if (l->fn.probe->pkt) {
        struct nd_expr *len;

        set_device(a, "dev");
        set_device(a, "last_dev");
        len = nd_lower_reads_skb(l, ND_PK_LEN);
        if (len)
            set(a, true, "len", nd_lower_int(l, len));
        nd_lower_reads_script(l);
    }
    if (nd_path_member(a->place->path, true, "pid"))
        set(a, true, "pid", LLVMBuildLShr(l->b, nd_lower_pid_tgid(l, false), nd_ir_i64(l, 32), ""));
    if (nd_path_member(a->place->path, true, "cpu"))
        set(a, true, "cpu", nd_ir_call(l, ND_H_GET_SMP_PROCESSOR_ID, NULL, 0));
    if (nd_path_member(a->place->path, true, "comm")) {
        LLVMValueRef args[2] = {member(a, true, "comm"), nd_ir_i32(l, 16)};

        nd_ir_call(l, ND_H_GET_COMM, args, 2);
    }
}

// ---- stages ------------------------------------------------------------------------------------

// Under way with this record, also if it was already: then it starts again (a retransmission, or
// the same packet seen by two hooks), and is counted.
static void put(struct at *a, LLVMValueRef key, LLVMValueRef rec)
{
    struct nd_lower *l = a->l;
    struct nd_path *path = a->place->path;
    LLVMBasicBlockRef again = nd_ir_bb(l, "again"), done = nd_ir_bb(l, "entered");

    LLVMBuildCondBr(l->b, nd_ir_bool(l, nd_lower_map_insert(l, path->map, key, rec)), again, done);
    nd_ir_at(l, again);
    count(l, path, ND_PATHC_AGAIN);
    nd_lower_map_overwrite(l, path->map, key, rec);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}

// ---- packets that change their key -------------------------------------------------------------

// The address of the packet's skb, as a key.
static LLVMValueRef skb_of(struct nd_lower *l)
{
    LLVMValueRef p = nd_lower_temp(l, 8);

    nd_ir_store(l, p, 8, nd_lower_var_get(l, l->fn.probe->skb));
    return p;
}

// Notes the packet's key for the stage where it may have another one. A packet that the path does
// not follow leaves none, also not that of an earlier one which had its skb.
static void note_key(struct at *a, LLVMValueRef key)
{
    struct nd_lower *l = a->l;
    const struct nd_map *names = a->place->path->names;
    LLVMBasicBlockRef found = nd_ir_bb(l, "known"), none = nd_ir_bb(l, "unknown"),
                      done = nd_ir_bb(l, "go");

    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntNE, a->rec, LLVMConstNull(l->ptr), ""), found,
                    none);
    nd_ir_at(l, none);
    nd_lower_map_remove(l, names, skb_of(l));
    nd_ir_br(l, done);
    nd_ir_at(l, found);
    nd_lower_map_overwrite(l, names, skb_of(l), key);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}

// The block where p, an address or NULL, is one; without it: else.
static void only_if(struct nd_lower *l, LLVMValueRef p, LLVMBasicBlockRef or_else)
{
    LLVMBasicBlockRef there = nd_ir_bb(l, "there");

    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntNE, p, LLVMConstNull(l->ptr), ""), there,
                    or_else);
    nd_ir_at(l, there);
}

// Moves the record from the key that was noted for the packet's skb to the one that it has now.
static void rename_record(struct at *a, LLVMValueRef key)
{
    struct nd_lower *l = a->l;
    const struct nd_path *path = a->place->path;
    uint32_t size = path->map->key->size;
    LLVMBasicBlockRef done = nd_ir_bb(l, "go"), forget = nd_ir_bb(l, "forget"),
                      same = nd_ir_bb(l, "same");
    LLVMValueRef old = nd_lower_keep(l, size), noted = nd_lower_map_find(l, path->names, skb_of(l)),
                 rec;

    only_if(l, noted, done);
    nd_lower_copy(l, old, (struct nd_val){.v = noted, .mem = true, .as = ND_AS_BPF}, size,
                  l->fn.probe->decl->name_span);
    rec = nd_lower_map_find(l, path->map, key);
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntNE, rec, LLVMConstNull(l->ptr), ""), forget,
                    same);
    nd_ir_at(l, same);
    rec = nd_lower_map_find(l, path->map, old);
    only_if(l, rec, forget);
    put(a, key, rec);
    nd_lower_map_remove(l, path->map, old);
    nd_ir_br(l, forget);
    nd_ir_at(l, forget);
    nd_lower_map_remove(l, path->names, skb_of(l));
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}

static void run_handlers(struct at *a, enum nd_path_event event)
{
    struct nd_lower *l = a->l;
    LLVMBasicBlockRef out = l->fn.out;
    uint32_t i;

    for (i = 0; i < a->place->on.n; i++) {
        const struct nd_path_on *on = &a->place->on.v[i];

        if (on->event != event)
            continue;
        l->fn.out = nd_ir_bb(l, "handled"); // a `return` ends the handler, not the path
        nd_lower_leave_unless(l, on->decl->pred);
        nd_lower_block(l, on->decl->body);
        nd_ir_br(l, l->fn.out);
        nd_ir_at(l, l->fn.out);
    }
    l->fn.out = out;
}

static void enter(struct at *a, LLVMValueRef key)
{
    struct nd_lower *l = a->l;
    struct nd_path *path = a->place->path;

    a->rec = nd_lower_keep(l, path->record->size);
    fill(a, nd_ir_call(l, ND_H_KTIME_GET_NS, NULL, 0));
    count(l, path, ND_PATHC_STARTED);
    put(a, key, a->rec);
    if (a->place->notes)
        note_key(a, key);
}

// A packet without a record: only one that would have entered is worth a count.
static void leave_unmatched(struct at *a)
{
    struct nd_lower *l = a->l;
    LLVMBasicBlockRef found = nd_ir_bb(l, "found"), none = nd_ir_bb(l, "unmatched");
    uint32_t done = l->fn.pkt.done;

    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntNE, a->rec, LLVMConstNull(l->ptr), ""), found,
                    none);
    nd_ir_at(l, none);
    nd_lower_leave_unless(l, a->place->filter);
    count(l, a->place->path, ND_PATHC_UNMATCHED);
    nd_ir_br(l, l->fn.out);
    l->fn.pkt.done = done; // what was parsed here was parsed here only
    nd_ir_at(l, found);
}

static void pass(struct at *a, LLVMValueRef key)
{
    struct nd_lower *l = a->l;
    struct nd_path *path = a->place->path;
    LLVMValueRef now, seen, bit = nd_ir_i64(l, 1ull << a->place->stage), from;

    if (a->place->renamed)
        rename_record(a, key);
    a->rec = nd_lower_map_find(l, path->map, key);
    if (a->place->notes)
        note_key(a, key);
    leave_unmatched(a);
    seen = get(a, true, "seen");
    leave_if(l, nd_ir_bool(l, LLVMBuildAnd(l->b, seen, bit, "")), path, ND_PATHC_REHIT);
    from = get(a, false, "from");
    leave_if(l, LLVMBuildICmp(l->b, LLVMIntUGT, from, nd_ir_i64(l, a->place->stage), ""), path,
             ND_PATHC_ORDER);
    now = nd_ir_call(l, ND_H_KTIME_GET_NS, NULL, 0);
    set(a, false, "to", nd_ir_i64(l, a->place->stage));
    set(a, false, "ns", LLVMBuildSub(l->b, now, get(a, true, "last"), ""));
    set(a, true, "ns", LLVMBuildSub(l->b, now, get(a, true, "start"), ""));
    set(a, true, "last", now);
    set(a, true, "seen", LLVMBuildOr(l->b, seen, bit, ""));
    set_time(a, now);
    set_kept(a);
    set_here(a);
    if (l->fn.probe->pkt)
        set_device(a, "last_dev");
    nd_lower_bind(l, a->place->step, nd_ir_gep(l, a->rec, path->record->fields[0].off));
    nd_lower_bind(l, a->place->own, nd_ir_gep(l, a->rec, path->record->fields[1].off));
    run_handlers(a, ND_PATH_STEP);
    set(a, false, "from", nd_ir_i64(l, a->place->stage));
    if (!a->place->last)
        return;
    count(l, path, ND_PATHC_DONE);
    run_handlers(a, ND_PATH_DONE);
    nd_lower_map_remove(l, path->map, key);
}

// ---- what became of it -------------------------------------------------------------------------

static void leave(struct nd_lower *l, LLVMValueRef cond)
{
    LLVMBasicBlockRef stay = nd_ir_bb(l, "stay");

    LLVMBuildCondBr(l->b, cond, l->fn.out, stay);
    nd_ir_at(l, stay);
}

static LLVMValueRef equal(struct nd_lower *l, LLVMValueRef x, uint64_t v)
{
    return LLVMBuildICmp(l->b, LLVMIntEQ, x, nd_ir_i64(l, v), "");
}

// What the stage of a drop exports; 0 if it does not.
static LLVMValueRef exported(struct nd_lower *l, const char *name)
{
    struct nd_probe *pr = l->fn.probe;
    uint32_t i;

    for (i = 0; i < pr->nexports; i++) {
        if (!strcmp(pr->exports[i]->name + 1, name))
            return nd_lower_var_get(l, pr->exports[i]);
    }
    return nd_ir_i64(l, 0);
}

#define UNSPECIFIC 2u // up to SKB_DROP_REASON_NOT_SPECIFIED; 0 before Linux 5.17

// A packet that was received elsewhere is freed there in the end; a copy may be dropped while
// another one goes on. What is left is a drop of this packet.
static void note_drop(struct at *a)
{
    struct nd_lower *l = a->l;
    LLVMValueRef fate = get(a, true, ND_PATH_FATE), reason = exported(l, "reason");
    LLVMValueRef elsewhere = equal(l, fate, ND_FATE_ELSEWHERE + 1), copy, used;

    leave(l, equal(l, fate, ND_FATE_LOST + 1));
    copy = LLVMBuildICmp(l->b, LLVMIntNE, get(a, true, ND_PATH_SKB),
                         nd_lower_var_get(l, l->fn.probe->skb), "");
    used = LLVMBuildAnd(l->b, nd_ir_bool(l, get(a, true, ND_PATH_TAKEN)),
                        LLVMBuildICmp(l->b, LLVMIntULE, reason, nd_ir_i64(l, UNSPECIFIC), ""), "");
    leave(l, LLVMBuildAnd(l->b, elsewhere, LLVMBuildOr(l->b, copy, used, ""), ""));
    set(a, true, "reason", reason);
    set(a, true, "place", exported(l, "location"));
    set(a, true, ND_PATH_FATE, nd_ir_i64(l, ND_FATE_LOST + 1));
}

// Where it was sent out says more than who received it then, which may be in another namespace;
// either says more than that a program has it.
static void note_where(struct at *a)
{
    struct nd_lower *l = a->l;
    LLVMBasicBlockRef news = nd_ir_bb(l, "news"), known = nd_ir_bb(l, "known");
    LLVMValueRef was;

    if (a->place->role != ND_PATH_SENT) {
        was = equal(l, get(a, true, ND_PATH_FATE), ND_FATE_ELSEWHERE + 1);
        if (a->place->role == ND_PATH_RECEIVED)
            was = LLVMBuildAnd(l->b, was, equal(l, get(a, true, "how"), ND_PATH_SENT), "");
        LLVMBuildCondBr(l->b, was, known, news);
    } else {
        nd_ir_br(l, news);
    }
    nd_ir_at(l, news);
    if (a->place->role != ND_PATH_DELIVERED)
        set_device(a, "other");
    set(a, true, "how", nd_ir_i64(l, a->place->role));
    nd_ir_br(l, known);
    nd_ir_at(l, known);
}

static void note_seen(struct at *a)
{
    struct nd_lower *l = a->l;
    LLVMValueRef dev;

    if (a->place->role != ND_PATH_DELIVERED) { // where skb->dev may be something else by then
        dev = nd_lower_int(l, l->fn.probe->pkt->skb[ND_PK_DEV]);
        leave(l, LLVMBuildICmp(l->b, LLVMIntEQ, dev, get(a, true, ND_PATH_DEV), ""));
    }
    note_where(a);
    set(a, true, ND_PATH_TAKEN, nd_ir_i64(l, a->place->role != ND_PATH_SENT));
    set(a, true, ND_PATH_SKB, nd_lower_var_get(l, l->fn.probe->skb));
    set(a, true, ND_PATH_FATE, nd_ir_i64(l, ND_FATE_ELSEWHERE + 1));
}

// A packet somewhere: is it one of the path's?
static void look(struct at *a, LLVMValueRef key)
{
    struct nd_lower *l = a->l;

    a->rec = nd_lower_map_find(l, a->place->path->map, key);
    leave(l, LLVMBuildICmp(l->b, LLVMIntEQ, a->rec, LLVMConstNull(l->ptr), ""));
    if (a->place->role == ND_PATH_DROP)
        note_drop(a);
    else
        note_seen(a);
}

// One flow in so many, the same at every stage and in both directions: a hash of both ends and the
// protocol, in which the ends can change places.
static void sample(struct at *a)
{
    struct nd_lower *l = a->l;
    uint64_t n = a->place->path->decl->path->sample;
    const struct nd_type *t = nd_type_flow(&l->p->types);
    LLVMValueRef flow, h, part;
    LLVMBasicBlockRef in;
    uint32_t i;

    if (n < 2)
        return;
    flow = nd_lower_temp(l, t->size);
    nd_lower_flow_into(l, flow, t);
    h = nd_lower_load_int(l, nd_ir_gep(l, flow, t->fields[4].off), &nd_type_u8);
    for (i = 0; i < 4; i++) {
        part = LLVMBuildAdd(l->b, nd_lower_load_int(l, nd_ir_gep(l, flow, 4 * i), &nd_type_u32),
                            nd_lower_load_int(l, nd_ir_gep(l, flow, 16 + 4 * i), &nd_type_u32), "");
        h = LLVMBuildAdd(l->b, LLVMBuildMul(l->b, h, nd_ir_i64(l, HASH), ""), part, "");
    }
    part =
        LLVMBuildAdd(l->b, nd_lower_load_int(l, nd_ir_gep(l, flow, t->fields[2].off), &nd_type_u16),
                     nd_lower_load_int(l, nd_ir_gep(l, flow, t->fields[3].off), &nd_type_u16), "");
    h = LLVMBuildMul(l->b, LLVMBuildAdd(l->b, h, part, ""), nd_ir_i64(l, HASH), "");
    h = LLVMBuildLShr(l->b, h, nd_ir_i64(l, 32), "");
    in = nd_ir_bb(l, "sampled");
    LLVMBuildCondBr(l->b, nd_ir_bool(l, LLVMBuildURem(l->b, h, nd_ir_i64(l, n), "")), l->fn.out,
                    in);
    nd_ir_at(l, in);
    nd_lower_temps_release(l);
}

// A packet without an identity would be taken for any other that has none.
static void only_known(struct nd_lower *l, const struct nd_expr *by)
{
    LLVMBasicBlockRef known;
    uint32_t i;

    for (i = 0; by->kind == ND_E_TUPLE && i < by->args.n; i++)
        only_known(l, by->args.v[i]);
    if (by->kind != ND_E_IDENT || !by->builtin ||
        (by->builtin->id != ND_B_PACKET_ID && by->builtin->id != ND_B_INNER_ID))
        return;
    known = nd_ir_bb(l, "known");
    LLVMBuildCondBr(l->b, nd_lower_packet_id_there(l, by), known, l->fn.out);
    nd_ir_at(l, known);
}

static uint32_t flow_layers(const struct at *a)
{
    bool kept = (a->place->enter && nd_path_member(a->place->path, true, "flow")) ||
                a->place->path->decl->path->sample > 1;

    return kept ? ND_PL_SKB | ND_PL_L3 | ND_PL_ADDR | ND_PL_L4 : 0;
}

void nd_lower_path(struct nd_lower *l)
{
    struct at a = {.l = l, .place = l->fn.probe->path};
    struct nd_expr *by = a.place->key;
    struct nd_type *t = a.place->path->map->key;
    LLVMValueRef key = nd_lower_keep(l, t->size);
    struct nd_pkt_uses u = {0};
    uint32_t i;

    nd_ir_line(l, l->fn.probe->decl->name_span);
    if (a.place->idle)
        return;
    if (a.place->role != ND_PATH_STAGE)
        nd_lower_leave_unless(l, a.place->filter);
    nd_lower_uses_expr(l->a, by, &u);
    for (i = 0; i < a.place->keeps->n; i++) {
        if (nd_path_member(a.place->path, true, a.place->keeps->v[i].field.name))
            nd_lower_uses_expr(l->a, a.place->keeps->v[i].value, &u);
    }
    u.layers |= flow_layers(&a);
    u.always = true;
    nd_lower_pkt_prepare(l, &u, by->span);
    only_known(l, by);
    sample(&a);
    nd_lower_into(l, by, key, t);
    nd_lower_temps_release(l);
    if (a.place->role != ND_PATH_STAGE)
        look(&a, key);
    else if (a.place->enter)
        enter(&a, key);
    else
        pass(&a, key);
}
