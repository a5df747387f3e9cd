import { badInput } from "../../common/input/index.ts";

/** Hetzner's own address: which its provider and its command use by default. */
const ENDPOINT = "https://api.hetzner.cloud/v1";

/** How one project of Hetzner Cloud is reached. The token is a secret, never to be printed. */
export interface Access {
  readonly endpoint: string;
  readonly token: string;
}

/**
 * What the environment says, by the names that Hetzner's own programs read: HCLOUD_TOKEN and, for
 * another API than Hetzner's, HCLOUD_ENDPOINT.
 *
 * @throws BadInput, never with the token in it.
 */
export function access(env: NodeJS.ProcessEnv): Access {
  const refuse = (message: string): never => {
    throw badInput("environment", message);
  };
  const token = env["HCLOUD_TOKEN"] ?? "";
  // The provider refuses any other length, in its own words and late.
  if (!/^[A-Za-z0-9]{64}$/.test(token))
    refuse(
      `HCLOUD_TOKEN: ${token === "" ? "not set" : "no token"}, a token of the project with 64 letters and digits is needed: Hetzner's console makes one (Security, API tokens, read and write)`,
    );
  const endpoint = env["HCLOUD_ENDPOINT"] || ENDPOINT;
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))
    refuse("HCLOUD_ENDPOINT: an address like https://api.hetzner.cloud/v1 is allowed");
  return { endpoint: endpoint.replace(/\/$/, ""), token };
}
