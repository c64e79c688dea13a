// SPDX-License-Identifier: GPL-2.0-or-later
// What user code asks the machine: lines of files that options name, counters of devices, devices
// of virtual machines; and words of a line. Must not know where the answers come from. Serves the
// functions of user code.
#include "runtime/vm/vm_impl.h"

#include "runtime/common/msg.h"
#include "runtime/sources/link.h"
#include "runtime/sources/qemu.h"
#include "runtime/sources/textfile.h"
#include "runtime/sources/threads.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define EXIT_WRONG 2 // as for a wrong command line

static int end_run(struct nd_vm *vm)
{
    vm->exited = vm->done = true;
    vm->exit_code = EXIT_WRONG;
    return 0;
}

static int refuse(struct nd_vm *vm, const char *name, const char *why)
{
    nd_msg("error: cannot read %s: %s", name, why);
    return end_run(vm);
}

// Does an option of type path have this value? The compiler takes care of that; an object need not
// be the compiler's.
static bool is_named(const struct nd_vm *vm, const char *name)
{
    const struct nd_mf *mf = vm->env.mf;
    const char *opts = vm->env.opts;
    uint32_t i, k, n;

    for (i = 0; opts && i < mf->noptions; i++) {
        const struct nd_mf_option *o = &mf->options[i];

        if (o->kind != ND_OPT_PATH)
            continue;
        memcpy(&n, opts + o->count_off, sizeof(n));
        for (k = 0; k < n && k < o->cap; k++) {
            const char *value = opts + o->off + (size_t)k * o->stride;

            if (strnlen(value, o->stride) == strlen(name) && !memcmp(value, name, strlen(name)))
                return true;
        }
    }
    return false;
}

// The file whose name is a value; NULL: the run ends, and rc is what to return.
static const struct nd_textfile *open_file(struct nd_vm *vm, const struct vm_value *v, int *rc)
{
    const struct nd_textfile *f;
    const char *s, *why;
    char name[4096];
    uint32_t n;

    *rc = vm_str(vm, v, &s, &n);
    if (*rc)
        return NULL;
    snprintf(name, sizeof(name), "%.*s", (int)n, s);
    if (!is_named(vm, name)) {
        *rc = vm_fail(vm, EPERM, "a file that no option names is not read: %.200s", name);
        return NULL;
    }
    f = nd_textfile_open(&vm->files, name, &why);
    if (!f)
        *rc = refuse(vm, name, why);
    return f;
}

int vm_bi_file_lines(struct nd_vm *vm, const struct vm_value *v)
{
    int rc;
    const struct nd_textfile *f = open_file(vm, &v[0], &rc);

    return vm_push_int(vm, f ? f->n : 0) ?: rc;
}

int vm_bi_file_line(struct nd_vm *vm, const struct vm_value *v)
{
    const struct nd_textfile *f;
    const char *line = "";
    int64_t i;
    int rc = vm_i64(vm, &v[1], &i);

    if (rc)
        return rc;
    f = open_file(vm, &v[0], &rc);
    if (f && i >= 1 && i <= f->n)
        line = f->lines[i - 1];
    return vm_push_str(vm, line, strlen(line)) ?: rc;
}

int vm_bi_file_error(struct nd_vm *vm, const struct vm_value *v)
{
    int64_t line, col;
    const struct nd_textfile *f;
    const char *s, *text;
    uint32_t n, m;
    char name[4096];

    if (vm_str(vm, &v[0], &s, &n) || vm_i64(vm, &v[1], &line) || vm_i64(vm, &v[2], &col) ||
        vm_str(vm, &v[3], &text, &m))
        return -EINVAL;
    snprintf(name, sizeof(name), "%.*s", (int)n, s);
    f = nd_textfile_find(vm->files, name); // as it was read: a pipe can be read only once
    nd_msg_in(name, f && line >= 1 && line <= f->n ? f->lines[line - 1] : NULL, (uint32_t)line,
              col > 0 ? (uint32_t)col : 0, text, m);
    return end_run(vm);
}

// ---- devices -----------------------------------------------------------------------------------

int vm_bi_link_stat(struct nd_vm *vm, const struct vm_value *v)
{
    char name[IFNAMSIZ] = "";
    const char *s;
    uint32_t n;
    int64_t what;

    if (vm_str(vm, &v[0], &s, &n) || vm_i64(vm, &v[1], &what))
        return -EINVAL;
    if (what < 0 || what >= ND_LINK_MAX)
        return vm_fail(vm, EINVAL, "no counter %lld", (long long)what);
    if (n < sizeof(name)) // a longer one is not the name of a device
        memcpy(name, s, n);
    return vm_push_int(vm, nd_link_stat(name, (uint32_t)what));
}

// What reads about virtual machines; NULL: vm_fail was called.
static struct nd_qemu *qemu(struct nd_vm *vm)
{
    if (!vm->qemu)
        vm->qemu = nd_qemu_new(NULL);
    if (!vm->qemu)
        vm_fail(vm, ENOMEM, "out of memory");
    return vm->qemu;
}

int vm_bi_vm_tap(struct nd_vm *vm, const struct vm_value *v)
{
    char tap[IFNAMSIZ], name[256];
    uint32_t n, pids[2];
    const char *s;
    int64_t i;
    int err;

    if (vm_str(vm, &v[0], &s, &n) || vm_i64(vm, &v[1], &i) || !qemu(vm))
        return -EINVAL;
    snprintf(name, sizeof(name), "%.*s", (int)n, s);
    err = nd_qemu_tap(vm->qemu, name, i, tap, pids);
    if (err == -EEXIST) {
        nd_msg("error: two virtual machines are called %s: those of the processes %u and %u; "
               "give the UUID of one",
               name, pids[0], pids[1]);
        return end_run(vm);
    }
    if (err)
        return vm_fail(vm, -err, "the virtual machine %s cannot be looked for: %s", name,
                       strerror(-err));
    return vm_push_copy(vm, tap, strlen(tap));
}

// What cannot be found out has no name; a line said why.
int vm_bi_vm_name(struct nd_vm *vm, const struct vm_value *v)
{
    char name[256];
    int64_t pid;

    if (vm_i64(vm, &v[0], &pid) || !qemu(vm))
        return -EINVAL;
    nd_qemu_name(vm->qemu, pid, name, sizeof(name));
    return vm_push_copy(vm, name, strlen(name));
}

int vm_bi_process_name(struct nd_vm *vm, const struct vm_value *v)
{
    char name[64];
    int64_t pid;

    if (vm_i64(vm, &v[0], &pid))
        return -EINVAL;
    nd_threads_process(pid, name, sizeof(name));
    return vm_push_copy(vm, name, strlen(name));
}

int vm_bi_threads(struct nd_vm *vm, const struct vm_value *v)
{
    char names[1024], prefix[17];
    const char *s;
    uint32_t n;

    if (vm_str(vm, &v[0], &s, &n))
        return -EINVAL;
    snprintf(prefix, sizeof(prefix), "%.*s", (int)n, s);
    nd_threads_named(prefix, names, sizeof(names));
    return vm_push_copy(vm, names, strlen(names));
}

int vm_bi_device_kind(struct nd_vm *vm, const struct vm_value *v)
{
    char name[IFNAMSIZ] = "", kind[32];
    const char *s;
    uint32_t n;

    if (vm_str(vm, &v[0], &s, &n))
        return -EINVAL;
    if (n < sizeof(name)) // a longer one is not the name of a device
        memcpy(name, s, n);
    nd_link_kind(name, kind, sizeof(kind));
    return vm_push_copy(vm, kind, strlen(kind));
}

// ---- words -------------------------------------------------------------------------------------

struct word {
    const char *s;
    uint32_t from, len; // 0: there is none
};

// word(s, i, separators)
static int find_word(struct nd_vm *vm, const struct vm_value *v, struct word *w)
{
    const char *sep;
    uint32_t n, nsep, p = 0, len;
    int64_t i;

    if (vm_str(vm, &v[0], &w->s, &n) || vm_i64(vm, &v[1], &i) || vm_str(vm, &v[2], &sep, &nsep))
        return -EINVAL;
    for (;; i--) {
        while (p < n && memchr(sep, w->s[p], nsep))
            p++;
        for (len = 0; p + len < n && !memchr(sep, w->s[p + len], nsep);)
            len++;
        if (i <= 0 || !len)
            break;
        p += len;
    }
    w->from = p;
    w->len = i ? 0 : len;
    return 0;
}

int vm_bi_word(struct nd_vm *vm, const struct vm_value *v)
{
    bool own = v[0].own;
    struct word w;

    return find_word(vm, v, &w) ?: vm_pushed_own(vm, own, vm_push_str(vm, w.s + w.from, w.len));
}

int vm_bi_word_column(struct nd_vm *vm, const struct vm_value *v)
{
    struct word w;

    return find_word(vm, v, &w) ?: vm_push_int(vm, w.len ? (int64_t)w.from + 1 : 0);
}
