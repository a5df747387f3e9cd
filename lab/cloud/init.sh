#!/usr/bin/env bash
# pid 1 of the lab. The kernel ends every process, mount and link of the lab when this ends, so all
# it does is wait (bash reaps orphans by itself) and, on TERM, let the databases close in order.
set -u

groups_of() {
  local file
  for file in "$@"; do
    [ ! -s "$file" ] || echo "-$(<"$file")"
  done
}

# stop TENTHS PID_FILE...: TERM, then wait at most so long
stop() {
  local tenths=$1 group
  shift
  for group in $(groups_of "$@"); do
    kill -TERM -- "$group" 2>/dev/null
  done
  for group in $(groups_of "$@"); do
    while [ "$tenths" -gt 0 ] && kill -0 -- "$group" 2>/dev/null; do
      sleep 0.1
      tenths=$((tenths - 1))
    done
  done
}

leave() {
  local services=() file group
  for file in /run/lab/*.pid; do
    case $file in
      */mariadb.pid | */rabbitmq.pid | */epmd.pid) ;;
      *) services+=("$file") ;;
    esac
  done
  stop 15 "${services[@]}"
  for group in $(groups_of "${services[@]}"); do
    kill -KILL -- "$group" 2>/dev/null
  done
  stop 100 /run/lab/rabbitmq.pid /run/lab/mariadb.pid
  exit 0
}

trap leave TERM INT
touch /run/lab/init
while :; do
  sleep 3600 &
  wait $!
done
