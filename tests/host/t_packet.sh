#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every field of every kind of packet, at each stage.
. "$(dirname "$0")/packets.sh"

for s in "qdisc_enq q $T" "tx_xmit x $T" "netif_rx rx $R"; do
    read -r stage short dev <<<"$s"
    script "$stage" "$short" 7 >"$TMP/$stage.nd"
    check_stage "$stage" "$TMP/$stage.nd" "$short" "$dev"
done

finish
