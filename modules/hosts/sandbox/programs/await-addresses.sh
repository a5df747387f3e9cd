#!/bin/sh
# Waits until daemons can bind to all these addresses: await-addresses ADDRESS...
# An IPv6 address is there before it may be used, while others are asked whether they have it (tentative).
for address in "$@"; do
  until ip -o address show to "$address" -tentative | grep -q .; do sleep 0.1; done
done
