#!/bin/sh
# Runs a command beside a throw-away copy of the validators' root, without any network: a host that Ansible reaches by
# chroot(8), and that fetches nothing.
#   packages-host.sh ROOT WORK COMMAND...
# In mount, pid and net namespaces of its own; nothing of it stays. The host is WORK/host; WORK/remote lies at the same
# path inside, for what Ansible transfers.
set -eu
root=$1 work=$2
shift 2
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/inner" "$work/host" "$work/remote"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/inner" "$work/host"
host=$work/host
mkdir -p "$host$work/remote"
mount --bind "$work/remote" "$host$work/remote"
mount -t proc proc "$host/proc"
mount -t tmpfs tmpfs "$host/run"
mount -t tmpfs tmpfs "$host/dev"
for node in null zero full random urandom; do touch "$host/dev/$node"; mount --bind "/dev/$node" "$host/dev/$node"; done
ip link set lo up
exec "$@"
