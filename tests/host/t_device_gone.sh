#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A device that an option names goes away, and comes back: this is reported, and its packets are counted again.
# One that does not exist yet is an error that lists those that do.
. "$(dirname "$0")/lib.sh"
network g

script='
option device: ifname "device"
rawtracepoint:net_dev_start_xmit /args.dev->name == opt.device/ { @sent = count() }
every 200ms { }'
trace gone -e "$script" --device "$A" || finish
N=$(send 100)
ip -n "$A" link set "$A" down && ip -n "$A" link set "$A" name nd_away && ip -n "$A" link set nd_away up &&
    ip -n "$A" neigh replace 10.77.0.2 lladdr 02:00:00:00:00:02 dev nd_away nud permanent
wait_until 30 there "$TMP/gone.err" 'is now called nd_away'
M=$(send 50)
stop "$PID"
same exit "$CODE" 0
has renamed "$TMP/gone.err" "^ndtrace: device $A \(--device\) is now called nd_away, and is followed\$"
same renamed-once "$(grep -c 'is now called' "$TMP/gone.err")" 1
same both "$(total "$TMP/gone.out" @sent)" $((N + M))
ip -n "$A" link set nd_away down && ip -n "$A" link set nd_away name "$A" && ip -n "$A" link set "$A" up &&
    ip -n "$A" neigh replace 10.77.0.2 lladdr 02:00:00:00:00:02 dev "$A" nud permanent

# Deleted, and made again: another device of the same name.
trace again -e "$script" --device "$A" || finish
N=$(send 100)
ip -n "$A" link del "$A"
wait_until 30 there "$TMP/again.err" 'is gone'
ip -n "$A" link add "$A" type veth peer name "$B" netns "$B"
wait_until 30 there "$TMP/again.err" '\) is back'
ip -n "$A" addr add 10.77.0.1/24 dev "$A" && ip -n "$B" addr add 10.77.0.2/24 dev "$B" &&
    ip -n "$B" link set "$B" address 02:00:00:00:00:02 up && ip -n "$A" link set "$A" address 02:00:00:00:00:01 up &&
    ip -n "$A" neigh replace 10.77.0.2 lladdr 02:00:00:00:00:02 dev "$A" nud permanent &&
    ip -n "$B" neigh replace 10.77.0.1 lladdr 02:00:00:00:00:01 dev "$B" nud permanent
M=$(send 50)
ip -n "$A" link del "$A"
wait_until 30 there "$TMP/again.err" 'is gone' 2
stop "$PID"
same again-exit "$CODE" 0
same again-both "$(total "$TMP/again.out" @sent)" $((N + M))
same again-told "$(grep -c "device $A (--device) \(is gone\|is back\)" "$TMP/again.err")" 3

ip netns exec "$A" "$ND" -e "$script" --device nd_later >/dev/null 2>"$TMP/later"
same later-exit $? 2
has later "$TMP/later" 'nd_later'
has later-list "$TMP/later" "the devices are: lo"
finish
