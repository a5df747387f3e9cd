#!/usr/bin/env bash
# Makes the Debian 13 root that the lab's OpenStack lives in.
#   root.sh TARGET BUILDING SOURCES APT_CONF STAMP
# SOURCES is a one-line apt list and APT_CONF apt settings for the build only: both come from the
# machine's own apt. BUILDING is on the file system of TARGET, below a folder that only root can
# enter: while it is being made, it holds the machine's proxy settings.
# Run it in a mount and pid namespace of its own, so that a kill ends all of it.
set -euo pipefail
target=$1 building=$2 sources=$3 apt_conf=$4 stamp=$5

# All that needs the lab waits for it, and what runs meanwhile can wait: Linux shares processors out by session first.
[[ ! -e /proc/self/autogroup ]] || echo -10 >/proc/self/autogroup

# Libraries only: the daemons' own packages ask questions, make users and start things.
packages=python3-keystone,python3-placement,python3-glance,python3-nova,python3-neutron
packages+=,python3-designate,python3-cinder,python3-gunicorn,rabbitmq-server,mariadb-server
packages+=,iproute2,curl
# What the hypervisor serves to the hosts: packages, names, time.
packages+=,apt-cacher-ng,dnsmasq-base,chrony

# The paste pipelines of the services are in packages that we only unpack, for the same reason.
export PASTE_PACKAGES="nova-common neutron-common glance-common designate-common cinder-common"
# shellcheck disable=SC2016  # expanded by the hook's shell, with the root as its $1
unpack='mkdir -p "$1/opt/paste" "$1/lab" && cd "$1/opt/paste" &&
  APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get download $PASTE_PACKAGES &&
  for deb in *.deb; do dpkg-deb -x "$deb" .; done && rm -f ./*.deb'

# This oslo.messaging looks for an RPC reply every 0.5 s (Launchpad 2035113), and every call of the
# API would wait for that.
# shellcheck disable=SC2016
poll_faster='file=usr/lib/python3/dist-packages/oslo_messaging/_drivers/amqpdriver.py
  cd "$1" && grep -q "time\.sleep(0\.5)" "$file" &&
  sed -i "s/time\.sleep(0\.5)/time.sleep(0.01)/" "$file"'

# Debian compiles every module of every package, which took half of the build's processor time. The services use a
# few of them, and keep those compiled in the lab's own folder (services.sh).
# shellcheck disable=SC2016
compile_nothing='chroot "$1" dpkg-divert --quiet --local --rename --add /usr/bin/py3compile &&
  ln -s true "$1/usr/bin/py3compile"'

rm -rf --one-file-system "$building" "$building.old"
mmdebstrap --variant=minbase --mode=root --format=dir --include="$packages" \
  --aptopt="$apt_conf" --aptopt='APT::Install-Recommends "false"' \
  --aptopt='APT::Sandbox::User "root"' --dpkgopt=force-unsafe-io \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --essential-hook="$compile_nothing" --customize-hook="$unpack" --customize-hook="$poll_faster" \
  trixie "$building" "$sources"

# Settings of this machine (proxy, name servers) don't belong in a root that is kept.
rm -f "$building"/etc/apt/apt.conf.d/99mmdebstrap "$building"/etc/apt/sources.list \
  "$building"/etc/apt/sources.list.d/* "$building"/etc/resolv.conf
printf '127.0.0.1 localhost lab\n' >"$building/etc/hosts"
echo lab >"$building/etc/hostname"
echo "$stamp" >"$building/etc/polder-root"

# The rename comes last: a root under its own name is always a whole one.
if [ -e "$target" ]; then
  mv "$target" "$building.old"
fi
mv "$building" "$target"
rm -rf --one-file-system "$building.old"
