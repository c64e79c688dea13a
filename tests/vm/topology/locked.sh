# SPDX-License-Identifier: GPL-2.0-or-later
# check: 5.10 6.12
# A kernel that is locked down, first for integrity; tests may tighten it. It cannot be undone, hence
# a machine of its own.
# shellcheck shell=bash
LOCKDOWN=/sys/kernel/security/lockdown

locked_up() {
    { [ -e $LOCKDOWN ] || mount -t securityfs none /sys/kernel/security; } && echo integrity >$LOCKDOWN &&
        grep -q '\[integrity\]' $LOCKDOWN
}
locked_down() { ! grep -q '\[none\]' $LOCKDOWN; }
