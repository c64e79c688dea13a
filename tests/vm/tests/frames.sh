#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# on demand
# limit: 700
# Every kind of frame and every field of pkt. Once: what differs between kernels is in the tests
# of the topologies, and this takes minutes in an emulated machine.
cd "$(dirname "$0")/../../.." || exit 1
modprobe 8021q
TEST_TIMEOUT=240 TEST_SLOW=5 bash tests/host/run.sh packet packet_old packet_use >/tmp/frames.log 2>&1
code=$?
sed -E 's/^([a-z_0-9]+): (ok|not ok) /\2 \1-/' /tmp/frames.log
grep -qE '^[0-9]+ passed' /tmp/frames.log || echo "not ok run.sh ended with $code"
