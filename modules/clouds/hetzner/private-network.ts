import { Network } from "@cdktf/provider-hcloud/lib/network";
import { NetworkSubnet } from "@cdktf/provider-hcloud/lib/network-subnet";
import { Token } from "cdktf";
import { Construct } from "constructs";
import type { BlueprintOn, HetznerCloud, ZoneName } from "../../planning/blueprint/index.ts";
import { cidr, contains, parseCidr } from "../../planning/network/index.ts";
import { cloudName, labels } from "../stack/index.ts";

/** The narrowest range that holds all of these. @throws RangeError when there is none. */
export function spanning(ranges: readonly string[]): string {
  const all = ranges.map(cidr);
  const [first] = all;
  for (let prefix = (first?.prefix ?? 0) - 1; first && prefix > 0; prefix--) {
    const size = 1n << BigInt(32 - prefix);
    const base = (first.first / size) * size;
    const octets = [24n, 16n, 8n, 0n].map((shift) => (base >> shift) & 255n);
    const wider = parseCidr(`${octets.join(".")}/${prefix}`);
    if (wider && all.every((range) => contains(wider, range))) return wider.text;
  }
  throw new RangeError(`no range holds ${ranges.join(", ")}`);
}

/**
 * One network with a subnet a zone. It routes between its subnets by itself, has IPv4 alone, and no
 * firewall of the cloud's looks into it.
 */
export class PrivateNetwork extends Construct {
  readonly #subnets = new Map<ZoneName, NetworkSubnet>();

  constructor(scope: Construct, id: string, blueprint: BlueprintOn<HetznerCloud>) {
    super(scope, id);
    const network = new Network(this, "network", {
      name: cloudName(blueprint, "network"),
      ipRange: spanning(blueprint.zones.map((zone) => zone.ipv4)),
      labels: labels(blueprint, "network"),
    });
    for (const zone of blueprint.zones) {
      const subnet = new NetworkSubnet(this, zone.name, {
        networkId: Token.asNumber(network.id),
        type: "cloud",
        networkZone: blueprint.cloud.networkZone,
        ipRange: zone.ipv4,
      });
      this.#subnets.set(zone.name, subnet);
    }
  }

  /** Id of a zone's subnet. @throws Error for a zone that the Blueprint lacks. */
  subnetId(zone: ZoneName): string {
    const subnet = this.#subnets.get(zone);
    if (!subnet) throw new Error(`the blueprint has no zone ${zone}`);
    return subnet.id;
  }
}
