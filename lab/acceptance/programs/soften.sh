#!/bin/sh
# On a host: takes away what polder hardens a service by, so that a measurement can be compared with one that has it.
# With `back` all of it is there again; `count` prints how many filters of system calls they have, and how many lines the
# packet filter. The gate stays: without it nobody's token would be judged.
set -eu
site=$(readlink -f /etc/nginx/polder-site.conf || true)
units=$(systemctl list-units --plain --no-legend nginx.service prosody.service polder-jicofo.service polder-videobridge.service | cut -d' ' -f1)
if [ "${1:-}" = count ]; then
  for unit in $units; do
    sed -n 's/^Seccomp_filters:[[:space:]]*//p' "/proc/$(systemctl show -P MainPID "$unit")/status"
  done | awk '{ sum += $1 } END { print sum }'
  nft list ruleset | wc -l
  exit
fi
for unit in $units; do
  folder=/run/systemd/system/$unit.d
  if [ "${1:-}" = back ]; then
    rm -f "$folder/zz-soft.conf"
    continue
  fi
  mkdir -p "$folder"
  cat > "$folder/zz-soft.conf" << 'UNIT'
[Service]
NoNewPrivileges=no
ProtectSystem=no
ProtectHome=no
PrivateDevices=no
ProtectProc=default
ProcSubset=all
ProtectKernelTunables=no
ProtectKernelModules=no
ProtectKernelLogs=no
ProtectControlGroups=no
ProtectClock=no
ProtectHostname=no
LockPersonality=no
MemoryDenyWriteExecute=no
RestrictNamespaces=no
RestrictRealtime=no
RestrictSUIDSGID=no
RestrictAddressFamilies=
SystemCallArchitectures=
SystemCallFilter=
MemoryMax=infinity
UNIT
done
if [ "${1:-}" = back ]; then
  if [ -n "$site" ] && mountpoint -q "$site"; then umount "$site"; fi
  systemctl restart nftables.service
else
  if [ -n "$site" ]; then
    sed -E '/Content-Security-Policy|^ *limit_(req|conn) /d' "$site" > /run/soft-site.conf
    mount --bind /run/soft-site.conf "$site"
  fi
  nft flush ruleset
fi
systemctl daemon-reload
# shellcheck disable=SC2086
systemctl restart $units
