import type { Finding } from "../../common/findings/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import { besideFindings, type ImportBlock, type PlanRead, type Unmanaged } from "../cloud/index.ts";
import type { Item, Kind } from "./api.ts";
import { besideIn, type ProjectListing } from "./beside.ts";

/** What the cloud holds of an instance, and the record sets of its zones by the zone's name. */
export interface Held {
  readonly objects: readonly { readonly kind: Kind; readonly item: Item }[];
  readonly rrsets: ReadonlyMap<string, readonly Item[]>;
  /** Everything that the project holds, whosever it is. */
  readonly project: ProjectListing;
  /** Whether an object is called or labelled as the instance's. */
  readonly isNamed: (item: Item) => boolean;
}

/** Something that the cloud holds. */
interface Thing {
  readonly type: string;
  /** What Terraform's `import` calls it. */
  readonly id: string;
  /** What it is in a plan; undefined for what is never imported. */
  readonly key: string | undefined;
  /** The finding when it is in no state and not imported. */
  readonly finding: Pick<Finding, "subject" | "message">;
}

const ID = "cloud-holds-nothing-else";

/** By kind: Terraform's type, and what Hetzner's own command calls it. */
const KIND: Readonly<Record<Kind, readonly [type: string, command: string]>> = {
  servers: ["hcloud_server", "server"],
  volumes: ["hcloud_volume", "volume"],
  primary_ips: ["hcloud_primary_ip", "primary-ip"],
  networks: ["hcloud_network", "network"],
  firewalls: ["hcloud_firewall", "firewall"],
  placement_groups: ["hcloud_placement_group", "placement-group"],
  zones: ["hcloud_zone", "zone"],
};

/**
 * What makes an object the planned one, by its type, in the plan's words, which are the API's.
 * Everything else of it the plan shows and puts right, a firewall's rules too. Not here: servers and
 * volumes, for nobody knows what is in them, and what volume is on which server, for the provider's
 * import leaves out an argument of ours, which would read as another plan than the Blueprint's.
 */
const SAME: Readonly<Record<string, readonly string[]>> = {
  hcloud_primary_ip: ["name", "type"],
  hcloud_network: ["name", "ip_range"],
  hcloud_network_subnet: ["network_id", "ip_range", "type"],
  hcloud_firewall: ["name"],
  hcloud_placement_group: ["name", "type"],
  hcloud_zone: ["name"],
  hcloud_zone_rrset: ["zone", "name", "type"],
};

const keyOf = (type: string, item: Item): string | undefined =>
  SAME[type] && `${type} ${SAME[type].map((name) => item[name]).join(" ")}`;

/** A state's id as `import` has it: only a record set's doesn't say whose it is. */
const importId = (type: string, { id, zone }: Item): string =>
  type === "hcloud_zone_rrset" ? `${zone}/${id}` : String(id);

/** What people may be using, and what holds data. */
const RUNNING: readonly string[] = ["hcloud_server", "hcloud_volume"];

/** @param named servers and volumes that the plan would make, by type and name */
function objects({ objects: all }: Held, whole: boolean, named: ReadonlySet<string>): Thing[] {
  // A plan of the addresses alone doesn't know what the cluster's state holds.
  return all
    .filter(({ kind }) => whole || kind === "primary_ips")
    .map(({ kind, item }) => {
      const [type, command] = KIND[kind];
      const removal = `hcloud ${command} delete ${item["id"]}`;
      const message = named.has(`${type} ${item["name"]}`)
        ? `the cloud holds ${item["id"]}, which is in no state and has the name of one that the plan would make: the state is older or lies elsewhere, or a run was cut short. It may be running: restore the state from your backup. Only what a run that was cut short has just made, and nobody has used, may go (${removal})`
        : `the cloud holds ${item["id"]}, which is in no state: made by hand, or by a run that was cut short; look what it is, then delete it (${removal})`;
      return {
        type,
        id: String(item["id"]),
        key: keyOf(type, item),
        finding: { subject: `${kind} ${item["name"]}`, message },
      };
    });
}

/** What has no id of its own at Hetzner: parts of what is known. */
function parts({ objects: all, rrsets }: Held, known: ReadonlySet<string>): Thing[] {
  const of = (kind: Kind) =>
    all
      .filter((one) => one.kind === kind && known.has(`${KIND[kind][0]} ${one.item["id"]}`))
      .map(({ item }) => item);
  const thing = (type: string, id: string, item: Item, finding: Thing["finding"]): Thing => ({
    type,
    id,
    key: keyOf(type, item),
    finding,
  });
  const subnets = of("networks").flatMap((network) =>
    ((network["subnets"] ?? []) as Item[]).map((subnet) => {
      const id = `${network["id"]}-${subnet["ip_range"]}`;
      return thing(
        "hcloud_network_subnet",
        id,
        { ...subnet, network_id: network["id"] },
        {
          subject: `subnet ${subnet["ip_range"]}`,
          message: `the cloud's network ${network["name"]} also has ${subnet["type"]} ${subnet["ip_range"]}, which no plan made: delete it (hcloud network remove-subnet ${network["id"]} --ip-range ${subnet["ip_range"]})`,
        },
      );
    }),
  );
  const attachments = of("volumes")
    .filter((volume) => volume["server"] !== null)
    .map((volume) =>
      thing("hcloud_volume_attachment", String(volume["id"]), volume, {
        subject: `attachment of ${volume["name"]}`,
        message: `the cloud has volume ${volume["id"]} on server ${volume["server"]}, which is in no state: undo it (hcloud volume detach ${volume["id"]}), an apply does it again`,
      }),
    );
  const sets = of("zones").flatMap((zone) => {
    const name = String(zone["name"]);
    return (
      (rrsets.get(name) ?? [])
        // The zone's own.
        .filter((set) => !(set["name"] === "@" && ["SOA", "NS"].includes(String(set["type"]))))
        .map((set) =>
          thing(
            "hcloud_zone_rrset",
            `${name}/${set["id"]}`,
            { ...set, zone: name },
            {
              subject: `records ${set["id"]}`,
              message: `the cloud's zone ${name} also has ${set["id"]}, which no plan made: delete it (hcloud zone rrset delete ${name} ${set["name"]} ${set["type"]})`,
            },
          ),
        )
    );
  });
  return [...subnets, ...attachments, ...sets];
}

/**
 * What Hetzner Cloud holds of an instance and no state knows: made by hand, or by a run that was cut
 * short before it could write its state. A rule that was added to a firewall by hand is in that
 * firewall, so the plan shows it.
 */
export function unmanagedIn(
  held: Held,
  blueprint: Blueprint,
  plans: ReadonlyMap<string, PlanRead>,
): Unmanaged {
  const known = new Set<string>();
  const named = new Set<string>();
  // A stack that makes servers or volumes, and whose state holds nothing: new, or its state is lost.
  let isBlind = false;
  const planned = new Map<string, { readonly stack: string; readonly to: string }>();
  for (const [stack, plan] of plans) {
    const resources = plan.prior_state?.values?.root_module?.resources ?? [];
    const holdsNothing = resources.every(({ mode }) => mode === "data");
    for (const { type, values } of resources) known.add(`${type} ${importId(type, values)}`);
    for (const { address, type, change } of plan.resource_changes ?? []) {
      if (change.importing) known.add(`${type} ${change.importing.id}`);
      if (RUNNING.includes(type) && change.actions.includes("create")) {
        named.add(`${type} ${change.after?.["name"]}`);
        isBlind ||= holdsNothing;
      }
      const key = change.after && keyOf(type, change.after);
      if (change.actions.join() === "create" && key) planned.set(key, { stack, to: address });
    }
  }
  const whole = blueprint.addresses.state === "allocated";
  const things = [...objects(held, whole, named), ...(whole ? parts(held, known) : [])];
  const running = things.filter(
    ({ type, id }) => RUNNING.includes(type) && !known.has(`${type} ${id}`),
  );
  if (isBlind && running.length > 0) {
    const message = `the state of the stack that makes servers holds nothing, and the cloud holds ${running.length} servers and volumes of ${blueprint.instance}: the state is lost, or lies elsewhere. Restore it from your backup: polder can't import what runs at Hetzner. Delete nothing: it may be running`;
    return {
      imports: [],
      findings: [{ id: ID, verdict: "fail", subject: blueprint.instance, message }],
    };
  }
  const imports: ImportBlock[] = [];
  const findings: Finding[] = [];
  for (const { type, id, key, finding } of things) {
    if (known.has(`${type} ${id}`)) continue;
    const place = key === undefined ? undefined : planned.get(key);
    if (place) imports.push({ ...place, id });
    else findings.push({ id: ID, verdict: "fail", ...finding });
  }
  // A plan of the addresses alone doesn't know what the cluster's state holds.
  const beside = whole
    ? besideIn(
        held.project,
        (kind, identity) => known.has(`${KIND[kind][0]} ${identity}`),
        held.isNamed,
      )
    : { touching: [], idle: [], unlisted: [] };
  const { instance, residency } = blueprint;
  const besides = besideFindings(beside, ID, instance, residency.profile === "lab");
  findings.push(...besides);
  if (findings.every(({ verdict }) => verdict !== "fail"))
    findings.push({
      id: ID,
      verdict: "pass",
      subject: blueprint.instance,
      message: "the cloud holds nothing of it that is in no state",
    });
  return { imports, findings };
}
