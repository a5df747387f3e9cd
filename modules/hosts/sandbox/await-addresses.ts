import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import type { Fragment, Programs } from "../configuration/index.ts";
import { programFiles } from "../host/index.ts";

/** Seconds: duplicate address detection takes one or two (RFC 4862, 5.4), a slow network some more. */
const PATIENCE = 20;

const PROGRAM = "/usr/local/lib/polder/await-addresses";

/** What {@link awaitAddresses} runs: once on a host, however many of its services have a line of it. */
export const awaitAddressesFragment = (
  _blueprint: Blueprint,
  _host: Host,
  programs: Programs,
): Fragment => ({
  files: programFiles(programs, "sandbox/programs/await-addresses.sh", PROGRAM),
});

/**
 * A line of `[Service]` that waits until a daemon can bind to its own addresses. A daemon that tries
 * before goes without an IPv6 address until somebody restarts it. Tries anyway when the wait is over.
 */
export const awaitAddresses = (addresses: readonly string[]): string =>
  `ExecStartPre=-+/usr/bin/timeout ${PATIENCE} ${PROGRAM} ${addresses.join(" ")}`;
