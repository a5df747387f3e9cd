#!/bin/sh
# First program of a host: what a boot loader would be. LAB_DISKS names attached volumes, as
# `vdb=virtio-1234…` and so on; the devices are there already.
set -e

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
# systemd waits for devices to be announced only where it may write to /sys; nobody announces here.
mount -o remount,bind,ro /sys

mkdir -p /dev/disk/by-id
for disk in $LAB_DISKS; do
  ln -s "../../${disk%%=*}" "/dev/disk/by-id/${disk#*=}"
done
unset LAB_DISKS
exec /lib/systemd/systemd systemd.show_status=yes
