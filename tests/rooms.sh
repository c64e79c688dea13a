#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Holds the code against the table of rooms in tests/rooms.txt: who includes whom, circles, names,
# sizes; and that the tracer itself never holds LLVM. Prints what is wrong; fails if anything is.
# usage: tests/rooms.sh [BUILD] [ROOT]
set -u

build=${1:-build}
root=${2:-.}
table=$root/tests/rooms.txt
bad=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Complaints on stdin, one a line.
complain() {
    local line
    while IFS= read -r line; do
        echo "WRONG $line"
        bad=$((bad + 1))
    done < <(cat)
}

sources() { # [SUFFIX...]: the files of the rooms
    (cd "$root" && find compiler runtime grammar -name "*.[${1:-chly}]" | sort)
}

# ---- includes: "FILE KIND HEADER", kind q or s ----------------------------------------------------

(cd "$root" && sources | xargs awk '
    match($0, /^[ \t]*#[ \t]*include[ \t]*["<][^">]*[">]/) {
        s = substr($0, RSTART, RLENGTH)
        kind = s ~ /"/ ? "q" : "s"
        gsub(/^[^"<]*["<]|[">]$/, "", s)
        print FILENAME, kind, s
    }') >"$tmp/includes"
[ -s "$tmp/includes" ] || complain <<<"$root: no sources found"

complain < <(awk '
    function room(f) { sub(/\/[^\/]*$/, "", f); return f }
    FNR == NR {
        if ($1 == "room") {
            name = $2; sub(/:$/, "", name)
            rooms[name] = 1
            for (i = 3; i <= NF; i++) may[name, $i] = 1
        }
        next
    }
    {
        from = room($1); to = room($3)
        if ($3 ~ /^ndtrace\.(tab|lex)\.h$/) to = "grammar"
        if (!(from in rooms)) print $1 ": " from " is not a room of the table"
    }
    $2 == "q" && $3 !~ /\// && $3 !~ /^ndtrace\./ { print $1 ": \"" $3 "\" without the room it is in"; next }
    $2 == "q" && from != to {
        if (!((from, to) in may)) print $1 ": " from " may not enter " to " (\"" $3 "\")"
        if ($3 ~ /_impl\.h$/) print $1 ": \"" $3 "\" is the inside of " to
        if (to == "grammar" && $1 !~ /^compiler\/front\/parse(_[a-z]+)?\.[ch]$|^compiler\/front\/parse_impl\.h$/)
            print $1 ": only compiler/front/parse*.c knows the generated parser"
        print from, to >EDGES
    }
    $2 == "s" && $3 ~ /^llvm(-c)?\// && from != "compiler/lower" && $1 != "compiler/kernel/elf_insn.c" { print $1 ": LLVM outside the lowering: <" $3 ">" }
    $2 == "s" && $3 ~ /^bpf\// && $1 !~ /^runtime\/.*(\.c|_impl\.h)$/ { print $1 ": libbpf outside the runtime: <" $3 ">" }
    ' EDGES="$tmp/edges" "$table" "$tmp/includes")

# The table itself has no circle; edges that nothing uses are not in it.
complain < <(awk '$1 == "room" { name = $2; sub(/:$/, "", name); for (i = 3; i <= NF; i++) print name, $i }' "$table" |
    grep -v '^compiler/front grammar$' | tsort 2>&1 >/dev/null | grep -v 'input contains a loop' | sed 's/^tsort: -: */circle of rooms: /; s/^tsort: /circle of rooms: /')
complain < <(awk '
    FNR == NR { used[$1, $2] = 1; next }
    $1 == "room" {
        name = $2; sub(/:$/, "", name)
        for (i = 3; i <= NF; i++)
            if (!((name, $i) in used)) print "tests/rooms.txt: " name " does not enter " $i
    }' "$tmp/edges" "$table")

# ---- symbols: what files of a room call each other by ---------------------------------------------

for o in $(cd "$build" && find compiler runtime -name '*.o' | sort); do
    [ -e "$root/${o%.o}.c" ] || continue # left from an earlier build
    nm "$build/$o" | awk -v f="${o%.o}.c" '
        $(NF - 1) ~ /^[TDRBC]$/ { print "def", f, $NF }
        $(NF - 1) == "U" { print "use", f, $NF }'
done >"$tmp/symbols"
[ -s "$tmp/symbols" ] || complain <<<"$build has no objects: make"

# Files of a room that call each other in a circle: only those that the table allows, at most 8.
complain < <(awk '
    function room(f) { sub(/\/[^\/]*$/, "", f); return f }
    FILENAME == TABLE { if ($1 == "circle") { for (i = 2; i <= NF; i++) ok[$i] = $2 ; if (NF - 1 > 8) print "tests/rooms.txt: a circle of more than 8 files" }; next }
    $1 == "def" { def[$3] = $2 }
    $1 == "use" { n++; uf[n] = $2; us[n] = $3 }
    END {
        for (i = 1; i <= n; i++) {
            d = def[us[i]]
            if (d == "" || d == uf[i] || room(d) != room(uf[i]) || ((uf[i], d) in seen)) continue
            seen[uf[i], d] = 1
            to[uf[i]] = to[uf[i]] " " d
        }
        for (f in to) { # can f reach itself?
            delete reach
            queue = to[f]
            while (split(queue, q, " ")) {
                queue = ""
                for (k in q) if (!(q[k] in reach)) { reach[q[k]] = 1; queue = queue to[q[k]] }
            }
            if (!(f in reach) || f in done) continue
            ring = f; allowed = ok[f] != ""
            for (g in reach) { # and g reach f?
                if (g == f) continue
                delete back
                queue = to[g]; hit = 0
                while (!hit && split(queue, q, " ")) {
                    queue = ""
                    for (k in q) if (!(q[k] in back)) { back[q[k]] = 1; if (q[k] == f) hit = 1; queue = queue to[q[k]] }
                }
                if (!hit) continue
                done[g] = 1
                ring = ring " " g
                allowed = allowed && ok[f] == ok[g]
            }
            if (!allowed) print "files that call each other in a circle: " ring
        }
    }' TABLE="$table" "$table" "$tmp/symbols" | sort -u)

# External names begin with a prefix of their room, and are used outside of their file.
(cd "$root" && git grep -hoE '\bnd?_?[a-z][a-z0-9_]*\b' -- tests grammar 2>/dev/null || cat tests/*/*.[ch] grammar/*) |
    sort -u >"$tmp/elsewhere"
complain < <(awk '
    function room(f) { sub(/\/[^\/]*$/, "", f); return f }
    FILENAME == TABLE { if ($1 == "names") { r = $2; sub(/:$/, "", r); for (i = 3; i <= NF; i++) { pre[r, ++np[r]] = $i; if ($i in owner && owner[$i] != r) print "tests/rooms.txt: " $i " is of two rooms"; owner[$i] = r } }; next }
    FILENAME == ELSEWHERE { used[$1] = 1; next }
    $1 == "def" { def[$3] = $2; next }
    $1 == "use" { used[$3] = 1 }
    END {
        for (s in def) {
            r = room(def[s]); hit = s == "main"
            for (i = 1; i <= np[r] && !hit; i++) hit = index(s, pre[r, i]) == 1
            if (!hit) print def[s] ": " s " has no prefix of " r
            if (!(s in used) && s != "main") print def[s] ": " s " is used in its file only: static"
        }
    }' TABLE="$table" ELSEWHERE="$tmp/elsewhere" "$table" "$tmp/elsewhere" "$tmp/symbols" | sort)

# ---- names of headers and structs -----------------------------------------------------------------

complain < <(sources h | awk -F/ '{ if ($NF in seen) print "two headers of one name: " seen[$NF] ", " $0; seen[$NF] = $0 }')
# A header has the name of its source, unless it is the inside of a room or has data only.
complain < <(sources h | while read -r h; do
    case $h in *_impl.h) continue ;; esac
    [ -e "$root/${h%.h}.c" ] || grep -q "^data $h\$" "$table" || echo "$h: there is no ${h%.h}.c"
done)
complain < <((cd "$root" && sources | xargs awk '
    match($0, /^(static |const )*struct nd_[a-z0-9_]+ \{/) { s = substr($0, RSTART, RLENGTH); sub(/.*struct /, "", s); sub(/ \{/, "", s); print s, FILENAME }') |
    awk '{ r = $2; sub(/\/[^\/]*$/, "", r); if ($1 in at && at[$1] != r) print "struct " $1 " is defined in " at[$1] " and " r; at[$1] = r }')

# ---- sizes ----------------------------------------------------------------------------------------

# At most 600 lines a file; 900 of grammar and headers of data. At most 60 a function, unless a
# comment above it says why ("Long: ...").
complain < <((cd "$root" && sources | xargs wc -l) | awk -v TABLE="$table" '
    BEGIN { while ((getline line <TABLE) > 0) { split(line, w, " "); if (w[1] == "data") data[w[2]] = 1 } }
    $2 != "total" && $1 > ($2 ~ /^grammar/ || $2 in data ? 900 : 600) { print $2 " has " $1 " lines" }')
complain < <((cd "$root" && sources c | xargs awk '
    FNR == 1 { open = 0; why = 0 }
    /^\/\/ Long: / { why = 1 }
    /^\{/ { open = FNR }
    /^\}/ { if (open && FNR - open > 61 && !why) print FILENAME ":" open ": a function of " FNR - open - 1 " lines"; open = 0; why = 0 }'))

# ---- what stays apart -----------------------------------------------------------------------------

# compiler/ makes no bpf() call.
complain < <(cd "$root" && grep -rnE '__NR_bpf|SYS_bpf|\bbpf_(prog_load|map_create|object__)' compiler | grep -v "^compiler/lang/constants.def:" | sed 's/^/a bpf() call: /')

# The tracer holds no LLVM: neither as a library nor linked in.
if [ ! -x "$build/ndtrace" ]; then
    complain <<<"$build/ndtrace is not there"
else
    complain < <(
        readelf -d "$build/ndtrace" | grep -i 'NEEDED.*LLVM' | sed 's/^/ndtrace needs libLLVM: /'
        ldd "$build/ndtrace" | grep -i llvm | sed 's/^/ndtrace loads libLLVM: /'
        readelf -sW "$build/ndtrace" | grep -m1 -E ' (LLVM[A-Z]|_ZN4llvm)' | sed 's/^/ndtrace has LLVM linked in: /'
        readelf -sW "$build/ndtrace-compile" | grep -q -m1 -E 'LLVM[A-Z]|_ZN4llvm' ||
            echo "$build/ndtrace-compile has no LLVM: the check above would not see it"
    )
fi

sort "$tmp/edges" | uniq -c | awk '{ printf "%4d  %s -> %s\n", $1, $2, $3 }'
if [ "$bad" -ne 0 ]; then
    echo "$bad wrong"
    exit 1
fi
echo "rooms: all as designed"
