#!/usr/bin/env bash
# Writes providers/terraform.lock.hcl: the sums of our own builds of the pinned provider.
#
#   providers/lock.sh
#
# To be run when the version in go.mod or the toolchain in build.sh changes; review the diff. Builds
# for both platforms in a folder of its own and lets Terraform itself compute the sums.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v terraform >/dev/null ||
  { echo "error: terraform is not on the PATH: install it, it computes the sums" >&2; exit 1; }
mkdir -p "$here/../build"
work=$(mktemp -d "$here/../build/lock.XXXXXX")
trap 'rm -rf "$work"' EXIT

for arch in amd64 arm64; do
  GOOS=linux GOARCH=$arch "$here/build.sh" --unlocked "$work/mirror"
done
version=$(basename "$work/mirror/registry.terraform.io/terraform-provider-openstack/openstack/"*)
mkdir "$work/stack"
cat >"$work/stack/main.tf.json" <<TF
{"terraform": {"required_providers": {"openstack": {
  "source": "terraform-provider-openstack/openstack", "version": "$version"}}}}
TF
(
  cd "$work/stack"
  CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=$work/mirror/terraform.rc terraform providers lock \
    -fs-mirror="$work/mirror" -platform=linux_amd64 -platform=linux_arm64
)
sed 's|^# This file is maintained automatically by .*|# Made by providers/lock.sh: the sums of our own builds, linux_amd64 and linux_arm64.|
     /^# Manual edits may be lost/d' "$work/stack/.terraform.lock.hcl" >"$work/lock.hcl"
mv -f "$work/lock.hcl" "$here/terraform.lock.hcl"
cat "$here/terraform.lock.hcl"
