#!/usr/bin/env bash
# Makes the image `debian-13` that the lab's servers boot: as a provider's cloud image is, with no
# keys, no identity, no password.
#   image.sh TARGET BUILDING SOURCES APT_CONF
# SOURCES and APT_CONF come from the machine's own apt; neither stays in the image.
set -euo pipefail
target=$1 building=$2 sources=$3 apt_conf=$4

packages=systemd,systemd-sysv,dbus,python3,openssh-server,nftables,sudo,iproute2,cloud-init
packages+=,ca-certificates,e2fsprogs,procps
# What polder installs and Debian's own cloud images bring already (SYSTEM_BOOT of debian-cloud-images for 13; kmod comes
# with their kernel).
packages+=,kmod,libpam-systemd,systemd-timesyncd,unattended-upgrades

rm -rf --one-file-system "$building"
mmdebstrap --variant=minbase --mode=root --format=dir --include="$packages" \
  --aptopt="$apt_conf" --aptopt='APT::Install-Recommends "false"' \
  --aptopt='APT::Sandbox::User "root"' --dpkgopt=force-unsafe-io \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  trixie "$building" "$sources"

cd "$building"
# Pages of the manual are left out to be small, their folders aren't: Java's installation puts links there, and ends where it can't.
mkdir -p usr/share/man/man{1..8}
rm -f etc/apt/apt.conf.d/99mmdebstrap etc/apt/sources.list etc/apt/sources.list.d/* \
  etc/dpkg/dpkg.cfg.d/99mmdebstrap etc/resolv.conf etc/ssh/ssh_host_*
echo localhost >etc/hostname
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' >etc/hosts
: >etc/machine-id
chroot . passwd --quiet --lock root
chroot . systemctl --quiet enable systemd-networkd.service ssh.service
# No consoles, and no storm of package lists at each boot. Security updates are the owner's choice:
# apt's own timers are only disabled, not masked.
chroot . systemctl --quiet mask getty.target console-getty.service systemd-networkd-wait-online.service
# Nobody types a password here, and each watch for one counts against the machine's limit of watches
# (fs.inotify.max_user_instances), which all hosts share.
chroot . systemctl --quiet mask systemd-ask-password-console.path systemd-ask-password-wall.path
chroot . systemctl --quiet disable apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
  fstrim.timer e2scrub_all.timer e2scrub_reap.service
# The seed is there before the boot: nothing to look for elsewhere.
printf 'datasource_list: [ NoCloud ]\n' >etc/cloud/cloud.cfg.d/90_lab.cfg

cd /
rm -rf --one-file-system "$target"
mkdir -p "$(dirname "$target")"
mv "$building" "$target"
