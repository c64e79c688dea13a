#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what building and testing need and this machine lacks, with the distribution's own
# package manager. Does nothing, quickly, if everything is there.
#
#   sh .ci/deps.sh        what `make check` needs
#   sh .ci/deps.sh build  what `make` and `make demo` need: no emulator
#   sh .ci/deps.sh vm     what `make kernels` and `make check-vm` need in addition
set -eu

have() { command -v "$1" >/dev/null 2>&1; }
llvm() { sh "$(dirname "$0")/llvm.sh" "$1"; }

# HEADER...: the C compiler finds them.
headers() {
    for h in "$@"; do
        echo "#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <$h>" | gcc -fsyntax-only -x c - 2>/dev/null || return 1
    done
}
# LIBRARY...: the linker finds them.
libraries() {
    for l in "$@"; do
        echo 'int main(void) { return 0; }' | gcc -x c - "-l$l" -o /dev/null 2>/dev/null || return 1
    done
}
build_complete() {
    for c in gcc g++ make flex bison ip ping; do have "$c" || return 1; done
    [ -n "$(llvm config)" ] && headers bpf/libbpf.h libelf.h gelf.h zlib.h jansson.h && libraries iberty
}
complete() {
    build_complete || return 1
    for c in nc clang-format bpftool tc openssl; do have "$c" || return 1; done
    [ -n "$(llvm clang)" ] && headers cmocka.h sys/sdt.h
}

debian() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || echo "deps: the package lists could not be refreshed; continuing with the old ones" >&2
    llvm=
    for v in $(llvm versions); do
        if apt-cache show "llvm-$v-dev" >/dev/null 2>&1; then
            llvm=$v
            break
        fi
    done
    [ -n "$(llvm config)$llvm" ] || { echo "deps: this distribution does not have any of LLVM $(llvm versions)" >&2; exit 1; }
    set -- gcc g++ libc6-dev make flex bison libbpf-dev libelf-dev zlib1g-dev libzstd-dev libjansson-dev libiberty-dev \
        iproute2 iputils-ping ca-certificates
    [ -n "$(llvm config)" ] || set -- "$@" "llvm-$llvm-dev"
    apt-get install -y -qq --no-install-recommends "$@"
}
# What tests need besides; the compiler is of one version with the library.
debian_tests() {
    v=$("$(llvm config)" --version)
    v=${v%%.*}
    apt-get install -y -qq --no-install-recommends "clang-$v" "libclang-rt-$v-dev" libcmocka-dev netcat-openbsd \
        procps systemtap-sdt-dev bpftool clang-format openssl
}

fedora() { # Fedora, openEuler, RHEL and kin; static archives where there are any
    $pm install -y gcc gcc-c++ make flex bison llvm-devel libbpf-devel elfutils-libelf-devel zlib-devel \
        libzstd-devel jansson-devel binutils-devel iproute iputils
    $pm install -y llvm-static libbpf-static || true
}
fedora_tests() {
    $pm install -y clang libcmocka-devel nmap-ncat procps-ng systemtap-sdt-devel bpftool clang-tools-extra openssl
    $pm install -y compiler-rt iproute-tc || true
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
    apt-get update -qq || echo "deps: the package lists could not be refreshed; continuing with the old ones" >&2
    apt-get install -y -qq --no-install-recommends qemu-system-x86 busybox-static kmod cpio xz-utils zstd util-linux
}

if [ "${1:-}" != build ] && ! vm_complete; then
    [ "$(id -u)" = 0 ] || { echo "deps: packages are missing; run 'sudo make deps'" >&2; exit 1; }
    vm
fi
case ${1:-} in
vm) exit 0 ;;
build) ! build_complete || exit 0 ;;
*) ! complete || exit 0 ;;
esac
[ "$(id -u)" = 0 ] || { echo "deps: packages are missing; run 'sudo make deps'" >&2; exit 1; }
if have apt-get; then
    family=debian
elif have dnf; then
    family=fedora pm=dnf
elif have yum; then
    family=fedora pm=yum
else
    echo "deps: no apt-get, dnf or yum; README.md lists what is needed" >&2
    exit 1
fi
$family
[ "${1:-}" = build ] || "${family}_tests"
