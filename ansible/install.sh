#!/bin/sh
# The pinned Ansible, each file of it known by its hash (docs/dependencies.md), into a virtual environment.
# Usage: install.sh VENV
set -eu
here=$(dirname "$(readlink -f "$0")")
test -x "$1/bin/python" || python3 -m venv "$1"
"$1/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$here/requirements.txt"
