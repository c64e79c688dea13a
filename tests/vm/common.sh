# SPDX-License-Identifier: GPL-2.0-or-later
# Where the kernels are and what they are called. Sourced by kernels.sh, boot.sh and check.sh, so
# it must not do anything itself.
# shellcheck shell=bash disable=SC2034
KERNELS=${NDTRACE_VM_KERNELS:-5.10 6.1 6.12 7}
NESTED=6.1 # the kernel of machines inside the machine: it boots there best
CACHE=${NDTRACE_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ndtrace-vm}
# What tests start again and again: brought along in memory.
FAST="bash sh awk basename bpftool cat cp cut date dd dirname find grep head id ip kill ln ls
    mkdir mktemp mkfifo mv nc nm nsenter ping rm sed seq setpriv sleep sort stat sysctl tail tc tee
    timeout touch tr true uname uniq unshare wc"
die() {
    echo "vm: $*" >&2
    exit 125
}
