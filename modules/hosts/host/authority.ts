import type { Host } from "../../planning/blueprint/index.ts";
import { type Fragment, reference } from "../configuration/index.ts";
import { rawFile } from "./file.ts";
import { CA_FILE, HOST_CERTIFICATE, HOST_KEY } from "./paths.ts";

/**
 * The instance's CA in a store of its own, so that no browser or package manager on the host ever
 * trusts it, and the host's own pair. Services that can't be handed root's key bring a copy of theirs.
 */
export const authority = (host: Host): Fragment => ({
  files: [
    rawFile(CA_FILE, reference("ca/instance.crt")),
    rawFile(HOST_CERTIFICATE, reference(`tls/${host.id}.crt`)),
    rawFile(HOST_KEY, reference(`tls/${host.id}.key`), { mode: "0600" }),
  ],
});
