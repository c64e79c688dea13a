#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What docs/language.md promises about values, in both worlds.
. "$(dirname "$0")/lib.sh"

# NAME EXPRESSION WANTED: the value printed by a probe and by user space.
both() {
    "$WITHIN" 20 "$ND" -q -e "BEGIN { printf(\"%s\n\", $2); exit() }" >"$TMP/k" 2>&1
    same "$1-kernel" "$(head -1 "$TMP/k")" "$3"
    "$WITHIN" 20 "$ND" -q -e "begin { printf(\"%s\n\", $2); exit() }" >"$TMP/u" 2>&1
    same "$1-user" "$(head -1 "$TMP/u")" "$3"
}
# The same where $v is only known at run time.
late() {
    "$WITHIN" 20 "$ND" -q -e "option v: int = $2 BEGIN { \$v = opt.v; printf(\"%s\n\", $3); exit() }" >"$TMP/k" 2>&1
    same "$1-kernel" "$(head -1 "$TMP/k")" "$4"
    "$WITHIN" 20 "$ND" -q -e "option v: int = $2 begin { \$v = opt.v; printf(\"%s\n\", $3); exit() }" >"$TMP/u" 2>&1
    same "$1-user" "$(head -1 "$TMP/u")" "$4"
}

both u32-minus '(u32)1 - (u32)2' -1
both u64-minus '(u64)1 - 2' 18446744073709551615
both compare-u32 '-1 < (u32)1 ? "yes" : "no"' yes
both compare-u64 '-1 < (u64)1 ? "yes" : "no"' no
both cast-u8 '(u8)300' 44
both cast-i8 '(i8)200' -56
both shift '1 << 65' 2
both precedence '1 + 2 * 3 - 4 / 2 % 3 << 1 | 1' 11
both duration '1500us' 1.5ms
both duration-ratio '(3ms + 500us) / 1us' 3500
both size '2KiB + 1k' 3048
both hex '0x10 + 0b11 + 010 + 1_0 + 1e2' 137
both logic '!0 && (0 || 5 > 4) ? 1 : 0' 1
both in '3 in (1, 2, 3) ? 1 : 0' 1
both address 'ip("10.0.0.1")' 10.0.0.1
both address6 'ip("fd00:0:0::1")' fd00::1
both prefix 'ip("10.200.0.1") in prefix("10.0.0.0/8") ? 1 : 0' 1
both prefix-not 'ip("11.0.0.1") in prefix("10.0.0.0/8") ? 1 : 0' 0
both mac 'mac("52:54:00:AB:cd:ef")' 52:54:00:ab:cd:ef
both enum 'TCP_ESTABLISHED' TCP_ESTABLISHED
both bswap 'bswap((u16)0x1234) == 0x3412 ? 1 : 0' 1
both sizeof 'sizeof(struct iphdr)' 20
both offsetof 'offsetof(struct iphdr, protocol)' 9
both strings '"abc" == "abc" ? 1 : 0' 1
both strings-not '"abc" == "abd" ? 1 : 0' 0
both tuple '(1, "two", (3, 4)).1' two
late div-negative -7 '$v / 2' -3
late mod-negative -7 '$v % 3' -1
late shift-negative -8 '$v >> 1' -4
late div-zero 0 '5 / $v' 0
late u8-wrap 300 '(u8)$v' 44
late unsigned-div -1 '(u64)$v / 2' 9223372036854775807
late cond 5 '$v > 3 ? "big" : "small"' big

"$WITHIN" 20 "$ND" -q -e 'option v: int = 0 BEGIN { @x = 5 / opt.v; exit() }' >"$TMP/zero" 2>&1
has div-zero-counted "$TMP/zero" '[Dd]ivisions by zero: 1 \(-e:1'

"$WITHIN" 20 "$ND" -q -e 'let @m = hash(2); BEGIN { for (i in 0..5) { @m[i] = 1 } exit() }' >"$TMP/full" 2>&1
has map-full-counted "$TMP/full" '[Mm]ap full: 3 \(-e:1 @m: 3'

"$WITHIN" 20 "$ND" -q -e 'BEGIN { $i = 0; while (1) { $i++ } @i = $i; exit() }' >"$TMP/loop" 2>&1
has loop-cut-counted "$TMP/loop" '[Ll]oops cut short at their bound: 1 '
has loop-cut-at "$TMP/loop" '^@i: 1024$'

"$WITHIN" 20 "$ND" -q -e 'BEGIN { printf("%-5d|%05d|%x|%#x|%c|%s|%10s|%-4s|\n", 42, -42, 255, 255, 65, "s", "right", "l"); exit() }' >"$TMP/fmt" 2>&1
same printf "$(head -1 "$TMP/fmt")" '42   |-0042|ff|0xff|A|s|     right|l   |'
"$WITHIN" 20 "$ND" -q -e 'begin { printf("%.2f %e %g %5.1f%%\n", 3.14159, 12345.678, 0.5, 100.0 / 3); exit() }' >"$TMP/fmt" 2>&1
same printf-double "$(head -1 "$TMP/fmt")" '3.14 1.234568e+04 0.5  33.3%'
"$WITHIN" 20 "$ND" -q -e 'BEGIN { printf("%t\n", nsecs); exit() }' >"$TMP/time" 2>&1
now=$(date +%s) then=$(date -d "$(head -1 "$TMP/time" | cut -c1-19)" +%s)
if ((now - then >= 0 && now - then < 10)); then ok time; else not_ok time "got '$(head -1 "$TMP/time")', wanted the time of now, $(date +%T)"; fi

# A map entry that is not there; local scopes; functions in both worlds; list options.
"$WITHIN" 20 "$ND" -q -e '
option list: int[] = (1, 2, 3)
option who: enum(me, you) = you
fn twice(x: int) -> int { return x * 2 }
BEGIN {
    $x = 1;
    if ($x) { let $x = 2; $y = $x; }
    printf("%d %d %s|%d %d %d %d\n", $x, @none[5], @text[1], twice(21), len(opt.list), 2 in opt.list, opt.list[1]);
    @none[1] = 1; @text[2] = "a"; exit();
}
begin { printf("%d %d %s\n", twice(4), len(opt.list), opt.who == you ? "you" : "me"); }
end { clear(@none); clear(@text) }' --list 4,2 >"$TMP/mix" 2>&1
has user-mix "$TMP/mix" '^8 2 you$'
has kernel-mix "$TMP/mix" '^1 0 \|42 2 1 2$'

"$WITHIN" 20 "$ND" -q -e 'BEGIN { for (i in 0..10) { @m[i] = i * i } exit() }
end { for (k, v in @m sorted by v desc limit 3) { printf("%d=%d ", k, v) } for (k in @m sorted by k asc limit 2) { printf("%d ", k) }
printf("%d %d\n", len(@m), sum(@m)); clear(@m) }' >"$TMP/loop" 2>&1
same sorted-loops "$(cat "$TMP/loop")" '9=81 8=64 7=49 0 1 10 285'

"$WITHIN" 20 "$ND" -q -e 'BEGIN { for (i in 1..101) { @h = hist(i); @l = lhist(i, 0, 100, 10); @d = dist(i); @s = stats(i); @lo = min(i); @hi = max(i); @a = avg(i) } exit() }
end { printf("%d %d %d %d %.0f %d %d %.1f %.1f\n", count(@h), count(@l), count(@d), sum(@s), avg(@s), min(@lo), max(@hi), avg(@a), @a);
printf("%.0f %.0f %.0f\n", p50(@d), p95(@d), p99(@d)) }' >"$TMP/agg" 2>&1
same aggregations "$(head -1 "$TMP/agg")" '100 100 100 5050 50 1 100 50.5 50.5'
read -r p50 p95 p99 < <(sed -n 2p "$TMP/agg")
if ((p50 >= 50 && p50 <= 54 && p95 >= 95 && p95 <= 100 && p99 >= 99 && p99 <= 100)); then
    ok percentiles
else
    not_ok percentiles "$p50 $p95 $p99"
fi

"$WITHIN" 20 "$ND" -q -e 'begin { table("name", "n"); table("a", 1); table("long name", 22); printf("%s|%s|%s|%d|%s\n", upper("ab"), substr("abcdef", 2, 3), pad("x", 3), num("17"), "a" + "b"); exit() }' >"$TMP/table" 2>&1
same table "$(sed 's/ *$//' "$TMP/table" | tr '\n' '/')" 'name        n/a           1/long name  22/AB|cde|  x|17|ab/'

# A cgroup of our own: what the process itself is told, and the number of its folder.
mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
if [ -z "$mount" ]; then
    mount=$TMP/cgroup
    mkdir "$mount" && mount -t cgroup2 none "$mount"
fi
own=$(sed -n 's/^0:://p' /proc/self/cgroup)
group=${own%/}/nd-test-$$
mkdir "$mount$group"
(
    echo $BASHPID >"$mount$group/cgroup.procs"
    sed -n 's/^0:://p' /proc/self/cgroup >"$TMP/own"
    exec "$WITHIN" 20 "$ND" -q -e "
        event seen { id: u64 }
        BEGIN { @k[cgroup_path(cgroup)] = count(); send seen { id: cgroup }; exit() }
        on seen { printf(\"%s\\n\", cgroup_path(id)) }
        begin { printf(\"%s\\n\", cgroup_path($(stat -c %i "$mount$group"))) }"
) >"$TMP/group" 2>&1
rmdir "$mount$group"
[ "$mount" != "$TMP/cgroup" ] || umount "$mount"
same cgroup-told "$(cat "$TMP/own")" "$group"
same cgroup-path "$(cat "$TMP/group")" "$group
$group

@k[$group]: 1"

# What a program is told about its connect(), and what the kernel gave back.
"$WITHIN" 20 "$ND" -q -c "bash -c 'LC_ALL=C; : 3<>/dev/tcp/127.0.0.1/1'" -e '
event over { ret: i64 }
tracepoint:syscalls:sys_exit_connect /comm == "bash"/ { @k[strerror(args.ret)] = count(); send over { ret: args.ret } }
on over { printf("%s\n", strerror(ret)) }' >"$TMP/refused" 2>"$TMP/refused.err"
told=$(sed -n 's/.*connect: //p' "$TMP/refused.err")
has strerror-told "$TMP/refused.err" 'connect: Connection refused'
has strerror-user "$TMP/refused" "^$told\$"
has strerror-kernel "$TMP/refused" "^@k\[$told\]: 1\$"

# Layouts: formatted as other blocks, told by explain.
cat >"$TMP/layout.nd" <<'S'
event e{n:int}
begin text{printf("x")}
BEGIN { send e { n: 1 }; exit(); }
on e text{
printf("%d",n)
}
every 1s {
report(@a),print(@b)text{
text{printf("y")}
}
}
end { @a = 1; @b = 2; clear(@a); clear(@b) }
S
"$ND" fmt "$TMP/layout.nd" >"$TMP/layout.fmt"
same fmt-layout "$(sed -n '2p;4,11p' "$TMP/layout.fmt")" 'begin text {printf("x")}
on e text {
    printf("%d", n)
}
every 1s {
    report(@a), print(@b) text {
        text {printf("y")}
    }
}'
same explain-layout "$("$ND" explain "$TMP/layout.nd" | grep 'output is text' | sed 's/^ *//')" 'begin, if the output is text
on e, if the output is text; otherwise its record is written'
finish
