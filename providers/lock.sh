#!/usr/bin/env bash
# Writes providers/<name>/terraform.lock.hcl: the sums of our own builds of the pinned providers.
#
#   providers/lock.sh
#
# To be run when a version in a go.mod or the toolchain in build.sh changes; review the diff. Builds
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
for module in "$here"/*/go.mod; do
  folder=$(dirname "$module")
  name=$(basename "$folder")
  source=$(sed -n 's/^source: //p' "$folder/types.yaml")
  version=$(basename "$work/mirror/registry.terraform.io/$source/"*)
  mkdir "$work/$name"
  cat >"$work/$name/main.tf.json" <<TF
{"terraform": {"required_providers": {"$name": {"source": "$source", "version": "$version"}}}}
TF
  (
    cd "$work/$name"
    CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=$work/mirror/terraform.rc terraform providers lock \
      -fs-mirror="$work/mirror" -platform=linux_amd64 -platform=linux_arm64
  )
  sed 's|^# This file is maintained automatically by .*|# Made by providers/lock.sh: the sums of our own builds, linux_amd64 and linux_arm64.|
       /^# Manual edits may be lost/d' "$work/$name/.terraform.lock.hcl" >"$work/lock.hcl"
  mv -f "$work/lock.hcl" "$folder/terraform.lock.hcl"
  cat "$folder/terraform.lock.hcl"
done
