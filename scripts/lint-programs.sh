#!/usr/bin/env bash
# Shell and Lua, each by its own linter: what is tracked, and what will be.
set -euo pipefail
cd "$(dirname "$0")/.."
files() { git ls-files --cached --others --exclude-standard -- "$@"; }
mapfile -t shell < <(files '*.sh' '*.bash' .ci/run cli/polder)
shellcheck "${shell[@]}"
cd modules/hosts/gate/programs
luacheck --quiet --no-color .
