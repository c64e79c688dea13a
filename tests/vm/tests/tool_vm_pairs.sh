#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: vm
# kernels: 6.12
# Pairs whose VMs are known by name or UUID, with a real QEMU and its tap.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/vm.sh"
N=10
TOOL=multi_vm_pair_multi_port_gap
printf 'eth0 ndvm 5 7 # by name\n01234567-89AB-cdef-0123-456789abcdef eth0 6 7\n' >"$TMP/pairs"
OUT=$TMP/names.out
if trace names $TOOL --config "$TMP/pairs" --protocol tcp --interval 1h; then
    same names-echoes "$(vm_echoes $N)" $N
    stop "$PID"
    has names-name "$OUT" '^Pair 5: eth0 -> vnet0, tracking TCP ports: \[7\]$'
    has names-uuid "$OUT" '^Pair 6: vnet0 -> eth0, tracking TCP ports: \[7\]$'
    # Each connection has at least SYN, ACK, data, and FIN of both sides.
    same names-packets "$(awk -v n=$N '($1 == 5 || $1 == 6) && $6 == 7 && $7 >= 4 * n { print $1, $5 }' "$OUT" | xargs)" \
        "5 SEND 5 RECV 6 SEND 6 RECV"
fi
printf 'ndvm2 eth0\n' >"$TMP/pairs"
"$ND" $TOOL --config "$TMP/pairs" >/dev/null 2>"$TMP/wrong"
same names-wrong $? 2
has names-wrong-says "$TMP/wrong" 'pairs:1:1: error: there is no device and no VM "ndvm2"'
finish
