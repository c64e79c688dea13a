#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Puts the kernels of the virtual machines into the cache: package, ELF kernel, modules, initrd.
# Must not know tests. Serves `make kernels`; does nothing, quickly, for a kernel that is there.
#
#   tests/vm/kernels.sh [KERNEL...]     KERNEL: 5.10 6.1 6.12 7
#
# Besides those it fetches the kernel of machines inside the machines, and programs of the topologies.
# The packages come from the mirror that this machine's own package lists are from; each kernel is
# the current one of a release of the distribution.
set -Eeuo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/common.sh"
trap 'die "kernels.sh: line $LINENO: $BASH_COMMAND"' ERR

# Which release of the distribution has which kernel.
suite_of() {
    case $1 in
        5.10) echo bullseye ;;
        6.1) echo bookworm ;;
        6.12) echo trixie ;;
        7) echo trixie-backports ;;
        *) die "no kernel $1; there are: $KERNELS" ;;
    esac
}

# SUITE: package lists of that release in a folder of their own, so that those of the machine stay
# as they are; from here on apt uses them.
use_suite() {
    local dir=$CACHE/lists/$1 from
    unset APT_CONFIG
    from=$(mirror)
    mkdir -p "$dir/state/partial" "$dir/cache/archives/partial"
    echo "deb [signed-by=$KEYRING] $from $1 main" >"$dir/list"
    cat >"$dir/conf" <<E
Dir::Etc::SourceList "$dir/list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$dir/state";
Dir::Cache "$dir/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
E
    export APT_CONFIG=$dir/conf
    apt-get -qq update
}

# The package that linux-image-amd64 stands for, and those that hold its files (since 7.0 apart).
packages() {
    local -a todo=(linux-image-amd64)
    local p d seen=' '
    while [ ${#todo[@]} -gt 0 ]; do
        p=${todo[0]}
        todo=("${todo[@]:1}")
        [[ $seen != *" $p "* ]] || continue
        seen+="$p "
        [ "$p" = linux-image-amd64 ] || echo "$p"
        while read -r d; do todo+=("$d"); done < <(apt-cache depends --important "$p" |
            sed -nE 's/^ *(Pre)?Depends: (linux-(image|binary|modules|base)-[0-9].*)/\2/p')
    done
}

# IMAGE: the ELF kernel in a bzImage. Booted as it is (PVH), it spares the emulated machine the
# unpacking. Offsets: the boot protocol's setup_sects, payload_offset and payload_length; the last
# four bytes of the payload are its unpacked size.
elf_of() {
    local sects off len
    sects=$(od -An -tu1 -j497 -N1 "$1")
    read -r off len < <(od -An -tu4 -j584 -N8 "$1")
    off=$((off + 512 * (sects + 1)))
    head -c $((off + len - 4)) "$1" | tail -c "+$((off + 1))" >"$1.payload"
    case $(od -An -tx1 -N4 "$1.payload" | tr -d ' ') in
        fd377a58) xz -dc <"$1.payload" ;;
        28b52ffd) zstd -dcq <"$1.payload" ;;
        *) die "$1: packed in an unknown way" ;;
    esac
    rm -f "$1.payload"
}

# What is made of packages, by a number that is raised when that changes.
FORMAT=1
made() { [ "$(cat "$1" 2>/dev/null)" = $FORMAT ]; }

# FOLDER RELEASE MODULE...: an archive with a shell and the modules, in the order to insert them.
# A module is often needed by several; inserting it a second time is told and harmless.
archive() {
    local dir=$1/initrd m f n=10
    mkdir -p "$dir"/{bin,m,proc,sys,dev,host,mem,root}
    cp "$(command -v busybox)" "$dir/bin/busybox"
    for m in "${@:3}"; do
        modprobe -d "$1" -S "$2" --show-depends "$m" 2>/dev/null
    done | awk '$1 == "insmod" && !n[$2]++ { print $2 }' >"$1/order"
    while read -r f; do
        case $f in
            *.xz) xz -dc "$f" ;;
            *.zst) zstd -dcq "$f" ;;
            *) cat "$f" ;;
        esac >"$dir/m/$((n++)).ko"
    done <"$1/order"
    (cd "$dir" && find . | cpio -o -H newc --quiet)
    rm -rf "$dir" "$1/order"
}

# FOLDER RELEASE: what reaches the file system of the host, and what a machine in the machine needs.
# Both are still without /init, which is of today's source.
archives() {
    ! made "$1/archives" || return 0
    archive "$1" "$2" virtio_pci 9pnet_virtio 9p overlay >"$1/new.img"
    mv "$1/new.img" "$1/initrd.img"
    archive "$1" "$2" virtio_pci virtio_net >"$1/new.img"
    mv "$1/new.img" "$1/nested.img"
    echo $FORMAT >"$1/archives"
}

# Programs of the topologies, for the machines only: unpacked here, as the machine that runs the
# tests shall not get a switch that starts with it. Those that it has are taken from there.
tools() {
    local dir=$CACHE/tools p want=()
    ! made "$dir/done" || return 0
    unset APT_CONFIG
    mkdir -p "$CACHE"
    rm -rf "$dir.new"
    mkdir -p "$dir.new"/{deb,usr/{bin,sbin,lib,lib64}}
    for p in bin sbin lib lib64; do ln -s usr/$p "$dir.new/$p"; done
    # What is written in Python does not run in the machines.
    mapfile -t want < <(apt-get -s install --no-install-recommends openvswitch-switch nftables conntrack |
        awk '$1 == "Inst" && $2 !~ /^(lib)?python3/ { print $2 }')
    if [ ${#want[@]} -gt 0 ]; then
        echo "kernels: programs of the topologies: ${want[*]}"
        (cd "$dir.new/deb" && apt-get -qq -o APT::Sandbox::User=root download "${want[@]}")
    fi
    for p in "$dir.new"/deb/*.deb; do
        [ ! -e "$p" ] || dpkg-deb --fsys-tarfile "$p" | tar -x --keep-directory-symlink -C "$dir.new"
    done
    # The alternatives of the distribution are made by scripts that do not run here.
    [ ! -e "$dir.new/usr/lib/openvswitch-switch" ] ||
        ln -s ../lib/openvswitch-switch/ovs-vswitchd "$dir.new/usr/sbin/ovs-vswitchd"
    find "$dir.new" -mindepth 1 -maxdepth 1 ! -name usr -exec rm -r {} +
    echo $FORMAT >"$dir.new/done"
    rm -rf "$dir"
    mv "$dir.new" "$dir"
}

fetch() {
    local kernel=$1 suite tmp rel
    suite=$(suite_of "$kernel")
    if [ -e "$CACHE/$kernel/done" ]; then
        archives "$CACHE/$kernel" "$(cat "$CACHE/$kernel/done")"
        return
    fi
    for t in qemu-system-x86_64 busybox modprobe cpio xz zstd dpkg-deb; do
        command -v "$t" >/dev/null || die "$t is missing: sudo sh .ci/deps.sh vm"
    done
    mkdir -p "$CACHE"
    use_suite "$suite"
    tmp=$(mktemp -d "$CACHE/new.XXXXXX")
    # shellcheck disable=SC2064
    trap "rm -rf '$tmp'" EXIT
    mapfile -t pkgs < <(packages)
    [ ${#pkgs[@]} -gt 0 ] || die "$suite has no linux-image-amd64"
    [[ ${pkgs[0]} == linux-image-$kernel[.+-]* ]] || die "$suite has ${pkgs[0]}, not $kernel"
    rel=${pkgs[0]#linux-image-}
    echo "kernels: $kernel is $rel"
    mkdir "$tmp/deb" "$tmp/k"
    (cd "$tmp/deb" && apt-get -qq download "${pkgs[@]}")
    for f in "$tmp"/deb/*.deb; do dpkg-deb -x "$f" "$tmp/k"; done
    # Packages that were made for a merged /usr have their modules there.
    [ -d "$tmp/k/lib/modules" ] || ln -s usr/lib "$tmp/k/lib"
    depmod -b "$tmp/k" "$rel"
    elf_of "$(find "$tmp/k" -type f -name 'vmlinuz*')" >"$tmp/k/vmlinux"
    [ "$(head -c 4 "$tmp/k/vmlinux" | od -An -tx1 | tr -d ' ')" = 7f454c46 ] || die "$rel: no ELF kernel"
    archives "$tmp/k" "$rel"
    echo "$rel" >"$tmp/k/done"
    rm -rf "${CACHE:?}/$kernel"
    mv "$tmp/k" "$CACHE/$kernel"
    rm -rf "$tmp"
}

[ $# -gt 0 ] || set -- $KERNELS
tools
for k in $(printf '%s\n' "$@" $NESTED | sort -u); do fetch "$k"; done
