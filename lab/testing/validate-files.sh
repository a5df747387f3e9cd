#!/bin/sh
# Puts one host's files into a throw-away copy of the validators' root and runs /validate/run there.
#   validate-files.sh ROOT WORK FILES RUN
# In mount, pid and net namespaces of its own; nothing of it stays.
set -eu
root=$1 work=$2 files=$3 run=$4
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/inner" "$work/root"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/inner" "$work/root"
cd "$work/root"
mkdir -p validate
cp "$run" validate/run
cp -R "$files/." .
mount -t proc proc proc
# The machine's kernel is read-only, as on the lab's hosts; the network's part is our own.
mount --bind proc/sys/net mnt
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount --bind mnt proc/sys/net
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs dev
for node in null zero full random urandom; do touch "dev/$node"; mount --bind "/dev/$node" "dev/$node"; done
# Folders that units make for their programs before they start.
mkdir -p run/sshd run/nginx run/prosody run/turnserver run/systemd dev/shm
ip link set lo up
# Without an IPv6 address beside ::1 the C library leaves IPv6 out of what /etc/hosts says.
ip address add 2001:db8::1/128 dev lo nodad
# Daemons may bind what the host has: every planned address is here.
grep -Ev '^(#|$|127|::1)' "$files/etc/hosts" | while read -r address _; do
  case "$address" in
  *:*) ip address add "$address/128" dev lo nodad ;;
  *) ip address add "$address/32" dev lo ;;
  esac
done
exec chroot . /bin/sh /validate/run
