import type { GroupRule, Port } from "./inventory.ts";

/** A rule that lets all of IPv4 in. */
export const any: GroupRule = {
  direction: "ingress",
  version: 4,
  protocol: undefined,
  min: undefined,
  max: undefined,
  remoteGroup: undefined,
  remotePrefix: undefined,
};

/** A port of a network `net`, in the group `g`. */
export const port = (number: number, rest: Partial<Port> = {}): Port => ({
  id: `${number}1111111-2222-3333-4444-555555555555`,
  mac: `fa:16:3e:00:00:0${number}`,
  network: "net",
  device: `server-${number}`,
  deviceOwner: "compute:nova",
  addresses: [{ subnet: "v4", address: `10.0.0.${number}` }],
  groups: ["g"],
  allowedPairs: [],
  secured: true,
  ...rest,
});
