#!/usr/bin/env bash
# Hetzner's own command: makes, lists, changes and deletes through an API. Ends at the first surprise.
set -euo pipefail

do_it() { hcloud --poll-interval 100ms "$@" >/tmp/output 2>&1 || { echo "hcloud $*: $(cat /tmp/output)"; exit 1; }; }
shows() { # wanted words...: what a command prints, its blanks as one
  local wanted=$1 got
  shift
  got=$(hcloud "$@" | tr -s ' \n' ' ' | sed 's/ $//')
  [[ $got == "$wanted" ]] || { echo "hcloud $*: '$got' instead of '$wanted'"; exit 1; }
}
refused() { # code words...
  local code=$1 got
  shift
  if got=$(hcloud --poll-interval 100ms "$@" 2>&1); then echo "hcloud $*: not refused"; exit 1; fi
  [[ $got == *"($code)" ]] || { echo "hcloud $*: '$got' instead of $code"; exit 1; }
}
plain=(-o noheader -o)
# Whose other half was thrown away.
key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMnZCVclqkWfoFgqyzziOKyBKF2nlBjnA77EcmuhkXKn"

do_it network create --name c-net --ip-range 10.8.0.0/16
do_it network add-subnet c-net --type cloud --network-zone eu-central --ip-range 10.8.1.0/24
do_it network add-route c-net --destination 192.168.7.0/24 --gateway 10.8.1.7
do_it firewall create --name c-fw
do_it firewall add-rule c-fw --direction in --protocol tcp --port 443 --source-ips 0.0.0.0/0 --source-ips ::/0
do_it placement-group create --name c-pg --type spread
do_it ssh-key create --name c-key --public-key "$key"
refused uniqueness_error ssh-key create --name c-key-again --public-key "$key"
do_it server create --name c-server --type ccx13 --image debian-13 --location fsn1 --without-ipv4 \
  --network c-net --firewall c-fw --placement-group c-pg --ssh-key c-key --label client=command
shows 'c-server running' server list "${plain[@]}" columns=name,status
shows '10.8.1.1' server describe c-server -o 'format={{(index .PrivateNet 0).IP}}'
refused uniqueness_error server create --name c-server --type ccx13 --image debian-13

# Changed, and found by what it is labelled with.
do_it server update c-server --name c-renamed
do_it server add-label c-renamed stage=two
shows c-renamed server list -l 'stage in (one,two),client' "${plain[@]}" columns=name
shows '' server list -l '!client' "${plain[@]}" columns=name
refused server_not_stopped server change-type c-renamed ccx23 --keep-disk
do_it server poweroff c-renamed
do_it server change-type c-renamed ccx23 --keep-disk
do_it primary-ip create --name c-ip --type ipv4 --assignee-id "$(hcloud server describe c-renamed -o 'format={{.ID}}')"
shows "$(hcloud server ip c-renamed)" primary-ip describe c-ip -o 'format={{.IP}}'
do_it server poweron c-renamed
refused server_not_stopped primary-ip unassign c-ip
do_it firewall apply-to-resource c-fw --type label_selector --label-selector stage=two
do_it volume create --name c-vol --size 10 --server c-renamed
do_it volume resize c-vol --size 12
shows 'c-vol 12 GB' volume list "${plain[@]}" columns=name,size
do_it volume enable-protection c-vol delete
refused protected volume delete c-vol

# And away with all of it.
do_it volume disable-protection c-vol delete
refused service_error volume delete c-vol
do_it volume detach c-vol
do_it volume delete c-vol
refused resource_in_use firewall delete c-fw
refused resource_in_use placement-group delete c-pg
do_it server delete c-renamed
do_it firewall remove-from-resource c-fw --type label_selector --label-selector stage=two
do_it firewall delete c-fw
do_it placement-group delete c-pg
do_it primary-ip delete c-ip
do_it network remove-route c-net --destination 192.168.7.0/24 --gateway 10.8.1.7
do_it network delete c-net
do_it ssh-key delete c-key
for kind in server volume network firewall primary-ip placement-group ssh-key; do
  shows '' "$kind" list "${plain[@]}" columns=id
done
echo "all done"
