import type { Blueprint } from "../../planning/blueprint/index.ts";

/** Names of Prosody's hosts, by what the gate takes them for. */
export const gateHosts = ({ domain }: Pick<Blueprint, "domain">) => ({
  domain,
  conference: `conference.${domain}`,
  lobby: `lobby.${domain}`,
  breakout: `breakout.${domain}`,
  focus: `focus.${domain}`,
  auth: `auth.${domain}`,
  internal: `internal.auth.${domain}`,
});
