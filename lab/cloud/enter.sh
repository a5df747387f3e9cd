#!/usr/bin/env bash
# First program in the lab's new namespaces: makes ROOT the root folder (read-only), with STATE as
# /lab, and becomes the lab's pid 1.
#   enter.sh ROOT STATE PID_FILE
set -euo pipefail
root=$1 state=$2 pid_file=$3

# Before anything else, so that no moment exists in which the lab runs and can't be found. /proc is
# still the machine's own here, so this is our pid as the machine sees it, with the start time that
# tells us from a later process with the same number.
read -r stat </proc/self/stat
read -ra after_name <<<"${stat##*) }"
echo "${stat%% *} ${after_name[19]}" >"$pid_file.new"
mv "$pid_file.new" "$pid_file"

mount --bind "$root" "$root"
mount --bind "$state" "$root/lab"
mount -t proc proc "$root/proc"
# A new network namespace may start with the machine's own answer.
echo 0 >"$root/proc/sys/net/ipv4/ip_forward"
echo 0 >"$root/proc/sys/net/ipv6/conf/all/forwarding"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
for folder in run tmp var/log var/tmp; do
  mount -t tmpfs -o mode=1777 tmpfs "$root/$folder"
done
mkdir -m 700 "$root/run/lab"
mount -o remount,bind,ro "$root"

hostname lab
ip link set lo up
cd "$root"
pivot_root . tmp
umount -l /tmp
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/lab/var bash /lab/init.sh
