#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: messages, of which the language cases have every one
# Exit codes and messages of wrong usage: 0 done, 1 failed at run time, 2 wrong usage or script.
. "$(dirname "$0")/lib.sh"

# NAME CODE PATTERN ARGUMENTS...: exit code, and the pattern is in what it says.
usage() {
    local name=$1 code=$2 pattern=$3
    shift 3
    "$WITHIN" 20 "$ND" "$@" >"$TMP/out" 2>&1 </dev/null
    same "$name-exit" $? "$code"
    [ -z "$pattern" ] || has "$name-says" "$TMP/out" "$pattern"
}

cat >"$TMP/s.nd" <<'S'
// SPDX-License-Identifier: GPL-2.0-or-later
// What does this do?
option count: int = 3 "how many"
option dev: ifname "device"
option where: ip required positional "address"
BEGIN { printf("%d\n", opt.count); exit(); }
S

usage no-arguments 2 'usage:'
usage help 0 'usage:' --help
usage version 0 '^ndtrace [0-9]' --version
usage unknown-flag 2 'unknown' --nonsense
usage no-script 2 'no script or tool' /nonexistent.nd
usage no-program 2 '-e needs a value \(PROGRAM\)' -e
usage late-program 2 'error: -e must come first, before the options of the script' -e 'option a: int = 1 BEGIN { exit() }' --a 1 -e 'BEGIN { }'
usage short-flag 2 'unknown flag --form' --form json -e 'BEGIN { exit() }'
usage switch-value 2 'error: --quiet takes no value' --quiet=1 -e 'BEGIN { exit() }'
usage value-inside 0 '"type":"summary"' -fjson -e 'BEGIN { exit() }'
usage bad-format 2 'unknown format "xml"; the formats are text, json' -f xml -e 'BEGIN { exit() }'
usage bad-duration 2 'is not a duration' --duration never -e 'BEGIN { exit() }'
usage syntax-error 2 'E0101' -e 'BEGIN { exit( }'
usage empty-script 2 'E0110' -e ''
usage words-taken 0 '^2 a -5 7$' -e 'BEGIN { printf("%d %s %d %d\n", $#, str($1), $2, getopt("n", 1)); exit() }' a -5 -- --n=7
usage words-none 2 'unexpected argument "a"' -e 'BEGIN { exit() }' a
BPFTRACE_MAX_MAP_KEYS=1 usage setting 0 'Map full: 1' -e 'config = { max_map_keys = 5 } BEGIN { @[1] = 1; @[2] = 1; exit() }'
BPFTRACE_NO_SUCH=1 usage setting-unknown 0 'W0914' -e 'BEGIN { exit() }'
two='option n: int required positional "number" option s: string = "x" positional "text" BEGIN { printf("%d %s\n", opt.n, opt.s); exit() }'
usage words 0 '^7 y$' -e "$two" 7 y
usage words-and-flag 0 '^7 y$' -e "$two" --s y 7
usage words-one 0 '^7 x$' -e "$two" 7
usage words-none 2 '--n is required' -e "$two"
usage words-many 2 'unexpected argument "z"' -e "$two" 7 y z
usage log-file 0 '^7 y$' --log-file "$TMP/log" -e "$two" 7 y
same log-file-same "$(cat "$TMP/log")" "$(grep -v '^Attached' "$TMP/out")"
usage log-file-behind 0 '' -e "$two" 7 y --log-file "$TMP/log" -o "$TMP/results.json"
same log-file-json "$(grep -c '{"type":"printf","text":"7 y\\n"}' "$TMP/log")" 1
same log-file-json-same "$(cmp "$TMP/log" "$TMP/results.json" 2>&1)" ''
usage output-named-json 0 '' -e "$two" 7 y -o "$TMP/results.json" -f text
same output-named-text "$(cat "$TMP/results.json")" '7 y'
usage log-file-full 1 'cannot write /dev/full' --log-file /dev/full -e "$two" 7 y
has log-file-full-out "$TMP/out" '^7 y$'
usage log-file-wrong 1 'cannot open /nonexistent/x' --log-file /nonexistent/x -e "$two" 7 y
own='option duration: duration positional alias d "end" option verbose: bool alias v "more" every 1h { printf("end %d %d\n", opt.verbose, opt.duration / 1ms) }'
usage own-duration 0 '^end 0 50' -e "$own" 0.05
usage own-duration-alias 0 '^end 1 50' -e "$own" -d 50ms -v
usage own-verbose-says 0 'ready in' -e "$own" -d 50ms -v
usage own-duration-wrong 2 'is not a duration' -e "$own" soon
list='option p: port[] "ports" option n: int positional "number" BEGIN { exit() } end { printf("%d %d:", opt.n, len(opt.p)); for (i in 0..len(opt.p)) { printf(" %d", opt.p[i]) } }'
usage list-words 0 '^9 4: 5 6 7 8' -e "$list" --p 5,6 9 7 8
usage list-blanks 0 '^0 3: 5 6 7' -e "$list" --p '5 6, 7'
usage list-ends 2 'unexpected argument "7"' -e "$list" 9 -q 7
usage list-wrong 2 '"x"' -e "$list" 9 --p 5 x
usage words-wrong 2 '"y"' -e "$two" y 7
usage unknown-probe 2 'did you mean .*net_dev_queue' -e 'rawtracepoint:net_dev_quue { @ = count() }'
usage unknown-name 2 "unknown name 'nosuch'" -e 'BEGIN { print(nosuch) }'
usage script-help 0 'What does this do' "$TMP/s.nd" --help
usage script-help-words 0 'OPTIONS\] \[where\]' "$TMP/s.nd" --help
usage script-help-option 0 '--count int .*how many.*default: 3' "$TMP/s.nd" --help
usage option-required 2 '--where is required' "$TMP/s.nd"
usage option-bad-ip 2 '--where' "$TMP/s.nd" --where 300.0.0.1
usage option-bad-int 2 '--count' "$TMP/s.nd" --where 10.0.0.1 --count many
usage option-no-device 2 'nosuchdev' "$TMP/s.nd" --where 10.0.0.1 --dev nosuchdev
usage option-unknown 2 'did you mean --count' "$TMP/s.nd" --where 10.0.0.1 --cuont 4
usage option-twice 2 'twice' "$TMP/s.nd" --where 10.0.0.1 --count 4 --count 5
pair='vm_pair_latency --send-dev lo --recv-dev lo --duration 100ms'
# shellcheck disable=SC2086
for wrong in '--ports 0' '--ports 70000' '--ports 80,,81' '--ports ,' '--interval 0' '--interval 999us' '--timeout 0' '--protocol igmp'; do
    usage "tool${wrong// /}" 2 "error: ${wrong%% *}" $pair $wrong
done
usage memory 1 'error: the maps need [0-9]+ MiB of memory, and [0-9]+ MiB are available; the largest has 100000000 entries' \
    -e 'let @m = hash(100000000); BEGIN { @m[pid] = str(kptr(0), 4096); exit() }'
usage duration-negative 2 '--duration: "-1" is not a duration' --duration -1 -e 'BEGIN { exit() }'
cat >"$TMP/r.nd" <<'S'
option id: int(1, 4094) "of a VLAN" option queue: int(0, 65535) = -1 "queue" option most: duration(1ms, 2m) = 2s "time"
BEGIN { printf("%d %d %d\n", opt.id, opt.queue, opt.most); exit() }
S
usage range-none 0 '^0 -1 2000000000$' "$TMP/r.nd"
usage range-ends 0 '^4094 0 1000000$' "$TMP/r.nd" --id 4094 --queue 0 --most 1ms
usage range-help 0 'of a VLAN \{1 to 4094\}$' "$TMP/r.nd" --help
usage range-below 2 'error: --id: 0 is out of range: it must be 1 to 4094' "$TMP/r.nd" --id 0
usage range-above 2 'error: --id: 4095 is out of range' "$TMP/r.nd" --id 4095
usage range-default 2 'error: --queue: -1 is out of range: it must be 0 to 65535' "$TMP/r.nd" --queue -1
usage range-time 2 'error: --most: 0 is out of range: it must be 1ms to 120s' "$TMP/r.nd" --most 0
cat >"$TMP/f.nd" <<'R'
option rules: path "rules"
option src: ip[] in rules.src_ip
option port: port[] in rules.port
option proto: proto[] in rules.protocol
BEGIN { exit() }
end { for (i in 0..len(opt.src)) { printf("<%s %d %s> ", opt.src[i], opt.port[i], opt.proto[i]) } printf("%d", len(opt.port)) }
R
# NAME CODE PATTERN TEXT: the file of rules has this text.
rules() {
    printf '%b' "$4" >"$TMP/rules"
    usage "rules-$1" "$2" "$3" "$TMP/f.nd" --rules "$TMP/rules"
}
rules all 0 '^<10.0.0.1 80 0> <::1 0 UDP> <:: 0 0> 3$' '[{"src_ip": "10.0.0.1", "port": 80},\n {"src_ip":"::1","protocol":"udp","port":null},\n{"src_ip":"any","port":0}]\n'
rules none 0 '^0$' ' [ ] '
rules bad-value 2 'rules:2:11: error: src_ip: "10.0.0.300"' '[\n{"src_ip":"10.0.0.300"}]'
rules bad-port 2 'rules:1:10: error: port: "70000" is not a port' '[{"port":70000}]'
rules bad-name 2 "rules:3:2: error: 'source' is not one of src_ip, port, protocol" '[\n\n{"source":1}]'
rules no-list 2 "rules:1:1: error: expected '\\['" '{"port":1}'
rules comma 2 "rules:1:13: error: unexpected token near '\]'" '[{"port":1},]'
rules comma-inside 2 "rules:1:12: error: string or '}' expected near '}'" '[{"port":1,}]'
rules no-end 2 "rules:2:1: error: '\]' expected near end of file" '[{"port":1}\n'
rules open-string 2 'rules:1:13: error: unexpected newline near' '[{"src_ip":"a\n"}]'
rules nested 2 'rules:1:10: error: expected a string, a number or null' '[{"port":[1]}]'
rules more 2 "rules:1:14: error: end of file expected near 'x'" '[{"port":1}] x'
rules too-many 2 'there can be at most 64 objects' "[{}$(printf ',{}%.0s' {1..64})]"
rules steers 2 "rules:1:3: error: '\?\[31mx' is not one of" '[{"\\u001b[31mx":1}]'
rules steers-raw 2 "rules:1:3: error: control character 0x1b near" '[{"\033[31mx":1}]'
rules steers-token 2 "rules:1:2: error: invalid token near '\?'" '[\033]'
rules no-object 2 "rules:2:1: error: expected '\\{'" '[{"port":1, "src_ip":"::1"},\n7]'
rules true 2 'rules:1:47: error: expected a string, a number or null, not true' '[{"protocol":"}\\\\\\"", "protocol":"udp","port":true}]'
rules real 2 'rules:1:10: error: port: "80.5" is not a port' '[{"port":80.5}]'
rules escaped-name 0 '^<:: 7 0> 1$' '[{"p\\u006frt":7}]'
rules escaped-name-bad 2 'rules:2:14: error: port: "70000"' '[{"port":0},\n{"p\\u006frt":70000}]'
rules twice 2 'rules:1:19: error: port: "70000"' '[{"port":1,"port":70000}]'
rules long 2 'rules:1:12: error: a string can have at most 255 bytes' "[{\"src_ip\":\"$(printf 'x%.0s' {1..256})\"}]"
rules empty 2 'rules:1:1: error: .* near end of file' ''
rules mark 2 "^ +\\| $(printf '\t')  +\\^$" '[\n\t{ "port":70000}]'
mkfifo "$TMP/pipe"
usage rules-pipe-empty 2 'pipe that nothing writes to' "$TMP/f.nd" --rules "$TMP/pipe"
usage rules-pipe 0 '^<:: 1 0> 1$' "$TMP/f.nd" --rules <(sleep 0.2; echo '[{"port":1}]')
usage rules-no-end-of-file 2 'zero: it is not a file' "$TMP/f.nd" --rules /dev/zero
usage rules-folder 2 'Is a directory' "$TMP/f.nd" --rules "$TMP"
sleep 60 >"$TMP/pipe" &
writer=$!
"$ND" "$TMP/f.nd" --rules "$TMP/pipe" >"$TMP/out" 2>&1 &
reader=$!
for _ in {1..200}; do
    readlink "/proc/$reader/fd/"* 2>/dev/null | grep -q "$TMP/pipe" && break
    sleep 0.1
done
kill -INT $reader
wait $reader
same rules-interrupted-exit $? 2
has rules-interrupted-says "$TMP/out" 'interrupted'
kill $writer
lines='option file: path begin { file_error(opt.file, file_lines(opt.file), 2, file_line(opt.file, 1)) }'
usage file-pipe-empty 2 'pipe that nothing writes to' -e "$lines" --file <(true)
usage file-mark 2 '^    2 \| two$' -e "$lines" --file <(printf 'one\ntwo')
usage file-steers 2 ':2:2: error: a\?b$' -e "$lines" --file <(printf 'a\033b\ntwo')
printf 'one\n' >"$TMP/one"
usage file-behind 2 'one:2:1: error: end' -e "${lines%file_error*} file_error(opt.file, 2, 1, \"end\") }" --file "$TMP/one"
same file-behind-no-line "$(grep -c '\^' "$TMP/out")" 0
usage rules-no-file 2 'nosuchfile: No such file' "$TMP/f.nd" --rules "$TMP/nosuchfile"
usage rules-no-flag 2 'unknown option --src' "$TMP/f.nd" --src 10.0.0.1
ip link add "ndp$$" type veth peer name "ndq$$"
gap=multi_vm_pair_multi_port_gap
echo "ndp$$ ndq$$" >"$TMP/pairs"
usage pairs-unequal 2 '--send-dev has 2 devices and --recv-dev has 1' $gap --send-dev "ndp$$,lo" --recv-dev "ndq$$"
usage pairs-several 0 "^Pair 2: ndp$$ -> lo," $gap --duration 100ms --send-dev "ndp$$,ndp$$" --recv-dev "ndq$$,lo"
usage pairs-many 2 "ndp$$ appears more than 4 times in --send-dev" $gap --send-dev "ndp$$,ndp$$,ndp$$,ndp$$,ndp$$" --recv-dev "ndq$$,lo,ndq$$,lo,lo"
usage pairs-both 2 'only one of these' $gap --send-dev "ndp$$" --recv-dev "ndq$$" --config "$TMP/pairs"
usage pairs-lists 0 "^Pair 2: lo -> ndp$$," $gap --duration 100ms --send-dev "ndp$$,lo" --recv-dev "ndq$$,ndp$$"
ip link del "ndp$$"
usage option-value 0 '^7$' "$TMP/s.nd" --where 10.0.0.1 --count 7
usage exit-code 3 '' -e 'BEGIN { exit(3) }'
usage check-good 0 '' check "$TMP/s.nd"
usage check-bad 2 'E0201' check -e 'BEGIN { print(nosuch) }'
usage no-such-process 1 'no process' -p 4194304 -e 'interval:s:1 { print(1) }'
head -c 4000 /dev/urandom >"$TMP/random.nd"
usage binary-file 2 'error' "$TMP/random.nd"

# Every pass that the help of the compiler names shows what it made.
passes=$(build/ndtrace-compile --help 2>&1 | sed -n '/--dump PASS/,/--word/p' | tr '\n' ' ' | sed -E 's/.*to stderr: (.*) --word.*/\1/')
same passes "$(wc -w <<<"$passes")" 11
for p in $passes; do
    build/ndtrace-compile object --dump "$p" --out-fd 3 3>/dev/null -e 'use flow; fn twice(x) { return 2 * x } tracepoint:net:net_dev_queue { @a[pkt.len] = twice(1) }' >"$TMP/out" 2>&1
    [ -s "$TMP/out" ] && ok "dump-$p" || not_ok "dump-$p" "nothing"
done
build/ndtrace-compile object --dump fry --out-fd 3 3>/dev/null -e 'BEGIN { }' >"$TMP/out" 2>&1
same dump-unknown-exit $? 2
has dump-unknown "$TMP/out" 'there is no pass "fry"'

# The current folder is not the library: a word is a tool, and a file is named as one.
mkdir "$TMP/here"
nd=$(realpath "$ND")
echo 'BEGIN { printf("the wrong one\n"); exit() }' | tee "$TMP/here/connections" "$TMP/here/stages.nd" "$TMP/here/flow.nd" >"$TMP/here/mine"
cp "$TMP/here/mine" "$TMP/here/mine.nd"
"$ND" compile -o "$TMP/here/drop_reasons" "$TMP/here/mine.nd"
(cd "$TMP/here" && "$nd" connections --help) >"$TMP/out" 2>&1
has here-tool "$TMP/out" 'usage: ndtrace connections'
(cd "$TMP/here" && "$nd" drop_reasons --help) >"$TMP/out" 2>&1
has here-object "$TMP/out" 'usage: ndtrace drop_reasons'
(cd "$TMP/here" && "$nd" --duration 100ms -e 'use flow; netif_rx { @ = count() }') >"$TMP/out" 2>&1
same here-stages-exit $? 0
same here-stages "$(grep -c 'wrong one' "$TMP/out")" 0
(cd "$TMP/here" && "$nd" mine) >"$TMP/out" 2>&1
same here-word-exit $? 2
has here-word "$TMP/out" 'write ./mine'
for file in ./mine mine.nd "$TMP/here/mine"; do
    same "here-file-${file##*/}" "$(cd "$TMP/here" && "$nd" "$file")" 'the wrong one'
done

# Scripts and objects that can be read only once, with the cache and without it.
for cache in off "$TMP/cache"; do
    NDTRACE_CACHE=$cache "$ND" <(echo 'option n: int = 1 "n" BEGIN { printf("pipe %d\n", opt.n); exit() }') --n 7 >"$TMP/out"
    same "pipe-${cache:0:1}" "$(cat "$TMP/out")" 'pipe 7'
    echo 'BEGIN { printf("stdin\n"); exit() }' | NDTRACE_CACHE=$cache "$ND" /dev/stdin >"$TMP/out"
    same "stdin-${cache:0:1}" "$(cat "$TMP/out")" stdin
    "$ND" compile -o "$TMP/pipe.ndo" -e 'BEGIN { printf("object\n"); exit() }'
    same "pipe-object-${cache:0:1}" "$(NDTRACE_CACHE=$cache "$ND" -q <(cat "$TMP/pipe.ndo") 2>&1)" object
done

# Too much for the compiler, or for the verifier: at the probe, with what to do.
# NAME EXIT PATTERN LINES OF A BODY...
too_large() {
    { echo 'rawtracepoint:sys_enter {'; printf '%s\n' "${@:4}"; echo '}'; } >"$TMP/$1.nd"
    "$WITHIN" 60 "$ND" --duration 100ms "$TMP/$1.nd" >"$TMP/$1.out" 2>"$TMP/$1.err"
    same "$1-exit" $? "$2"
    has "$1" "$TMP/$1.err" "$3"
    has "$1-place" "$TMP/$1.err" "$1.nd:1:1: error"
}
mapfile -t lines < <(for ((i = 0; i < 1200; i++)); do echo "@m$((i % 60))[\$i, $i] = count();"; done)
too_large large-jump 2 'jumps over more than 32,767' 'for ($i : 0..100) { if ($i == args.id) { continue; }' "${lines[@]}" '}'
too_large large-branches 1 'cause: this probe branches more often' 'for ($i : 0..60) { for ($j : 0..60) { for ($k : 0..90) { @[$i, $j, $k] = count(); } } }'
mapfile -t lines < <(for ((i = 0; i < 70; i++)); do echo "@m$i = count();"; done)
too_large large-maps 1 'cause: a probe can use 64 maps' "${lines[@]}"
finish
