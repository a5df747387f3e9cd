import type { Check } from "../configuration/index.ts";

/**
 * A check for daemons that start with a certificate and a key that don't belong together, and then
 * refuse every handshake. Fails with what differs, which is public.
 */
export const certificateAndKeyMatch = (
  service: string,
  certificate: string,
  key: string,
): Check => ({
  id: `${service}-certificate`,
  command: [
    "/usr/bin/bash",
    "-euo",
    "pipefail",
    "-c",
    `diff <(openssl x509 -in ${certificate} -noout -pubkey) <(openssl pkey -in ${key} -pubout)`,
  ],
});
