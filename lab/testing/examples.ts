import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { providerOf, providerSchema } from "../../modules/clouds/known-clouds/index.ts";
import { TOOLKIT } from "../../modules/common/toolkit/index.ts";
import { renderAll } from "../../modules/hosts/render/index.ts";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import type { PolicyInput } from "../../modules/policy/index.ts";
import { type Loose, type Planted, withPlans } from "../../modules/policy/testing.ts";
import {
  ADDRESSES_FILE,
  INSTANCE_FILE,
  instanceFolder,
  instanceNames,
  JITSI_FILE,
  type LoadedInstance,
  loadInstance,
  loadJitsiReleases,
  loadPrograms,
} from "../../modules/workspace/index.ts";
import { renderStacks } from "../../stacks/instance-stacks.ts";
import { standIns } from "../stand-ins/index.ts";

export const EXAMPLES = instanceNames(TOOLKIT);

interface Kind {
  /** With addresses as a cloud could have chosen them. */
  readonly allocated?: boolean;
  /** With Jitsi's packages, also where the example has stand-ins. */
  readonly pinned?: boolean;
}

/** Loads an example in a folder of its own, with addresses as a cloud could have chosen them. */
function load(
  name: string,
  change: (text: string) => string,
  { allocated, pinned }: Kind,
): PolicyInput {
  const folder = mkdtempSync(join(tmpdir(), "policy-"));
  try {
    const copy = join(folder, name);
    // Only what is committed: a person of this machine, or its addresses, would be in the documents.
    mkdirSync(copy);
    const text = readFileSync(join(instanceFolder(TOOLKIT, name), INSTANCE_FILE), "utf8");
    writeFileSync(join(copy, INSTANCE_FILE), change(text));
    // A folder of the lab may hold what `make lab PACKAGES=` pinned there.
    const jitsi = name.startsWith("lab") ? pinned && "gemeente-klein" : name;
    if (jitsi) cpSync(join(instanceFolder(TOOLKIT, jitsi), JITSI_FILE), join(copy, JITSI_FILE));
    if (allocated) {
      const { blueprint } = loadInstance(copy);
      writeFileSync(join(copy, ADDRESSES_FILE), JSON.stringify(addressesFor(blueprint)));
    }
    const loaded: LoadedInstance = {
      ...loadInstance(copy),
      // Where it really lives: the path of the state is part of the document.
      folder: instanceFolder(TOOLKIT, name),
    };
    const stacks = renderStacks(loaded, { outdir: join(TOOLKIT, "cdktf.out") });
    const schema = providerSchema(providerOf(loaded.blueprint));
    const { blueprint } = loaded;
    const hosts = renderAll(blueprint, loadPrograms(), standIns);
    const expected = structuredClone(stacks);
    return { blueprint, stacks, expected, jitsiReleases: loadJitsiReleases(), schema, hosts };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** addresses.yaml as a cloud could have filled it. */
export function addressesFor(blueprint: Blueprint): unknown {
  const open = blueprint.hosts.filter((host) => host.exposure.addressed);
  const direct = blueprint.cloud.publicAddresses === "direct";
  const hetzner = blueprint.cloud.provider === "hetzner";
  const one = (index: number) => ({
    id: hetzner
      ? String(1000 + 2 * index)
      : `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    ...(hetzner && { ipv6Id: String(1001 + 2 * index) }),
    ipv4: `203.0.113.${index + 10}`,
    ...(direct && { ipv6: hetzner ? `2001:db8:0:${index + 10}::1` : `2001:db8::${index + 10}` }),
  });
  return {
    instance: blueprint.instance,
    cloud: blueprint.cloud.provider,
    location: blueprint.cloud.location,
    addresses: Object.fromEntries(open.map((host, index) => [host.id, one(index)])),
  };
}

const cache = new Map<string, PolicyInput>();

/** An example as it is: a copy of one's own, to plant faults in. */
export function example(name = "lab", allocated = true): Planted {
  return changed(name, "", (text) => text, { allocated });
}

/** An example whose file says something else; `what` tells one such change from another. */
export function changed(
  name: string,
  what: string,
  change: (text: string) => string,
  { allocated = true, pinned = false }: Kind = {},
): Planted {
  const key = `${name} ${allocated} ${pinned} ${what}`;
  const input = cache.get(key) ?? load(name, change, { allocated, pinned });
  cache.set(key, input);
  // A provider's schema is as large as the rest, and no test plants in it.
  const { hosts, schema, ...rest } = input;
  return { ...(structuredClone(rest) as Planted), schema, ...(hosts && { hosts }) };
}

/** An example with the plans that would make it from nothing. */
export function planned(name = "lab"): Planted & { plans: Map<string, Loose> } {
  return withPlans(example(name));
}
