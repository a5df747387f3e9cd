#!/bin/sh
# The pinned Ansible, each file of it known by its hash (docs/dependencies.md), into a virtual environment.
# Usage: install.sh VENV [WHEELS]
# WHEELS: a folder with all of them, which `polder mirror` fills; then nothing is asked of the internet.
set -eu
here=$(dirname "$(readlink -f "$0")")
# One that was cut short, or made without python3-venv, has a python and no pip: it is made anew.
if ! "$1/bin/python" -m pip --version >/dev/null 2>&1 && ! python3 -m venv --clear "$1"; then
  echo "install.sh: python3 makes no virtual environment in $1: on Debian and Ubuntu install the package python3-venv, then run this again" >&2
  exit 1
fi
"$1/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
  ${2:+--no-index --find-links "$2"} -r "$here/requirements.txt"
