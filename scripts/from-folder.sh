#!/bin/sh
# Puts into build/ what a folder of `polder mirror` has of npm's packages and of the providers. Called by `make setup
# FROM=FOLDER`; the folder itself stays as it is.
# Usage: from-folder.sh FOLDER
set -eu
folder=$(cd "$1" && pwd)
cd "$(dirname "$(readlink -f "$0")")/.."
echo "setup: sums of $folder"
(cd "$folder" && sha256sum --check --quiet --strict SHA256SUMS) || {
  echo "from-folder.sh: $folder is not as it was filled: fill it again with \`polder mirror\`" >&2
  exit 1
}
[ -d "$folder/npm" ] || {
  echo "from-folder.sh: $folder has no npm packages: fill it from a checkout" >&2
  exit 1
}
mkdir -p build/npm-cache build/provider-mirror
cp -R "$folder/npm/." build/npm-cache
cp -R "$folder/providers/." build/provider-mirror
