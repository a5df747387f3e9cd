import type { Blueprint } from "../../planning/blueprint/index.ts";
import { secretsOf } from "./secrets-of.ts";
import type { SecretSpec } from "./spec.ts";

/** A row of the table of keys: secrets of one kind on many hosts are one row. */
export interface CatalogueRow extends Omit<SecretSpec, "hosts"> {
  /** Roles of the hosts that hold it, or `never on a host`. */
  readonly where: string;
}

const SOURCES = ["file", "acme", "instance-ca"] as const;

/**
 * Every secret that an instance of this shape can have, with each way to certify its public names: the
 * table of docs/keys.md.
 */
export function catalogueOf(blueprint: Blueprint): CatalogueRow[] {
  const rows = new Map<string, CatalogueRow>();
  const roles = new Set(blueprint.hosts.map((host) => host.role));
  for (const source of SOURCES) {
    const shape: Blueprint = {
      ...blueprint,
      certificates: { source },
      alarms: blueprint.alarms ?? { webhook: "https://alarm.example/" },
    };
    for (const { hosts, ...spec } of secretsOf(shape)) {
      const own = blueprint.hosts.find((host) => new RegExp(`/${host.id}[.-]`).test(spec.name));
      const name = own ? spec.name.replace(own.id, "<host>") : spec.name;
      const held = new Set(
        blueprint.hosts.filter((host) => hosts.includes(host.id)).map((host) => host.role),
      );
      const where =
        own && hosts.join() === own.id
          ? "the host itself"
          : held.size === 0
            ? "never on a host"
            : held.size === roles.size
              ? "every host"
              : [...held].join(", ");
      const known = rows.get(name);
      // Where the sources differ, each says its own.
      const way = /^(web|turn)\/tls\./.test(name) ? `${source}: ${spec.rotation}` : spec.rotation;
      if (known?.rotation.includes(way)) continue;
      const rotation = known ? `${known.rotation}; ${way}` : way;
      const lifetimeDays = known?.lifetimeDays ?? spec.lifetimeDays;
      const purpose = spec.purpose.replace(blueprint.domain, "<domain>");
      rows.set(name, { ...(known ?? { ...spec, where, purpose }), name, rotation, lifetimeDays });
    }
  }
  return [...rows.values()];
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

/** The rows as a Markdown table, as docs/keys.md holds it. */
export function catalogueMarkdown(rows: readonly CatalogueRow[]): string {
  const head = ["Name", "Purpose", "Where", "Who may read it", "Lifetime", "Rotation", "Loss"];
  const lines = rows.map((row) => [
    `\`${row.name}\``,
    row.purpose,
    row.where,
    row.readers,
    row.lifetimeDays === null ? "as long as the instance exists" : `${row.lifetimeDays} days`,
    row.rotation,
    row.loss,
  ]);
  return [head, head.map(() => "---"), ...lines]
    .map((cells) => `| ${cells.map(cell).join(" | ")} |`)
    .join("\n");
}
