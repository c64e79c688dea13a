#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Compiles the scripts of this folder on the kernel that runs and leaves the objects, with the
# places of some fields, for tests/vm/tests/travel.sh on other kernels. Serves check.sh.
set -eu
out=/run/vm/keep
mkdir -p $out
for f in tests/vm/travel/*.nd; do
    build/ndtrace compile "$f" -o "$out/$(basename "$f" .nd).ndo"
done
build/ndtrace -q tests/vm/travel/places.nd >$out/places
uname -r >$out/release
