#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check: 5.10 7
# A struct passed by value takes two words: what comes after it, the result, and the struct itself.
. "$(dirname "$0")/../lib.sh"
want() { # NAME FILE LINE...: complete lines
    local name=$1 file=$2 p
    shift 2
    for p; do
        grep -qxF -- "$p" "$file" || { not_ok "$name" "no line '$p' in: $(head -c 600 "$file" | tr '\n' '|')"; return; }
    done
    ok "$name"
}
ENTER='/comm == "stimulus"/ { @n[args.level, args.optname, args.optlen] = count(); @size = sizeof(args.optval);
    @o[*(u32 *)uptr(args.optval.user), args.optval.is_kernel] = count() }'
LEAVE='/comm == "stimulus"/ { @n[args.level, args.optname, args.optlen, (i32)retval] = count();
    @o[*(u32 *)uptr(args.optval.user), args.optval.is_kernel] = count() }'
in=('@n[6, 4, 4]: 50' '@n[6, 4, 3]: 50' '@o[77, false]: 100' '@size: 16')
out=('@n[6, 4, 4, 0]: 50' '@n[6, 4, 3, -22]: 50' '@o[77, false]: 100')

enters=(kprobe func) leaves=(kretprobe funcret)
if kernel_at_least 6 1; then enters+=(fentry) leaves+=(fexit); fi
for kind in "${enters[@]}"; do
    traced "$kind" "$kind:tcp_setsockopt $ENTER" "$STIMULUS" sockopt 50
    want "$kind-args" "$OUT" "${in[@]}"
done
for kind in "${leaves[@]}"; do
    traced "$kind" "$kind:tcp_setsockopt $LEAVE" "$STIMULUS" sockopt 50
    want "$kind-args" "$OUT" "${out[@]}"
done
traced positions 'kprobe:tcp_setsockopt /comm == "stimulus"/ { @n[arg1, arg2, *(u32 *)uptr(arg3), (u32)arg5] = count() }' "$STIMULUS" sockopt 50
want positions-args "$OUT" '@n[6, 4, 77, 4]: 50' '@n[6, 4, 77, 3]: 50'

# On the stack after the struct: do_sock_setsockopt(sock, compat, level, optname, optval, optlen).
if kernel_at_least 6 7; then
    for kind in kprobe fentry func; do
        traced "stack-$kind" "$kind:do_sock_setsockopt $ENTER" "$STIMULUS" sockopt 50
        want "stack-$kind-args" "$OUT" "${in[@]}"
    done
    for kind in kretprobe fexit funcret; do
        traced "stack-$kind" "$kind:do_sock_setsockopt $LEAVE" "$STIMULUS" sockopt 50
        want "stack-$kind-args" "$OUT" "${out[@]}"
    done
fi

# Objects for other kernels.
object() { # NAME SCRIPT LINE...
    "$ND" compile -o "$TMP/o.ndo" -e "$2" 2>"$TMP/e"
    "$WITHIN" 60 "$ND" -c "$STIMULUS sockopt 50" "$TMP/o.ndo" >"$TMP/o" 2>>"$TMP/e"
    same "object-$1-exit" $? 0
    [ ! -s "$TMP/e" ] || cat "$TMP/e"
    want "object-$1-args" "$TMP/o" "${@:3}"
}
object kprobe "kprobe:tcp_setsockopt $ENTER" "${in[@]}"
object kretprobe "kretprobe:tcp_setsockopt $LEAVE" "${out[@]}"
if kernel_at_least 6 1; then object fexit "fexit:tcp_setsockopt $LEAVE" "${out[@]}"; fi
finish
