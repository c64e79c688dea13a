#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# N packets are sent: every way of counting says N.
. "$(dirname "$0")/lib.sh"
network c
send 100 >/dev/null

trace count -e "
option a: string \"sender\"
option b: string \"receiver\"
rawtracepoint:net_dev_queue /args.skb->dev->name == opt.a && args.skb->len == 242/ {
    @sent = count();
    @bytes = sum(args.skb->len);
    @plain++;
    @by_dev[args.skb->dev->name] = count();
    @min = min(args.skb->len);
    @max = max(args.skb->len);
    @avg = avg(args.skb->len);
    @len = hist(args.skb->len);
    @lin = lhist(args.skb->len, 0, 1000, 100);
    @dist = dist(args.skb->len);
}
rawtracepoint:netif_receive_skb /args.skb->dev->name == opt.b && args.skb->len == 228/ {
    @received = count();
}
tracepoint:net:net_dev_queue /args.len == 242 && args.name == opt.a/ { @format = count(); }
end {
    printf(\"hist %d lhist %d dist %d\\n\", count(@len), count(@lin), count(@dist));
    printf(\"dist min %d max %d\\n\", min(@dist), max(@dist));
}
" --a "$A" --b "$B" || finish
N=$(send 20000)
stop "$PID"
out=$TMP/count.out
same exit "$CODE" 0
same count "$(total "$out" @sent)" "$N"
same plus-plus "$(total "$out" @plain)" "$N"
same by-device "$(total "$out" @by_dev)" "$N"
same received "$(total "$out" @received)" "$N"
same trace-event "$(total "$out" @format)" "$N"
same bytes "$(total "$out" @bytes)" "$((N * 242))"
same min "$(total "$out" @min)" 242
same max "$(total "$out" @max)" 242
same avg "$(total "$out" @avg)" 242
has histograms "$out" "^hist $N lhist $N dist $N\$"
has dist-edges "$out" '^dist min 242 max 242$'
has hist-row "$out" "128 -> 255 *: *$N"
finish
