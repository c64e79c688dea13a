#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which function of a file a name means: of several versions, of several static ones, of those that a library chooses;
# names of C++ and Rust; the order of several probes on one function.
. "$(dirname "$0")/lib.sh"
D=$TMP/d
mkdir "$D"
cat >"$D/lib.c" <<'EOF'
#define BODY(n) { __asm__ volatile("" ::: "memory"); return n; }
__attribute__((noinline)) int old_call(int n) BODY(n + 1)
__attribute__((noinline)) int mid_call(int n) BODY(n + 2)
__attribute__((noinline)) int new_call(int n) BODY(n + 3)
__attribute__((noinline)) int gone_one(int n) BODY(n + 4)
__attribute__((noinline)) int gone_two(int n) BODY(n + 5)
__asm__(".symver old_call, call@V_1\n.symver mid_call, call@V_2\n.symver new_call, call@@V_3\n"
        ".symver gone_one, gone@V_1\n.symver gone_two, gone@V_2\n");
static int fast(int n) BODY(n + 6)
static int slow(int n) BODY(n + 7)
static int (*choose(void))(int) { return fast; }
int chosen(int n) __attribute__((ifunc("choose")));
int unused(int n) { return slow(n); }
EOF
echo 'V_1 { global: call; gone; }; V_2 { global: call; gone; } V_1; V_3 { global: call; chosen; unused; local: *; } V_2;' >"$D/map"
cc -O1 -g -shared -fPIC -Wl,-soname,libver.so -Wl,--version-script="$D/map" -o "$D/libver.so" "$D/lib.c" || exit 1
cat >"$D/part.c" <<'EOF'
__attribute__((noinline)) static int same(int n) { __asm__ volatile("" ::: "memory"); return n + 1; }
int FN(int n) { return same(n) + 1; }
__attribute__((noinline)) int RUST(int n) __asm__("_RNvCs1234_7mycrate" MANGLED);
int RUST(int n) { __asm__ volatile("" ::: "memory"); return n; }
EOF
cat >"$D/main.cc" <<'EOF'
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
namespace ns {
struct cls {
    __attribute__((noinline)) int method(int n);
    __attribute__((noinline)) int method(const char *s);
    __attribute__((noinline)) int operator+(int n);
};
int cls::method(int n) { asm volatile("" ::: "memory"); return n + 1; }
int cls::method(const char *s) { asm volatile("" ::: "memory"); return s[0]; }
int cls::operator+(int n) { asm volatile("" ::: "memory"); return n; }
}
template <typename T> __attribute__((noinline)) T twice(T x) { asm volatile("" ::: "memory"); return x + x; }
extern "C" {
int one(int); int two(int); int rust_one(int) asm("_RNvCs1234_7mycrate3one"); int rust_two(int) asm("_RNvCs1234_7mycrate3two");
}
typedef int (*fn)(int);
int main(int argc, char **argv)
{
    char line[8];
    ns::cls c;
    static char from[4096], to[4096];
    void *lib = dlopen(argv[2], RTLD_NOW);
    fn v1 = (fn)dlvsym(lib, "call", "V_1"), v2 = (fn)dlvsym(lib, "call", "V_2"), v3 = (fn)dlvsym(lib, "call", "V_3");
    fn g1 = (fn)dlvsym(lib, "gone", "V_1"), g2 = (fn)dlvsym(lib, "gone", "V_2");

    while (fgets(line, sizeof(line), stdin)) {
        for (int i = 0; i < 3; i++) {
            c.method(i); c + i; twice<long>(i); one(i); two(i); rust_one(i); rust_two(i); v3(i);
            memcpy(to, from, (size_t)atoi(argv[1]));
        }
        c.method("x"); v1(1); v1(1); v2(1); g1(1); g2(1); g2(1);
    }
    return to[1] + argc > 1000;
}
EOF
gcc -O1 -g -fno-omit-frame-pointer -fno-optimize-sibling-calls -DFN=one -DRUST=rust_one -DMANGLED='"3one"' -c "$D/part.c" -o "$D/1.o" &&
    gcc -O1 -g -fno-omit-frame-pointer -fno-optimize-sibling-calls -DFN=two -DRUST=rust_two -DMANGLED='"3two"' -c "$D/part.c" -o "$D/2.o" &&
    g++ -O1 -g -fno-builtin -fno-omit-frame-pointer -o "$D/main" "$D/main.cc" "$D/1.o" "$D/2.o" -ldl || exit 1
# NAME SCRIPT: what it prints while the program does everything once; with LIVE, it lives on for a while.
run() {
    OUT=$TMP/$1.out
    mkfifo "$TMP/$1.in"
    "$D/main" 4000 "$D/libver.so" <"$TMP/$1.in" &
    P=$!
    trace "$1" -q -e "$2" || { kill $P; return; }
    exec 6>"$TMP/$1.in" # not before: the tracer would have it open
    echo x >&6
    [ -z "${LIVE:-}" ] || sleep 0.5
    exec 6>&-
    wait $P
    stop "$PID"
    same "$1-exit" "$CODE" 0
}
count() { run "$1" "$2 /comm == \"main\"/ { @ = count() }"; same "$1" "$(total "$OUT" @)" "$3"; }
for lib in with without; do
    [ $lib = with ] || strip "$D/libver.so" # of .symtab
    f=uprobe:$D/libver.so
    count $lib-default "$f:call" 3
    count $lib-v1 "$f:call@V_1" 2
    count $lib-v2 "$f:call@V_2" 1
    count $lib-v3 "$f:call@@V_3" 3
    count $lib-all "$f:call@V_*" 6
    count $lib-return "uretprobe:$D/libver.so:call" 3
    count $lib-newest "$f:gone" 2 # none is the default
done
"$ND" list probes "uprobe:$D/libver.so:call" >"$TMP/list"
same list-once "$(wc -l <"$TMP/list")" 1
run option 'option lib: path = "'"$D/libver.so"'" uprobe:opt.lib:call /comm == "main"/ { @ = count() }'
same option "$(total "$OUT" @)" 3
m=uprobe:$D/main
count static "$m:same" 6
count cpp "$m:\"ns::cls::method\"" 4
count cpp-bare "$m:ns::cls::method" 4
count cpp-one "$m:\"ns::cls::method(int)\"" 3
count cpp-other "$m:\"ns::cls::method(char const*)\"" 1
count cpp-glob "$m:\"ns::*\"" 7
count cpp-operator "$m:\"ns::cls::operator+\"" 3
count cpp-template "$m:\"twice<long>\"" 3
count cpp-mangled "$m:_ZN2ns3cls6methodEi" 3
count rust "$m:mycrate::one" 3
count rust-glob "$m:\"mycrate::*\"" 6
"$ND" list probes "uprobe:$D/main:*method*" >"$TMP/list"
has list-cpp "$TMP/list" "^uprobe:$D/main:\"ns::cls::method\"\$"
LIVE=1 run stack "$m:same { printf(\"%s\\n\", ustack(2)) } $m:\"ns::cls::method(int)\" { printf(\"%s\\n\", ustack(1)) }"
has stack-static "$OUT" '^    same\+0x0'
has stack-caller "$OUT" '^    (one|two|main)\+0x'
has stack-cpp "$OUT" '^    ns::cls::method\+0x0'
# Processes that are gone when their stacks are printed; symbols in files of their own; frames without a symbol; code that
# a process made.
run gone "$m:one { @[ustack(2)] = count() }"
has gone "$OUT" '^    one\+0x0'
has gone-caller "$OUT" '^    main\+0x'
if type -P objcopy >/dev/null; then
    g++ -O1 -g -fno-builtin -fno-omit-frame-pointer -Wl,--build-id=none -o "$D/split" "$D/main.cc" "$D/1.o" "$D/2.o" -ldl
    at=$(nm "$D/split" | awk '$3 == "one" { print $1 }')
    objcopy --only-keep-debug "$D/split" "$D/split.debug" && strip "$D/split"
    probe() { # NAME PATTERN...: by address, for there are no names
        trace "$1" -q -e "uprobe:$D/split:0x$at { @[ustack(2)] = count() }" || return
        mkfifo "$TMP/$1.in"
        "$D/split" 4000 "$D/libver.so" <"$TMP/$1.in" &
        P=$!
        exec 6>"$TMP/$1.in"
        echo x >&6
        exec 6>&-
        wait $P
        stop "$PID"
        for p in "${@:2}"; do has "$1-$p" "$TMP/$1.out" "$p"; done
    }
    probe bare "^    split\\+0x$(sed "s/^0*//" <<<"$at")\$"
    objcopy --add-gnu-debuglink="$D/split.debug" "$D/split"
    probe linked '^    one\+0x0 \[split\]' '^    main\+0x'
    mkdir "$D/.debug" && mv "$D/split.debug" "$D/.debug"
    probe folder '^    one\+0x0 \[split\]'
    echo damaged >>"$D/.debug/split.debug"
    probe damaged "^    split\\+0x$(sed "s/^0*//" <<<"$at")\$"
fi
cat >"$D/jit.c" <<'EOF2'
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
    static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0xb8, SYS_getppid, 0, 0, 0, 0x0f, 0x05, 0x5d, 0xc3};
    unsigned char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char name[64];
    FILE *f;
    memcpy(p + 64, code, sizeof(code));
    snprintf(name, sizeof(name), "/tmp/perf-%d.map", getpid());
    f = fopen(name, "w");
    fprintf(f, "%lx %zx made at run time\n", (unsigned long)p + 64, sizeof(code));
    fclose(f);
    ((void (*)(void))(p + 64))();
    puts(name);
    return 0;
}
EOF2
if [ "$(uname -m)" = x86_64 ] && gcc -O1 -o "$D/jit" "$D/jit.c"; then
    trace jit -q -e 'rawtracepoint:sys_enter /args.id == 110 && comm == "jit"/ { @[ustack(1)] = count() }' || finish
    map=$("$D/jit")
    stop "$PID"
    rm -f "$map"
    has jit "$TMP/jit.out" '^    made at run time\+0xb'
fi
# Chosen by libc when it is loaded: that of our own libc is known, that of another library is not.
libc=$(ldd "$D/main" | awk '/libc\.so/ { print $3 }')
run chosen "uprobe:$libc:memcpy /comm == \"main\" && arg2 == 4000/ { @ = count() }"
same chosen "$(total "$OUT" @)" 3
"$ND" -e "uprobe:$D/libver.so:chosen { }" >"$TMP/out" 2>&1
same chosen-refused $? 1
has chosen-says "$TMP/out" 'chooses one of several functions for this name when it is loaded \(IFUNC\)'
# In the order of the script, whatever the order of the kernel.
order() { # NAME PROBE WANTED
    run "$1" "$(for i in 1 2 3; do echo "$2 { printf(\"%d\", $i) }"; done)"
    same "$1" "$(tr -d '\n' <"$OUT")" "$3"
}
order order-uprobe "$m:one" 123123123
order order-uretprobe "uretprobe:$D/main:one" 123123123
run order-both "uretprobe:$D/main:one { printf(\"b\") } $m:one { printf(\"1\") } $m:one { printf(\"2\") } uretprobe:$D/main:one { printf(\"c\") }"
same order-both "$(tr -d '\n' <"$OUT")" 12bc12bc12bc
run order-raw 'rawtracepoint:sys_enter /comm == "main" && args.id == 231/ { printf("1") } rawtracepoint:sys_enter /comm == "main" && args.id == 231/ { printf("2") }'
same order-raw "$(tr -d '\n' <"$OUT")" 12
run order-event 'tracepoint:syscalls:sys_enter_exit_group /comm == "main" && args.error_code == 0/ { printf("1") } tracepoint:syscalls:sys_enter_exit_group /comm == "main" && args.error_code == 0/ { printf("2") }'
same order-event "$(tr -d '\n' <"$OUT")" 12
finish
