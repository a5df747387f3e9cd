#!/bin/bash
# Starts coturn with its new file, in a network that leads nowhere, and ends it. Fails unless it answers.
#   coturn-trial CONFIG OPENSSL LIVE
# coturn has no mode that only checks its file, and starts with words that it doesn't know and with a key that doesn't
# fit. So this starts it where all its addresses are and shakes hands over TLS 1.3. Fails with coturn's own words.
set -euo pipefail
config=$1 live=$3
export OPENSSL_CONF=$2
if [ "${4-}" != inside ]; then
  exec unshare --net --pid --fork --kill-child "$0" "$@" inside
fi
# It would start all the same, and take some of these words otherwise.
version=$(turnserver --version) || version="no version"
if [ "$version" != 4.6.1 ]; then
  echo "coturn: got $version, allowed: 4.6.1, for which its file is rendered: docs/services.md, \"Another coturn\"" >&2
  exit 1
fi
ip link set lo up
addresses=$(sed -nE 's/^(listening|relay)-ip=//p' "$config" | sort -u)
for address in $addresses; do
  ip address add "$address" dev lo
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log
# A database of its own: the running coturn's holds what counts now.
sqlite3 -init /dev/null -bail "$scratch/turndb" ".read $live" >/dev/null
if [ "$(sqlite3 -init /dev/null "$scratch/turndb" "SELECT count(*) FROM turn_secret WHERE length(value) = 64")" -eq 0 ]; then
  echo "$live: invalid: no secret in it" >&2
  exit 1
fi
turnserver -c "$config" --userdb="$scratch/turndb" --pidfile= --log-file=stdout >"$log" 2>&1 &
first=$(sed -n 's/^listening-ip=//p' "$config" | head -n 1)
port=$(sed -n 's/^tls-listening-port=//p' "$config")
for _ in $(seq 50); do
  if openssl s_client -connect "$first:$port" -tls1_3 </dev/null >/dev/null 2>&1; then
    if grep -iE 'bad configuration|unknown (argument|option)|unrecognized option' "$log"; then
      exit 1
    fi
    exit 0
  fi
  sleep 0.1
done
cat "$log" >&2
exit 1
