import { type Blueprint, namesBelow } from "../../planning/blueprint/index.ts";

/** Names of Prosody's hosts, by what the gate takes them for. */
export const gateHosts = ({ domain }: Pick<Blueprint, "domain">) => {
  const { conference, lobby, breakout, focus, auth } = namesBelow(domain);
  return { domain, conference, lobby, breakout, focus, auth, internal: `internal.${auth}` };
};
