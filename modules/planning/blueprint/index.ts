export { type AddressesFile, addressesSchema } from "./addresses.ts";
export { type Arrivals, arrivalsOf, isCounted, unfinished } from "./arrivals.ts";
export { type BlueprintInput, buildBlueprint, Refused } from "./build.ts";
export { carries, hostsWith } from "./carried.ts";
export { hostOf } from "./host-of.ts";
export {
  JITSI_PACKAGES,
  type JitsiFile,
  type JitsiPackage,
  type JitsiPackageName,
  type JitsiRelease,
  jitsiReleasesSchema,
  jitsiSchema,
  mixOf,
  releaseOf,
  unknownOf,
} from "./jitsi.ts";
export { privateAddresses } from "./private-addresses.ts";
export { type SecurityRule, securityRules } from "./security-rules.ts";
export { instancePorts, namesBelow, PORTS, type Ports } from "./services.ts";
export type {
  Blueprint,
  BlueprintOn,
  DnsRecord,
  Flow,
  HetznerCloud,
  Host,
  OpenStackCloud,
  Peer,
  PlacementGroup,
  PublicAddress,
  Volume,
  Zone,
  ZoneName,
} from "./types.ts";
