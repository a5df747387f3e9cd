#!/usr/bin/env bash
# Makes a Debian 13 root with the programs that validate rendered files. It is never booted.
#   validator-root.sh TARGET BUILDING SOURCES APT_CONF
# SOURCES and APT_CONF come from the machine's own apt; neither stays in the root.
set -euo pipefail
target=$1 building=$2 sources=$3 apt_conf=$4

# What hosts have, and what reads their files: age and lua for what services bring. hcloud is a client
# of Hetzner's API, pebble an ACME server, both for tests.
packages=systemd,systemd-sysv,dbus,libpam-systemd,systemd-journal-remote,systemd-timesyncd
packages+=,openssh-server,sudo,nftables,kmod,procps,python3,unattended-upgrades,openssl
packages+=,ca-certificates,debian-archive-keyring,nginx,prosody,coturn,lua5.4,age,curl,iproute2,pebble,hcloud-cli

[[ ! -e $target ]] || exit 0
trap 'rm -rf --one-file-system "$building"' EXIT
find "$(dirname "$target")" -mindepth 1 -maxdepth 1 -type d -exec rm -rf --one-file-system {} +
mmdebstrap --variant=minbase --mode=root --format=dir --include="$packages" \
  --aptopt="$apt_conf" --aptopt='APT::Install-Recommends "false"' \
  --aptopt='APT::Sandbox::User "root"' --dpkgopt=force-unsafe-io \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  trixie "$building" "$sources"
rm -f "$building"/etc/apt/apt.conf.d/99mmdebstrap "$building"/etc/apt/sources.list \
  "$building"/etc/apt/sources.list.d/* "$building"/etc/resolv.conf
mv "$building" "$target"
