/** Seconds: duplicate address detection takes one or two (RFC 4862, 5.4), a slow network some more. */
const PATIENCE = 20;

/**
 * A line of `[Service]` that waits until a daemon can bind to its own addresses. An IPv6 address is
 * there before it may be used, while others are asked whether they have it (`tentative`); a daemon
 * that tries then goes without it until somebody restarts it. Tries anyway when the wait is over.
 */
export function awaitAddresses(addresses: readonly string[]): string {
  const usable = 'ip -o address show to "$$a" -tentative | grep -q .';
  const wait = `for a in ${addresses.join(" ")}; do until ${usable}; do sleep 0.1; done; done`;
  return `ExecStartPre=-+/usr/bin/timeout ${PATIENCE} /usr/bin/bash -c '${wait}'`;
}
