#!/usr/bin/env bash
# The main job, as a user would type it: start the cloud, get a person who may log in, allocate the
# addresses, deploy the machines, make the keys, converge the hosts, attack them from outside. Each
# line that it runs is printed first. CLOUD: openstack (the default), or hetzner, by a stand-in of its API.
# PACKAGES: a folder with the packages of one release of Jitsi; without it, stand-ins take their places.
set -euo pipefail
cd "$(dirname "$0")/.."
case ${CLOUD:-openstack} in
  openstack) instance=${1:-lab} ;;
  hetzner) instance=${1:-lab-hetzner} ;;
  *) echo "CLOUD: got \"$CLOUD\", allowed: openstack, hetzner" >&2; exit 2 ;;
esac
say() { printf '\n$ %s\n' "$*"; "$@"; }
polder() { say ./cli/polder "$@"; }
load() { cut -d' ' -f1-3 /proc/loadavg; }
began=$SECONDS
printf 'load %s\n' "$(load)"

if [[ -n ${PACKAGES:-} ]]; then
  polder packages "$instance" "$PACKAGES"
  printf 'Jitsi: real, %s\n' "$(sed -nE 's/^ +(- name|version): //p' "instances/$instance/jitsi.yaml" | paste -d ' ' - - | paste -sd , | sed 's/,/, /g')"
else
  rm -f "instances/$instance/jitsi.yaml"
  printf "Jitsi: stand-ins, since PACKAGES names no folder with its packages; what needs Jitsi reads not-tested (docs/jitsi.md)\n"
fi

polder lab up
# A person with keys on this machine alone; user_data names people, so they come before the machines.
polder keys person --lab "$instance"
if [[ ! -e instances/$instance/addresses.yaml ]]; then
  polder plan "$instance"
  polder apply "$instance"
  polder addresses "$instance"
fi
polder plan "$instance"
polder apply "$instance"
deployed=$((SECONDS - began))
# Somebody must take the alarms: that nobody does is a fault, and the probes say so.
node --import tsx lab/receive-alarms.ts "$(sed -n 's|^alarms:.*:\([0-9]*\)/.*|\1|p' "instances/$instance/instance.yaml")" &
receiver=$!
trap 'kill "$receiver" 2>/dev/null' EXIT
polder keys init "$instance"
# Where stand-ins ran before, Prosody still has no module of Jitsi's; in the lab nobody meets.
polder converge "$instance" ${PACKAGES:+--restart}
# Between two runs nobody takes the alarms, and what failed to bring them has failed until its next minute.
./cli/polder lab shell "$instance-monitor-1" systemctl start polder-heartbeat.service polder-alarm.service
converged=$((SECONDS - began))
polder probe all "$instance"
printf '\n%s: deployed after %d s, converged after %d s, probed after %d s; load %s\n' \
  "$instance" "$deployed" "$converged" $((SECONDS - began)) "$(load)"
printf 'next: ./cli/polder show %s, ./cli/polder lab shell %s-control-1, ./cli/polder lab down\n' "$instance" "$instance"
