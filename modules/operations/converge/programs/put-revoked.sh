#!/bin/sh
# Puts what comes on standard input in place of the list of what is revoked: put-revoked FOLDER GROUP BYTES.
# By a rename, and only whole: a line that was cut off on the way would let somebody in again.
set -eu
folder=$1 group=$2 bytes=$3
umask 077
install -d -m 0750 -g "$group" "$folder"
cat >"$folder/revoked.new"
[ "$(wc -c <"$folder/revoked.new")" -eq "$bytes" ]
chgrp "$group" "$folder/revoked.new"
chmod 0640 "$folder/revoked.new"
mv -f "$folder/revoked.new" "$folder/revoked"
