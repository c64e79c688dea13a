#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check: 6.12
# limit: 300
# In a control group with little memory, and with devices and namespaces that come and go: a result, or an error
# that says what is wrong; in both cases nothing stays attached.
. "$(dirname "$0")/../lib.sh"
S='rawtracepoint:sys_enter { @[comm] = count() } kprobe:vfs_read { @s[kstack] = count() } profile:hz:49 { @p[cpu] = hist(nsecs) }'
CG=$TMP/cg
mkdir "$CG"
mount -t cgroup2 none "$CG" || { not_ok mount "cannot mount cgroup2, wanted to"; finish; }
echo +memory >"$CG/cgroup.subtree_control" || { not_ok memcg "no memory controller, wanted one"; finish; }
mkdir "$CG/little"
# COMMAND...: run it as a member of the group.
inside() { sh -c 'echo $$ >"$0/cgroup.procs" && shift 0 && exec "$@"' "$CG/little" "$@"; }

bpftool prog show >/dev/null
"$WITHIN" 60 "$ND" -q --duration 100ms -e "$S" >/dev/null 2>&1
before=$(held)
seen=
for mib in 256 48 24 12 6 3; do
    echo "${mib}M" >"$CG/little/memory.max"
    inside "$WITHIN" 60 "$ND" -q --no-cache --duration 300ms -e "$S" >"$TMP/$mib.out" 2>"$TMP/$mib.err"
    code=$?
    case $code in
    0) seen+=0 ;;
    1) seen+=1; there "$TMP/$mib.err" 'error' || not_ok "says-$mib" "exit code 1 and no message, wanted one" ;;
    137) seen+=9 ;; # the kernel killed ndtrace itself, which can say nothing then
    *) not_ok "code-$mib" "got $code, wanted 0, 1 or 137: $(head -c 300 "$TMP/$mib.err")" ;;
    esac
done
case $seen in 0*[19]) ok codes ;; *) not_ok codes "got $seen, wanted a result with 256 MiB and none with 3" ;; esac
if grep -q 'out of memory\|control group\|cannot allocate' "$TMP"/*.err; then ok told; else not_ok told "no message names memory: $(cat "$TMP"/*.err | head -c 400)"; fi
same group-ends "$(held)" "$before"

# Namespaces and devices come and go while devices and namespaces are what is counted by.
churn() {
    for i in $(seq 1 40); do
        ip netns add "churn$i" && ip link add "ch$i" type veth peer name "cp$i" netns "churn$i"
        ip link set "ch$i" up && ip -n "churn$i" link set "cp$i" up
        ip link set "ch$i" name "cr$i" 2>/dev/null || { ip link set "ch$i" down; ip link set "ch$i" name "cr$i"; }
        ip netns del "churn$i"
    done
}
traced churn 'use stages probe tx_queue { @[dev] = count() } interval:ms:20 { @i = count() } every 50ms { print(@) }' churn
same churn-gone "$(ip -br link | grep -c '^c[hpr][0-9]')" 0
same churn-ends "$(held)" "$before"
finish
