#!/bin/sh
# First program of a host: what a boot loader would be. LAB_DISKS names attached volumes, as
# `vdb=virtio-1234…` and so on; the devices are there already.
set -e

# What is mounted in one place below stays there: with mounts that are shared, the `umount` of a
# stepping stone took the place that it led to away as well, and /proc/sys/net with it.
mount --make-rprivate /

# A host may tune its own network. All other settings are the machine's, and not for a host to write.
mount --bind /proc/sys/net /mnt
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount --bind /mnt /proc/sys/net
umount /mnt
if [ -e /proc/sysrq-trigger ]; then
  mount --bind /proc/sysrq-trigger /proc/sysrq-trigger
  mount -o remount,bind,ro /proc/sysrq-trigger
fi
# The host's own links are in a /sys that is mounted from its own network namespace. All in it is
# read-only, but it itself is not: systemd would take the host for one without devices, and skip the
# disks in its fstab.
mount --rbind /sys/fs/cgroup /mnt
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
for folder in /sys/*; do
  mount --bind "$folder" "$folder"
  mount -o remount,bind,ro "$folder"
done
mount --rbind /mnt /sys/fs/cgroup
umount --recursive --lazy /mnt
# From here on as systemd makes it on a machine: what is mounted later, services see.
mount --make-rshared /

# What udev would have written down. It doesn't run here: it would find the machine's devices.
mkdir -p /run/udev/data /run/udev/tags/systemd
for file in /sys/class/net/*/ifindex; do
  id=n$(cat "$file")
  printf 'I:1\nG:systemd\nQ:systemd\nV:1\n' >"/run/udev/data/$id"
  : >"/run/udev/tags/systemd/$id"
done
for disk in $LAB_DISKS; do
  /usr/lib/lab/disk "${disk%%=*}" "${disk#*=}"
done
unset LAB_DISKS
exec /lib/systemd/systemd systemd.show_status=yes
