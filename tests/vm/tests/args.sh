#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check: 5.10 7
# Arguments: at a return those of the very call, with threads at once and calls inside each other;
# those on the stack; func: by trampoline and by breakpoint; copies that the compiler made; several
# functions of one name.
. "$(dirname "$0")/../lib.sh"
# NAME FILE PATTERN...: lines that must be there, complete.
lines() {
    local name=$1 file=$2 p
    shift 2
    for p; do
        if ! grep -qxF -- "$p" "$file"; then
            not_ok "$name" "no line '$p' in: $(head -c 600 "$file" | tr '\n' '|')"
            return
        fi
    done
    ok "$name"
}

# ---- the call that returns is the call that was entered
N=100
# Kernels before 6.1 have room for as many returns as there are processors: two.
if kernel_at_least 6 1; then T=6 D='nd0 nd0.5 nd0.5.6'; else T=2 D='nd0 nd0.5'; fi
export THREADS=$T
want=()
for ((i = 0; i < T; i++)); do want+=("@r[$((1000 + i)), 0, 0]: $((N / 2))" "@r[$((1000 + i)), 4096, -95]: $((N / 2))"); done
for kind in kretprobe funcret; do
    traced "threads-$kind" "$kind:vfs_fallocate /comm == \"stimulus\"/ { @r[args.len, args.mode, (int32)retval] = count(); @off = sum(args.offset) }" \
        "$STIMULUS" fallocate_threads $N
    # A trampoline's program that another thread of the CPU has interrupted is not run; that is counted.
    missed=$(sed -n 's/^Missed: funcret:vfs_fallocate: //p' "$OUT")
    same "threads-$kind-all" "$(($(total "$OUT" @r) + ${missed:-0}))" $((T * N))
    if [ -z "$missed" ]; then
        lines "threads-$kind-calls" "$OUT" "${want[@]}"
        same "threads-$kind-offsets" "$(total "$OUT" @off)" $((T * N * (N - 1) / 2))
    else
        same "threads-$kind-right" "$(grep -cE '^@r\[100[0-5], (0, 0|4096, -95)\]: [0-9]+$' "$OUT")" "$(grep -c '^@r\[' "$OUT")"
    fi
done
# Calls under way at the same time, by position and by name.
want=()
for ((i = 0; i < T; i++)); do want+=("@n[$((5000000 * (6 - i) + i)), true]: 15"); done
traced naps 'kretprobe:hrtimer_nanosleep /comm == "stimulus"/ { @n[args.rqtp, (u64)args.rqtp == arg0] = count() }' "$STIMULUS" nap 15
lines naps-calls "$OUT" "${want[@]}"
# Calls inside each other: a device on a device on a device.
top=${D##* }
ip link add nd0 type dummy && ip link add link nd0 name nd0.5 type vlan id 5 && ip link add link nd0.5 name nd0.5.6 type vlan id 6 ||
    not_ok recursion-devices "no vlan devices"
for d in nd0 nd0.5 nd0.5.6; do sysctl -qw "net.ipv6.conf.${d//./\/}.disable_ipv6=1" && ip link set $d up; done
ip addr add 10.66.0.1/24 dev "$top" && ip neigh replace 10.66.0.2 lladdr 02:00:00:00:66:02 dev "$top" nud permanent
datagrams() { bash -c 'exec 3>/dev/udp/10.66.0.2/9; for ((i = 0; i < '"$1"'; i++)); do echo hi >&3; done'; }
P='/strncmp(args.dev->name, "nd0", 3) == 0/'
traced recursion "kprobe:dev_hard_start_xmit $P { @in[args.dev->name] = count(); @depth[tid]++; @deep = max(@depth[tid]) }
    kretprobe:dev_hard_start_xmit $P { @out[args.dev->name] = count(); @depth[tid]--; }
    end { clear(@depth) }" datagrams 40
for d in $D; do lines "recursion-$d" "$OUT" "@in[$d]: 40" "@out[$d]: 40"; done
lines recursion-depth "$OUT" "@deep: $(wc -w <<<"$D")"
ip link del nd0

# ---- on the stack: ip_append_data(sk, fl4, getfrag, from, length, transhdrlen, ipc, rtp, flags)
S='/comm == "stimulus"/ { @n[args.length, args.transhdrlen, args.flags] = count(); @p[arg4 == (u64)args.length, (u32)arg8 == args.flags] = count(); @d[(*args.rtp)->dst.dev->name] = count() }'
for kind in kprobe func; do
    traced "stack-$kind" "$kind:ip_append_data $S" "$STIMULUS" cork 60
    lines "stack-$kind-values" "$OUT" '@n[108, 8, 32768]: 60' '@n[50, 8, 0]: 60' '@p[true, true]: 120'
    has "stack-$kind-pointer" "$OUT" '^@d\[lo\]: (60|120)$'
done
traced stack-ret 'kretprobe:ip_append_data /comm == "stimulus"/ { @n[args.length, args.flags, arg8, (int32)retval] = count() }' "$STIMULUS" cork 60
lines stack-ret-values "$OUT" '@n[108, 32768, 32768, 0]: 60' '@n[50, 0, 0, 0]: 60'

# ---- func: by each way that it can be served
S='func:vfs_fallocate /comm == "stimulus"/ { @in[args.len, args.mode] = count(); @a = sum(args.offset); @f[func] = count(); @n[str(args.file->f_path.dentry->d_name.name)] = count() }
   funcret:vfs_fallocate /comm == "stimulus"/ { @out[args.mode, (int32)retval] = count(); @b = sum(args.offset) }'
want=('@in[1000, 0]: 200' '@in[1000, 4096]: 200' '@a: 39800' '@b: 39800' '@out[0, 0]: 200' '@out[4096, -95]: 200' '@f[vfs_fallocate]: 400' '@n[memfd:stimulus]: 400')
for without in none fentry; do
    if [ $without != none ]; then export NDTRACE_WITHOUT=$without; fi
    "$ND" explain -e "$S" >"$TMP/explained" 2>&1
    if [ $without = none ]; then has func-by-fentry "$TMP/explained" 'served by: trampoline'; else has "func-by-kprobe-$without" "$TMP/explained" 'served by: breakpoint'; fi
    traced "func-$without" "$S" "$STIMULUS" fallocate 200
    lines "func-$without-same" "$OUT" "${want[@]}"
    unset NDTRACE_WITHOUT
done

# ---- copies that the compiler made: there is no do_sysinfo, only do_sysinfo.isra.0
copies=$(awk '$3 ~ /^do_sysinfo\.(isra|constprop)\.[0-9]+$/' /proc/kallsyms | wc -l)
itself=$(awk '$3 == "do_sysinfo"' /proc/kallsyms | wc -l)
same copy-only "$copies $itself" '1 0'
for kind in func kprobe; do
    traced "copy-$kind" "$kind:do_sysinfo /comm == \"stimulus\"/ { @n = count(); @p[probe] = count() }" "$STIMULUS" sysinfo 70
    same "copy-$kind-count" "$(total "$OUT" @n)" 70
    has "copy-$kind-named" "$OUT" '^@p\[(func|kprobe):do_sysinfo\.isra\.0\]: 70$'
done
traced copy-ret 'funcret:do_sysinfo /comm == "stimulus"/ { @n[(int32)retval] = count() }' "$STIMULUS" sysinfo 70
lines copy-ret-count "$OUT" '@n[0]: 70'
# An object that has asked for the function also finds its copy.
"$ND" compile -o "$TMP/copy.ndo" -e 'probe kprobe:do_sysinfo when has_func("do_sysinfo") /comm == "stimulus"/ { @n = count() }' 2>"$TMP/e"
"$WITHIN" 60 "$ND" -c "$STIMULUS sysinfo 70" "$TMP/copy.ndo" >"$TMP/o" 2>>"$TMP/e"
same copy-object-exit $? 0
[ ! -s "$TMP/e" ] || cat "$TMP/e"
same copy-object "$(total "$TMP/o" @n)" 70
"$WITHIN" 60 "$ND" -e 'fentry:do_sysinfo { @ = count() }' >"$TMP/o" 2>"$TMP/e"
same copy-fentry-exit $? 2
has copy-fentry "$TMP/e" 'do_sysinfo'
has copy-fentry-help "$TMP/e" 'use func:do_sysinfo'

# ---- several functions of one name: by address each alone, by name all
addresses=$(awk '$3 == "c_start" && $4 == "" { print $1 }' /proc/kallsyms)
n=$(echo "$addresses" | wc -l)
between same-name "$n" 2
script='kprobe:c_start { @all = count(); @at[reg("ip")] = count() }' k=0
for a in $addresses; do
    script+=" kprobe:0x$a { @one[$k] = count() }"
    k=$((k + 1))
done
traced same_name "$script" cat /proc/cpuinfo /proc/consoles
used=$(grep -c '^@one\[' "$OUT")
between same-name-used "$used" 2
same same-name-all "$(total "$OUT" @all)" "$(total "$OUT" @one)"
same same-name-places "$(grep -c '^@at\[' "$OUT")" "$used"
has same-name-attached "$TMP/same_name.err" "Attached $((2 * n)) probe"
finish
