#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# limit: 900
# on demand: it compiles every tool twice; make check does so for those that the kernel at hand can serve
# What explain lists as read is what the code reads, for the tools that need modules as well.
. "$(dirname "$0")/../lib.sh"
modprobe -qa vhost_net tun kvm virtio_net nf_conntrack br_netfilter
build/tests/testrun/test_reads >"$TMP/reads" 2>&1
same reads-exit $? 0
grep -E 'listed|files compile' "$TMP/reads"
between reads-files "$(sed -n 's/ of .* files compile here//p' "$TMP/reads" | head -n 1)" 60
finish
