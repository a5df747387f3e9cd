#!/usr/bin/env bash
# The main job, as a user would type it: start the cloud, allocate the addresses, deploy the cluster,
# show it, and prove that nothing is left to do. Each line that it runs is printed first.
set -euo pipefail
cd "$(dirname "$0")/.."
instance=${1:-lab}
say() { printf '\n$ %s\n' "$*"; "$@"; }
polder() { say ./cli/polder "$@"; }
began=$SECONDS
printf 'load %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"

polder lab up
if [[ ! -e instances/$instance/addresses.yaml ]]; then
  polder plan "$instance"
  polder apply "$instance"
  polder addresses "$instance"
fi
polder plan "$instance"
polder apply "$instance"
polder show "$instance"
printf '\n%s is deployed: %d s, load %s\n' "$instance" $((SECONDS - began)) "$(cut -d' ' -f1-3 /proc/loadavg)"
printf 'next: ./cli/polder show %s --svg network.svg, ./cli/polder lab status, ./cli/polder lab down\n' "$instance"
