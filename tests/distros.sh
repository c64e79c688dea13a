#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds, and runs `make demo` and the language cases, in folders with other releases of the distribution, on this
# machine's kernel: other compilers, C libraries, LLVM and libbpf. As root; needs debootstrap and the mirror that this machine's packages are from.
#
#   tests/distros.sh [SUITE[:LLVM]...]      bookworm trixie sid; with that version of LLVM instead of the newest
#
# All that is mounted is in a mount namespace of each suite's own and gone with it; the folders are removed.
# NDTRACE_DISTROS: where they are made (/var/tmp). The last line is "N passed, N failed"; what was said is in
# build/distros/SUITE.log.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/vm/common.sh

# Inside the namespace: FOLDER SUITE MIRROR.
inside() {
    local dir=$1 suite=$2 from=$3 m
    debootstrap --variant=minbase --include=make,ca-certificates --keyring="$KEYRING" "$suite" "$dir" "$from" ||
        return 3
    mount --bind "$dir" "$dir" || return # `ip netns exec` wants / to be mounted
    for m in proc sys dev; do mount --rbind "/$m" "$dir/$m" || return; done
    cp -L /etc/resolv.conf /etc/hosts "$dir/etc/"
    apt-config dump | grep -E '^Acquire::[a-z]+::Proxy' >"$dir/etc/apt/apt.conf.d/99host"
    mkdir -p "$dir/src" && tar -c --exclude=./build --exclude=./.git . | tar -x -C "$dir/src" || return
    chroot "$dir" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} LLVM="$LLVM" \
        bash -o pipefail -c '
            cd /src || exit
            if [ -n "$LLVM" ]; then
                export DEBIAN_FRONTEND=noninteractive LLVM_CONFIG=llvm-config-$LLVM
                apt-get update -qq # where the mirror is behind, with the lists of debootstrap
                apt-get install -y -qq --no-install-recommends "llvm-$LLVM-dev" || exit
            fi
            make demo && make -s check-cases | tail -n 40 || exit
            echo "versions: $(gcc --version | sed 1q), LLVM $("${LLVM_CONFIG:-$(sh .ci/llvm.sh config)}" --version)," \
                "libbpf $(dpkg-query -Wf "\${Version}" libbpf-dev), glibc $(ldd --version | sed "1s/.* //;1q")"'
}
if [ "${1:-}" = --inside ]; then
    inside "${@:2}"
    exit
fi

[ "$(id -u)" = 0 ] || die "distros.sh: needs root"
command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap"
[ -e "$KEYRING" ] || die "$KEYRING is missing: apt-get install debian-archive-keyring"
[ $# -gt 0 ] || set -- bookworm trixie sid
from=$(mirror) || exit
logs=build/distros
mkdir -p $logs
tmp=$(mktemp -d "${NDTRACE_DISTROS:-/var/tmp}/ndtrace-distros.XXXXXX") || exit 1
chmod 755 "$tmp"
child=
# Nothing is mounted here: one file system is all that there is to remove.
cleanup() {
    [ -z "$child" ] || { kill -TERM -- "-$child" && wait "$child"; } 2>/dev/null
    rm -rf --one-file-system "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
set -m # a group of its own for each suite, to end it with all that it has started

passed=0 failed=0
for one; do
    suite=${one%%:*} t0=$SECONDS log=$logs/${one/:/-llvm}.log
    LLVM=$([ "$suite" = "$one" ] || echo "${one#*:}")
    export LLVM
    unshare --mount --propagation private bash tests/distros.sh --inside "$tmp/$suite" "$suite" "$from" \
        </dev/null >"$log" 2>&1 &
    child=$!
    wait "$child"
    code=$?
    child=
    if [ $code = 0 ] && grep -q '^== the demo worked' "$log" && ! grep -E '(warning|error): ' "$log" >"$tmp/said"; then
        passed=$((passed + 1))
        echo "ok $one, $((SECONDS - t0)) s: $(sed -n 's/^versions: //p' "$log")"
    else
        failed=$((failed + 1))
        [ $code != 3 ] || echo "not ok $one: $suite cannot be had from the mirror of this machine"
        [ $code = 3 ] || echo "not ok $one: ended with $code, wanted 0, the demo and no warning; see $log"
        { head -n 5 "$tmp/said" 2>/dev/null; tail -n 8 "$log"; } | sed 's/^/    /'
    fi
    rm -rf --one-file-system "${tmp:?}/$suite" "$tmp/said"
done
echo "$passed passed, $failed failed"
((failed == 0))
