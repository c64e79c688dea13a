#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tests' own tools, with tests made up here: second tries are listed, and fail a run when they repeat; limits
# are reached by what hangs and not by what has to wait for the CPU; what failed says what was wanted and what came.
cd "$(dirname "$0")/.." || exit 1
bash tests/host/run.sh -b || exit 1
. tests/host/lib.sh
export TEST_SCALE=100 TEST_LOST=$TMP/lost
echo 0 >"$TEST_LOST"

# ---- second tries
mkdir "$TMP/t"
cat >"$TMP/t/t_flaky.sh" <<E
. tests/host/lib.sh
[ -e "$TMP/once" ]
same value "\$?" 0
: >"$TMP/once"
finish
E
cat >"$TMP/t/t_good.sh" <<E
. tests/host/lib.sh
ok good
finish
E
cat >"$TMP/t/t_bad.sh" <<E
. tests/host/lib.sh
same bad came wanted
between range 9 1 5
between text '' 1
has line "$TMP/t/t_good.sh" 'no such line'
finish
E
run() { TEST_DIR=$TMP/t bash tests/host/run.sh "$@" >"$TMP/log" 2>&1; }
again() { sed -n 's/^passed at the second try: //p' "$TMP/log" | bash tests/again.sh "$TMP/again" >"$TMP/list" 2>&1; }

run flaky good
same flaky-passes $? 0
again
same flaky-first-run $? 0
has flaky-listed "$TMP/list" "^passed at the second try: flaky: not ok value got '1', wanted '0'"
same flaky-alone "$(grep -c . "$TMP/list")" 1
same flaky-kept "$(cat "$TMP/again")" flaky
rm "$TMP/once"
run flaky good
again
same flaky-second-run $? 1
has flaky-named "$TMP/list" '^not ok: .*: flaky$'
run flaky good # passes at once
again
same flaky-recovered "$?:$(cat "$TMP/list")" 0:
rm "$TMP/once"
run flaky good
again
same flaky-after-recovery $? 0
run bad
same bad-fails $? 1
cp "$TMP/log" "$TMP/bad"
again
same bad-is-no-second-try "$(cat "$TMP/list")" ''
echo 'x: y' | bash tests/again.sh /proc/nowhere/again >"$TMP/list" 2>&1
same no-state $? 0
has no-state-lists "$TMP/list" '^passed at the second try: x: y$'

# ---- what came and what was wanted
has says-same "$TMP/bad" "not ok bad got 'came', wanted 'wanted'"
has says-between "$TMP/bad" "not ok range got '9', wanted 1 to 5"
has says-nothing "$TMP/bad" "not ok text got '', wanted 1 or more"
has says-has "$TMP/bad" "not ok line wanted 'no such line', got: "

# ---- limits
"$WITHIN" 10 bash -c 'exit 7'
same within-exit $? 7
"$WITHIN" 0.3 sleep 20
same within-hang $? 124
"$WITHIN" 0.3 bash -c 'trap "" TERM; sleep 20 & wait; sleep 20' # KILL comes 5 s after
same within-stubborn $? 124
# All of the time goes to others: the same sleep is not a hang.
(for ((i = 1; i <= 12; i++)); do
    printf '%015d\n' $((i * 100)) >"$TMP/lost.new"
    mv "$TMP/lost.new" "$TMP/lost"
    sleep 0.1
done) &
"$WITHIN" 0.6 sleep 1
same within-starved $? 0
wait $!
TEST_SCALE=300 "$WITHIN" 0.5 sleep 1
same within-slow-machine $? 0
sleep 20 &
sleeper=$!
"$WITHIN" 20 sleep 20 &
limited=$!
sleep 0.2
kill -TERM $limited
wait $limited
same within-passes-signals-on $? 143
wait_until 1 ended $sleeper
same wait-in-vain $? 1
kill $sleeper
wait_until 5 ended $sleeper
same wait-until $? 0
# Work for twice the CPUs: about half of the time is lost.
"$WITHIN" -w "$TMP/watched" &
watcher=$!
for ((i = 0; i < 2 * $(nproc); i++)); do
    "$WITHIN" 4 bash -c 'while :; do :; done' &
done
sleep 3.2
kill $watcher
lost=$(cat "$TMP/watched")
between watched "$((10#$lost))" 700 3000
wait
finish
