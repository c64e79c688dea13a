#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two tracers at once see the same packets and do not disturb each other.
. "$(dirname "$0")/lib.sh"
network t
script='option dev: ifname "device"
rawtracepoint:net_dev_queue /args.skb->dev->name == opt.dev && args.skb->len == 242/ { @n = count(); }'

trace two-a -e "$script" --dev "$A" || finish
one=$PID
trace two-b -e "$script" --dev "$A" || finish
two=$PID
N=$(send 5000)
stop "$one"
same first-exit "$CODE" 0
M=$(send 5000)
stop "$two"
same second-exit "$CODE" 0
same first "$(total "$TMP/two-a.out" @n)" "$N"
same second "$(total "$TMP/two-b.out" @n)" "$((N + M))"
finish
