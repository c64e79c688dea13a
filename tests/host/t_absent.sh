#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a run says of what the kernel lacks: after the command line was found to be right, in one line
# for each cause, only of stages that this run would use, and each time, also from the cache.
. "$(dirname "$0")/lib.sh"
export NDTRACE_CACHE=$TMP/cache
cat >"$TMP/s.nd" <<'END'
// Stages of a module that no kernel has.
option dev: ifname required "device"
option way: enum(rx, tx) = rx "which stages"
option more: bool "a stage more"
stage one(skb: struct sk_buff *) { try kprobe:no_such_module:no_such_function_f { skb = (struct sk_buff *)arg0 } }
stage two(skb: struct sk_buff *) { try kprobe:no_such_module:no_such_function_g { skb = (struct sk_buff *)arg0 } }
stage three(skb: struct sk_buff *) { try kprobe:no_such_module:no_such_function_h { skb = (struct sk_buff *)arg0 } }
stage four(skb: struct sk_buff *) { try rawtracepoint:no_such_event { skb = args.skb } }
use stages
path rx by packet_id when opt.way == rx = qdisc_enq -> one? -> two? -> three? when (opt.more) -> tx_xmit -> netif_rx
path tx by packet_id when opt.way == tx = qdisc_enq -> three? -> tx_xmit -> netif_rx
probe four? when opt.way == tx { @ = count() }
probe rx:done { @n = count() }
END
sleep 0.1
# NAME EXIT WORD...: what it says, as lines joined by |.
says() {
    "$WITHIN" 20 "$ND" --duration 100ms "${@:3}" >"$TMP/out" 2>"$TMP/err"
    same "$1-exit" $? "$2"
    SAID=$(grep -v '^Attached ' "$TMP/err" | tr '\n' '|')
}
for try in compiled cached; do
    says $try-rx 0 "$TMP/s.nd" --dev lo
    same $try-rx "$SAID" 'ndtrace: warning: no_such_module is not loaded: stages one, two are left out; modprobe no_such_module|'
    says $try-more 0 "$TMP/s.nd" --dev lo --more
    same $try-more "$SAID" 'ndtrace: warning: no_such_module is not loaded: stages one, two, three are left out; modprobe no_such_module|'
    says $try-tx 0 "$TMP/s.nd" --dev lo --way tx
    same $try-tx "${SAID%%(*}" "ndtrace: warning: no_such_module is not loaded: stage three is left out; modprobe no_such_module|ndtrace: warning: stage four is left out: this kernel has no raw tracepoint 'no_such_event'|"
done
says details 0 -v "$TMP/s.nd" --dev lo
has details-from-cache "$TMP/err" '^cache: hit'
has details "$TMP/err" "^      = kprobe:no_such_module:no_such_function_f: module 'no_such_module' has no function 'no_such_function_f'"
has details-where "$TMP/err" "^$TMP/s.nd:10:[0-9]+: note: one cannot be served\$"
same details-others "$(grep -c 'module:no_such_function_h' "$TMP/err")" 0

# The command line comes first, and its name is the one that was typed.
says required 2 "$TMP/s.nd"
same required "$SAID" "ndtrace: error: --dev is required: device|usage: ndtrace $TMP/s.nd [OPTIONS]; --help lists them|"
sed 's/three? ->/three ->/; s/four?/four/' "$TMP/s.nd" >"$TMP/t.nd"
sleep 0.1
says both-wrong 2 "$TMP/t.nd"
same both-wrong "$SAID" "ndtrace: error: --dev is required: device|usage: ndtrace $TMP/t.nd [OPTIONS]; --help lists them|"
says both-device 2 "$TMP/t.nd" --dev nosuch0
has both-device "$TMP/err" '^ndtrace: error: --dev: there is no device "nosuch0"'
same both-device-only "$(grep -c . "$TMP/err")" 1
says needed 2 "$TMP/t.nd" --dev lo
has needed "$TMP/err" '^ndtrace: error: no_such_module is not loaded: stage three is needed here; modprobe no_such_module$'
has needed-other "$TMP/err" "error\[E0213\]: this kernel cannot serve the stage 'four'"
same needed-once "$(grep -c 'no_such_module' "$TMP/err")" 1
says tool-name 2 vm_network_latency_summary
has tool-name "$TMP/err" '^usage: ndtrace vm_network_latency_summary \[OPTIONS\]; --help lists them$'
same tool-short "$(grep -c . "$TMP/err")" 3

# One struct after another of one module is one sentence as well.
printf 'struct no_such_module:a { u32 x; }\nstruct no_such_module:b { struct a y; }\nrawtracepoint:sys_enter { $b = (struct b *)0; @ = sum(((struct b *)$b)->y.x) }\n' >"$TMP/u.nd"
says structs 2 "$TMP/u.nd"
same structs "$SAID" 'ndtrace: error: no_such_module is not loaded; modprobe no_such_module|'

# What is no warning of a stage is kept as well, in the format of this run.
w='BEGIN { $x = 1; $x + 1; exit(); }'
says kept-1 0 -e "$w"
first=$SAID
says kept-2 0 -v -e "$w"
has kept-hit "$TMP/err" '^cache: hit'
has kept-text "$TMP/err" "^${first%%[*}"
says kept-json 0 -f json -e "$w"
has kept-json "$TMP/err" '^\{.*W0901'
finish
