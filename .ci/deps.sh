#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what building and testing need and this machine lacks, with the distribution's own
# package manager. Does nothing, quickly, when all is there.
#
#   sh .ci/deps.sh        what `make check` needs
#   sh .ci/deps.sh build  what `make` and `make demo` need: no emulator
#   sh .ci/deps.sh vm     what `make kernels` and `make check-vm` need besides
set -eu

have() { command -v "$1" >/dev/null 2>&1; }
have_llvm() { for v in 19 18 17 16; do have "llvm-config-$v" && return 0; done; have llvm-config; }

complete() {
    for c in gcc g++ make flex bison ip ping nc clang-format bpftool tc; do have "$c" || return 1; done
    have clang-19 || have clang-18 || have clang-17 || have clang-16 || have clang || return 1
    have_llvm || return 1
    for h in bpf/libbpf.h libelf.h gelf.h zlib.h cmocka.h sys/sdt.h; do
        echo "#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <$h>" | gcc -fsyntax-only -x c - 2>/dev/null || return 1
    done
}

debian() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || echo "deps: the package lists could not be refreshed; trying with the old ones" >&2
    llvm=
    for v in 19 18 17 16; do
        if apt-cache show "llvm-$v-dev" >/dev/null 2>&1; then
            llvm="llvm-$v-dev clang-$v libclang-rt-$v-dev"
            break
        fi
    done
    [ -n "$llvm" ] || { echo "deps: this distribution has no LLVM 16 to 19" >&2; exit 1; }
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends gcc g++ libc6-dev make flex bison $llvm libbpf-dev libelf-dev \
        zlib1g-dev libzstd-dev libcmocka-dev iproute2 iputils-ping netcat-openbsd procps \
        systemtap-sdt-dev bpftool clang-format ca-certificates
}

fedora() { # Fedora, openEuler, RHEL and kin; static archives where there are any
    pm=$1
    $pm install -y gcc gcc-c++ make flex bison llvm-devel clang libbpf-devel elfutils-libelf-devel \
        zlib-devel libzstd-devel libcmocka-devel iproute iputils nmap-ncat procps-ng \
        systemtap-sdt-devel bpftool clang-tools-extra
    $pm install -y llvm-static libbpf-static compiler-rt iproute-tc || true
}

vm_complete() {
    for c in qemu-system-x86_64 busybox modprobe cpio xz zstd nsenter ldd; do have "$c" || return 1; done
}

# The kernels are packages of Debian, so this is for Debian and its kin only. The programs of the
# topologies (Open vSwitch, nft, conntrack) are not installed: tests/vm/kernels.sh unpacks them where
# only the emulated machines see them.
vm() {
    have apt-get || { echo "deps: tests on other kernels (make check-vm) need a distribution with apt-get" >&2; return; }
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || echo "deps: the package lists could not be refreshed; trying with the old ones" >&2
    apt-get install -y -qq --no-install-recommends qemu-system-x86 busybox-static kmod cpio xz-utils zstd util-linux
}

if [ "${1:-}" != build ] && ! vm_complete; then
    [ "$(id -u)" = 0 ] || { echo "deps: packages are missing; run 'sudo make deps'" >&2; exit 1; }
    vm
fi
if [ "${1:-}" = vm ] || complete; then
    exit 0
fi
[ "$(id -u)" = 0 ] || { echo "deps: packages are missing; run 'sudo make deps'" >&2; exit 1; }
if have apt-get; then
    debian
elif have dnf; then
    fedora dnf
elif have yum; then
    fedora yum
else
    echo "deps: no apt-get, dnf or yum; README.md lists what is needed" >&2
    exit 1
fi
