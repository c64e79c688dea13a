# SPDX-License-Identifier: GPL-2.0-or-later
# Where the kernels are and what they are called, and where packages come from. Sourced by kernels.sh, boot.sh,
# check.sh and distros.sh, so it must not do anything itself.
# shellcheck shell=bash disable=SC2034
KERNELS=${NDTRACE_VM_KERNELS:-5.10 6.1 6.12 7}
# Those of `make check`, which has half an hour: the oldest, the newest, and one between on which each tool is tested.
CHECK_KERNELS=${NDTRACE_VM_KERNELS:-5.10 6.12 7}
NESTED=6.1 # the kernel of machines inside the machine: it boots there best
CACHE=${NDTRACE_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ndtrace-vm}
# What tests start again and again: brought along in memory.
FAST="bash sh awk basename bpftool cat cp cut date dd dirname find grep head id ip kill ln ls
    mkdir mktemp mkfifo mv nc nm nsenter ping rm sed seq setpriv sleep sort stat sysctl tail tc tee
    timeout touch tr true uname uniq unshare wc"
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
# The mirror that this machine's own package lists are from.
mirror() {
    apt-get indextargets --format '$(SITE) $(REPO_URI)' 'Created-By: Packages' 'Component: main' |
        awk '$2 ~ /\/debian\/$/ { print $2; exit }' | grep . ||
        die "the package sources of this machine name no mirror of the distribution"
}
die() {
    echo "vm: $*" >&2
    exit 125
}
