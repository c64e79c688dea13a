#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A renamed device keeps the rest of its longer name after the zero byte: that is not part of a name.
. "$(dirname "$0")/lib.sh"
network r
ip -n "$A" link set "$A" down && ip -n "$A" link set "$A" name a_rather_long_1 && ip -n "$A" link set a_rather_long_1 name a1 &&
    ip -n "$A" link set a1 up && ip -n "$A" neigh replace 10.77.0.2 lladdr 02:00:00:00:00:02 dev a1 nud permanent ||
    { not_ok rename "cannot rename the device"; exit 1; }

trace renamed -e '
option d: ifname "device"
begin { @set[opt.d] = 1; }
rawtracepoint:net_dev_start_xmit /args.skb->len == 242 && args.dev->name == "a1"/ {
    @key[args.dev->name, 1] = count();
    @is[args.dev->name == opt.d, args.dev->name in @set, strcontains(args.dev->name, "long")] = count();
    $name = args.dev->name;
    @var[$name] = count();
}
end { @key["a1", 1] = count(); @var["a1"] = count(); clear(@set); }
' --d a1 || finish
N=$(send 100)
stop "$PID"
out=$TMP/renamed.out
same exit "$CODE" 0
same one-key "$(grep '^@key' "$out")" "@key[a1, 1]: $((N + 1))"
same one-variable "$(grep '^@var' "$out")" "@var[a1]: $((N + 1))"
same comparisons "$(grep '^@is' "$out")" "@is[true, true, false]: $N"
finish
