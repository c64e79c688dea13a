#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs one command as root on one kernel, in an emulated machine without network, and returns its
# output and exit status. Must not know tests. Serves check.sh and people.
#
#   tests/vm/boot.sh [-t SECONDS] [-m MIB] [-c CPUS] [-n] [-o DIR] [-p PROGRAM]... [-v] KERNEL COMMAND [ARGUMENT...]
#
# -n: two network cards that are connected to each other and to nothing else.
# -p: bring that program along in memory, as those that tests start all the time.
# The command sees the files of this machine; what it writes is gone afterwards, but for /run/vm;
# -o: what it leaves in /run/vm/keep comes to DIR.
# Exit status: that of the command; 124: not done in SECONDS (300), without those that other work of this machine
# took from it (tests/clock.sh); 125: the machine did not boot
# or died, its console is shown.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
REPO=$(cd "$HERE/../.." && pwd)
. "$HERE/common.sh"
cd "$REPO"
. tests/clock.sh

limit=300 mem=2048 cpus=2 keep= verbose=
nics=(-nic none)
while getopts t:m:c:no:p:v o; do
    case $o in
        t) limit=$OPTARG ;;
        m) mem=$OPTARG ;;
        c) cpus=$OPTARG ;;
        o) keep=$OPTARG ;;
        n) nics=(
            -netdev hubport,hubid=0,id=n0 -device virtio-net-pci,netdev=n0,mac=02:00:00:00:aa:00,romfile=
            -netdev hubport,hubid=0,id=n1 -device virtio-net-pci,netdev=n1,mac=02:00:00:00:aa:01,romfile=
        ) ;;
        p) FAST+=" $OPTARG" ;;
        v) verbose=1 ;;
        *) exit 125 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -ge 2 ] || die "usage: boot.sh [-t SECONDS] [-m MIB] [-c CPUS] [-n] [-p PROGRAM]... [-v] KERNEL COMMAND [ARGUMENT...]"
K=$CACHE/$1
[ -e "$K/done" ] && [ -e "$CACHE/tools/done" ] || die "kernel $1 is not in $CACHE: make kernels"
command -v qemu-system-x86_64 >/dev/null || die "qemu-system-x86_64 is missing: sudo sh .ci/deps.sh vm"
release=$(cat "$K/done")
shift

tmp=$(mktemp -d "${TMPDIR:-/tmp}/ndtrace-vm.XXXXXX")
qemu='' tails=()
cleanup() {
    [ -z "$qemu" ] || kill -KILL "$qemu" 2>/dev/null || true
    [ ${#tails[@]} -eq 0 ] || kill "${tails[@]}" 2>/dev/null || true
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
out=$tmp/out
mkdir -p "$out" "$tmp/cpio/fast$REPO/build"

printf '%s=%q\n' REPO "$REPO" RELEASE "$release" MODULES "$K/lib/modules/$release" \
    NESTED "$CACHE/$NESTED" >"$out/settings"
{ printf 'exec'; printf ' %q' "$@"; echo; } >"$out/command"
: >"$out/stdout"
: >"$out/stderr"

# The kernel unpacks several archives one after the other: the initrd of the cache, then what is
# of today: init, its settings, our programs without their debug information, and what tests start
# all the time, with its libraries: from memory a program starts in half the time.
install -m 755 "$HERE/guest/init" "$tmp/cpio/init"
cp "$out/settings" "$tmp/cpio/settings"
for f in ndtrace ndtrace-compile; do
    [ ! -x "$REPO/build/$f" ] || strip -o "$tmp/cpio/fast$REPO/build/$f" "$REPO/build/$f"
done
export PATH=$PATH:/usr/sbin:/sbin:$CACHE/tools/usr/bin:$CACHE/tools/usr/sbin
programs=$(for p in $FAST; do type -P "$p" || true; done)
# shellcheck disable=SC2086
{ echo "$programs"; echo /etc/ld.so.cache; LD_LIBRARY_PATH=$CACHE/tools/usr/lib/$(uname -m)-linux-gnu ldd $programs | awk '$1 ~ /^\// && !/:$/ { print $1 } $3 ~ /^\// { print $3 }'; } |
    xargs realpath | sort -u | xargs cp --parents -t "$tmp/cpio/fast"
if [ -d "$tmp/cpio/fast$CACHE/tools" ]; then
    cp -R "$tmp/cpio/fast$CACHE/tools/." "$tmp/cpio/fast/"
    rm -r "$tmp/cpio/fast$CACHE/tools"
fi
{
    cat "$K/initrd.img"
    (cd "$tmp/cpio" && find . | cpio -o -H newc --quiet)
} >"$tmp/initrd"
rm -rf "$tmp/cpio"

# One thread for all CPUs: with more, a CPU may run old code while another patches it, and the
# kernel dies. A trusted TSC: every other clock leaves the emulated CPU, which is three times slower.
# No random addresses: code that was translated for one process then serves the next, and programs
# start three times as fast.
start() {
    local -a args=(
        -accel tcg,thread=single,tb-size=512 -cpu max,la57=off -smp "$cpus" -m "$mem"
        -nodefaults "${nics[@]}" -display none -no-reboot -monitor none -serial "file:$tmp/console"
        -kernel "$K/vmlinux" -initrd "$tmp/initrd"
        -append "console=ttyS0 quiet panic=-1 mitigations=off nowatchdog no_timer_check norandmaps tsc=reliable clocksource=tsc"
        -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap
        -virtfs "local,path=$CACHE/tools,mount_tag=tools,security_model=none,readonly=on,multidevs=remap"
        -virtfs "local,path=$out,mount_tag=out,security_model=none,multidevs=remap"
    )
    qemu-system-x86_64 "${args[@]}" </dev/null >"$tmp/qemu" 2>&1 &
    qemu=$!
}

# Before there are programs, nothing is known to be lost. The machine also reads the file.
if [ -x "$WITHIN" ]; then
    watch_lost "$out/lost"
    calibrate $HOST_WORK
fi
# Has the machine shown no sign of life for a minute that counts? Load on this machine makes it slow, not silent.
frozen() {
    local now
    now=$(stat -c %Y "$out/alive" 2>/dev/null || true)
    [ "$now" = "$alive" ] || { alive=$now seen=$NOW; }
    [ -n "$alive" ] && ((NOW - seen > 600 * ${TEST_SCALE:-100}))
}
# Waits for the machine to end. 0: it ended; 1: too long; 2: it froze.
watch() {
    local begin looked=$SECONDS took alive='' seen=0
    counted_ms
    begin=$NOW
    while kill -0 "$qemu" 2>/dev/null; do
        counted_ms
        took=$(((NOW - begin) / 10 / ${TEST_SCALE:-100}))
        ((took < limit)) || return 1
        ((SECONDS - looked < 10)) || { looked=$SECONDS; ! frozen || return 2; }
        [ -e "$out/started" ] || ((took < ${NDTRACE_VM_BOOT:-60})) || return 0
        [ ! -e "$out/status" ] || { sleep 0.2; return 0; }
        sleep 0.1
    done
}

tail -q -n +1 -s 0.1 -f "$out/stdout" & tails+=($!)
tail -q -n +1 -s 0.1 -f "$out/stderr" >&2 & tails+=($!)
status=125
# Emulation is not perfect: until the first test has begun, another try does no harm.
for try in 1 2 3; do
    rm -f "$out/started" "$out/alive"
    start
    watch && ended=0 || ended=$?
    kill -KILL "$qemu" 2>/dev/null || true
    wait "$qemu" 2>/dev/null || true
    qemu=''
    [ $ended != 1 ] || status=124
    case $ended$([ ! -e "$out/started" ] || echo started)$([ ! -e "$out/begun" ] || echo begun) in
        0) echo "vm: $release did not boot (try $try)" >&2 ;;
        2started) echo "vm: $release froze before its first test (try $try)" >&2 ;;
        2*) echo "vm: $release froze" >&2; status=124; break ;;
        *) break ;;
    esac
done
sleep 0.3 # for the tails
[ -z "$keep" ] || [ ! -d "$out/keep" ] || { mkdir -p "$keep" && cp -R "$out/keep/." "$keep/"; }
if [ -s "$out/status" ]; then
    status=$(cat "$out/status")
elif [ "$status" = 124 ]; then
    echo "vm: not done in $limit s" >&2
fi
if [ "$status" = 125 ] || [ -n "$verbose" ]; then
    cat "$tmp/qemu" >&2
    tail -n 40 "$tmp/console" >&2 || true
fi
exit "$status"
