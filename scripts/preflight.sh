#!/bin/sh
# What `make` can't install by itself. Each line says what is missing and how to get it.
# Usage: preflight.sh [lab]: "lab" asks for what only the lab needs as well.
missing=0
lack() { echo "polder: $*" >&2; missing=1; }

case $(node --version 2>/dev/null) in
  v20.19.* | v20.[2-9][0-9].* | v22.1[2-9].* | v22.[2-9][0-9].*) ;;
  '') lack "Node.js is missing: install 22 (https://nodejs.org, or apt-get install nodejs on Debian 13)" ;;
  *) lack "Node.js is $(node --version): 20.19 or later, or 22.12 or later, is needed (https://nodejs.org)" ;;
esac
command -v npm >/dev/null || lack "npm is missing: it comes with Node.js"
# A folder of `polder mirror` has the providers built.
[ -n "${FROM:-}" ] || command -v go >/dev/null || lack "go is missing: install Go 1.21 or later (https://go.dev/dl); it builds the provider"
command -v "${TERRAFORM_BINARY_NAME:-terraform}" >/dev/null ||
  lack "terraform is missing: https://developer.hashicorp.com/terraform/install, or set TERRAFORM_BINARY_NAME=tofu"

python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  lack "python3 is missing, older than 3.11, or without venv: install 3.11 or later (python3-venv on Debian); Ansible runs on it"

if [ "$1" = lab ]; then
  if [ "$(uname -s)" != Linux ] || [ ! -e /etc/debian_version ]; then
    lack "the lab runs on Debian 12 or 13: use a virtual machine with it"
  fi
  [ "$(id -u)" = 0 ] || lack "the lab needs root for its namespaces: sudo make lab"
fi
[ "$missing" = 0 ]
