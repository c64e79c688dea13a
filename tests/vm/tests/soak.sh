#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# on demand
# limit: 300
# A minute of the highest rate of packets that the machine can forward.
cd "$(dirname "$0")/../../.." || exit 1
SOAK_SECONDS=60 bash tests/host/t_soak.sh
