# SPDX-License-Identifier: GPL-2.0-or-later
# Waiting that only a hang can end: by conditions, and in time from which is taken what other work had of the
# CPUs (host/within.c). Must not do anything itself. Sourced by the libraries of the tests and by vm/boot.sh.
# shellcheck shell=bash
WITHIN=$PWD/build/tests/host/within

# MICROSECONDS: what the fixed piece of work of `within -c` takes on the machine that limits were made for. Sets
# TEST_SCALE, percent by which limits are longer here.
calibrate() {
    TEST_SCALE=$("$WITHIN" -c "$1" 2>/dev/null || echo 100)
    export TEST_SCALE
}
HOST_WORK=2400 EMULATED_WORK=5200

# FILE: writes to it how much time is lost, as long as this shell lives.
watch_lost() {
    export TEST_LOST=$1
    echo 0 >"$1"
    "$WITHIN" -w "$1" </dev/null >/dev/null 2>&1 &
    disown
}
# Sets NOW: milliseconds that count, since an arbitrary moment.
counted_ms() {
    local lost=0
    [ ! -e "${TEST_LOST:-}" ] || read -r lost <"$TEST_LOST"
    NOW=$((${EPOCHREALTIME//[!0-9]/} / 1000 - 10#${lost:-0}))
}
# Between the two of them: sets SHARE, how much of the time counted, in percent, 1 to 100.
share_begin() { counted_ms; COUNTED=$NOW WALL=${EPOCHREALTIME//[!0-9]/}; }
share_end() {
    counted_ms
    SHARE=$((100000 * (NOW - COUNTED) / (${EPOCHREALTIME//[!0-9]/} - WALL + 1)))
    ((SHARE <= 100)) || SHARE=100
    ((SHARE >= 1)) || SHARE=1
}
# SECONDS COMMAND...: until it succeeds; what it said last, and failure, if it never does.
until_ok() {
    local NOW end said
    counted_ms
    end=$((NOW + $1 * 10 * ${TEST_SCALE:-100}))
    until said=$("${@:2}" 2>&1); do
        counted_ms
        ((NOW < end)) || { echo "waited in vain for '${*:2}': $said" >&2; return 1; }
        sleep 0.05
    done
}
# SECONDS COMMAND...: as until_ok, in this shell: the command may set variables.
wait_until() {
    local NOW end
    counted_ms
    end=$((NOW + $1 * 10 * ${TEST_SCALE:-100}))
    until "${@:2}" >/dev/null 2>&1; do
        counted_ms
        ((NOW < end)) || { echo "waited in vain for '${*:2}'" >&2; return 1; }
        sleep 0.05
    done
}
# FILE PATTERN [N]: a line matches (grep -E); N of them do.
there() { [ "$(grep -cE -- "$2" "$1" 2>/dev/null)" -ge "${3:-1}" ]; }
# PID: ended; also if nobody has asked for its exit status yet.
ended() { ! grep -qsE '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status"; }
