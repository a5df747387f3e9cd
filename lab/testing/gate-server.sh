#!/bin/sh
# Runs Prosody with rendered files in a throw-away copy of the validators' root, on the machine's loopback.
#   gate-server.sh ROOT WORK FILES SHARED
# Words on standard input are signals for Prosody; its end is Prosody's. SHARED is /shared inside: what is
# logged, and what the tests change while it runs.
set -eu
root=$1 work=$2 files=$3 shared=$4
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/inner" "$work/root"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/inner" "$work/root"
cd "$work/root"
cp -R "$files/." .
mkdir -p shared
mount --bind "$shared" shared
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs dev
for node in null zero full random urandom; do touch "dev/$node"; mount --bind "/dev/$node" "dev/$node"; done
mkdir -p run/prosody
exec chroot . /bin/sh /shared/run
