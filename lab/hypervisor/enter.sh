#!/usr/bin/env bash
# pid 1 of the hypervisor's own mount and pid namespace. When it ends, however it ends, the kernel
# ends every host, service, mount and network namespace with it.
#   enter.sh FOLDER NODE MAIN
set -uo pipefail
folder=$1 node=$2 main=$3

# Two would boot the same disks.
exec 9>"$folder/running"
flock --nonblock 9 || { echo "Error: another hypervisor of this lab still runs" >&2; exit 1; }

# Before anything else, so that no moment exists in which it runs and can't be found. /proc is still
# the machine's own here: our pid as the machine sees it, and the start time that tells us from a
# later process with the same number.
read -r stat </proc/self/stat
read -ra after_name <<<"${stat##*) }"
echo "${stat%% *} ${after_name[19]}" >"$folder/pid.new"
mv "$folder/pid.new" "$folder/pid"

set -e
mount -t proc proc /proc
# What `ip netns` and systemd-nspawn write below /run stays in here.
mkdir -p "$folder/run"
mount -t tmpfs -o mode=700 tmpfs "$folder/run"
mkdir "$folder"/run/{upper,work}
mount -t overlay -o "lowerdir=/run,upperdir=$folder/run/upper,workdir=$folder/run/work" overlay /run
mkdir -p /run/netns
set +e

"$node" --import tsx "$main" "$folder" </dev/null &
child=$!
trap 'kill -TERM $child 2>/dev/null' TERM INT
# `wait` returns early at a signal; the hypervisor then shuts its hosts down.
while kill -0 $child 2>/dev/null; do
  wait $child
done
