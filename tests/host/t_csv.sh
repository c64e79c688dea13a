#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --format csv: what a script has to tell, in rows that other programs read; nothing of its layout.
. "$(dirname "$0")/lib.sh"

# FILE: its logical rows, one on each line, with line breaks inside of quotes as \n; fails where the
# quotes of RFC 4180 do not close.
rows() {
    awk '{ row = open ? row "\\n" $0 : $0; open = gsub(/"/, "\"", row) % 2; if (!open) print row }
        END { exit open }' "$1"
}
# FILE KIND NAME: the header of these rows, then the rows.
section() {
    awk -F, -v kind="$2" -v name="$3" '$1 == "record" { head = $0; next }
        $1 == kind && $2 == name { if (head != last) { print head; last = head }; print }' "$1"
}

cat >"$TMP/s.nd" <<'S'
event drop { dev: ifname, why: string[32] }
option name: string = "a" "text"
begin text { printf("a layout\n") }
BEGIN {
    send drop { dev: "eth0", why: "no, \"thanks\"" };
    @bytes["eth0", 443] = sum(1500); @bytes["eth0", 80] = sum(100);
    @ns[1] = hist(3); @ns[1] = hist(100);
    @fine = hist(17, 2); @fine = hist(20, 2); @fine = hist(21, 2);
    @total = dist(7); @total = dist(9);
    printf("two\nlines, one text");
    exit();
}
on drop text { printf("%s\n", dev) }
every 10s { report(@bytes, @ns) text { printf("laid out\n") } report(@total) }
end { table("a", "b"); table("x,y", 1); @x = 5; print(@x) text { printf("x\n") } delete(@x) }
S
timeout 20 "$ND" -q -f csv "$TMP/s.nd" >"$TMP/csv" 2>"$TMP/err"
same exit $? 0
same stderr "$(cat "$TMP/err")" ''
rows "$TMP/csv" >"$TMP/rows"
same quotes-close $? 0
same no-layout "$(grep -c 'layout\|laid out\|^x$' "$TMP/rows")" 0
same event "$(section "$TMP/rows" event drop)" 'record,name,dev,why
event,drop,eth0,"no, ""thanks"""'
same printf "$(section "$TMP/rows" printf '' | cut -d, -f4-)" 'text
"two\nlines, one text"'
same map "$(section "$TMP/rows" map @bytes | cut -d, -f5-)" 'key.0,key.1,value
eth0,80,100
eth0,443,1500'
same sub-bucket "$(section "$TMP/rows" bucket @fine | cut -d, -f5-)" 'min,max,count
16,19,1
20,23,2'
same bucket "$(section "$TMP/rows" bucket @ns | cut -d, -f5-)" 'key,min,max,count
1,0,1,0
1,2,3,1
1,4,7,0
1,8,15,0
1,16,31,0
1,32,63,0
1,64,127,1'
same dist "$(section "$TMP/rows" map @total | cut -d, -f5- | head -2)" \
    'value.count,value.sum,value.min,value.max,value.avg,value.p50,value.p95,value.p99
2,16,7,9,8,7,9,9'
same table "$(section "$TMP/rows" table '' | cut -d, -f4-)" 'a,b
"x,y",1'
same value "$(section "$TMP/rows" map @x | cut -d, -f5-)" 'value
5'
same time "$(section "$TMP/rows" map @bytes | sed -n 2p | grep -cE '^map,@bytes,20[0-9-]+T[0-9:.]+Z,[0-9]+,')" 1
same last "$(tail -1 "$TMP/rows" | grep -c '^summary,,')" 1

# Where is a header: above the first row, and wherever the columns are others.
same first "$(head -1 "$TMP/rows" | cut -d, -f1,2)" record,name
same headed "$(awk -F, '$1 == "record" { n = NF; next } FNR > 1 && !n { bad++ } END { print bad + 0 }' "$TMP/rows")" 0

# What is lost is told: rows of its own, and in the summary.
timeout 20 "$ND" -q -f csv -e 'let @m = hash(1); BEGIN { @m[1] = 1; @m[2] = 2; @m[3] = 3; exit(); }' >"$TMP/lost"
same loss "$(section "$TMP/lost" loss map_full | sed -E 's/,20[^,]*Z,/,T,/')" 'record,name,time,since,file,line,col,map,count
loss,map_full,T,start,-e,1,'"$(sed -nE 's/^loss,map_full,[^,]*,start,-e,1,([0-9]+),.*/\1/p' "$TMP/lost" | head -1)"',@m,1
loss,map_full,T,start,-e,1,'"$(sed -nE 's/^loss,map_full,[^,]*,start,-e,1,([0-9]+),.*/\1/p' "$TMP/lost" | tail -1)"',@m,1'
same summary-lost "$(tail -1 "$TMP/lost" | cut -d, -f8)" 2

# The suffix of the file is enough; a tool needs to know nothing of the format.
timeout 20 "$ND" -q -o "$TMP/x.csv" -e 'BEGIN { @a[7] = 1; exit(); }' >"$TMP/x.out"
same suffix "$(section "$TMP/x.csv" map @a | cut -d, -f5-)" 'key,value
7,1'
same suffix-stdout "$(cat "$TMP/x.out")" ''
timeout 20 "$ND" -q -f csv --duration 2s iface_netstat -n lo -i 1 >"$TMP/tool" 2>&1
same tool-exit $? 0
has tool-map "$TMP/tool" '^map,@delta,'
same tool-rows "$(grep -cvE '^(record,name|map|bucket|loss|summary),' "$TMP/tool")" 0
timeout 20 "$ND" -f csv -e 'begin { fail(3, "not, so") }' >"$TMP/fail" 2>/dev/null
same fail-exit $? 3
same fail "$(section "$TMP/fail" error '' | cut -d, -f4-)" 'code,text
3,"not, so"'
finish
