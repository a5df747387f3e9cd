#!/bin/sh
# Announces a disk inside a host, as udev would: disk NAME LINK, such as `vdb virtio-1234…`.
set -e
name=$1 link=$2
mkdir -p /dev/disk/by-id /run/udev/data /run/udev/tags/systemd
ln -sfn "../../$name" "/dev/disk/by-id/$link"
id=b$(stat -c '%Hr:%Lr' "/dev/$name")
printf 'S:disk/by-id/%s\nS:%s\nI:1\nG:systemd\nQ:systemd\nV:1\n' "$link" "$name" >"/run/udev/data/$id"
# By what is on it, too: an fstab names file systems by their UUID, and waits for this link at boot.
uuid=$(/usr/sbin/blkid -p -o value -s UUID "/dev/$name" || :)
if [ -n "$uuid" ]; then
  mkdir -p /dev/disk/by-uuid
  ln -sfn "../../$name" "/dev/disk/by-uuid/$uuid"
  printf 'S:disk/by-uuid/%s\n' "$uuid" >>"/run/udev/data/$id"
fi
: >"/run/udev/tags/systemd/$id"
