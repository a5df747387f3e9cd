import { isIPv4, isIPv6 } from "node:net";
import { join } from "node:path";
import { dump } from "js-yaml";
import { z } from "zod";
import { addressesStackName } from "../../clouds/stack/index.ts";
import { TerraformFailure } from "../../clouds/terraform/index.ts";
import { buildFolder } from "../../common/toolkit/index.ts";
import { type AddressesFile, addressesSchema } from "../../planning/blueprint/index.ts";
import { ADDRESSES_FILE, type LoadedInstance, writeAtomically } from "../../workspace/index.ts";
import { type DeployOptions, engine } from "../plan/index.ts";
import { writeStacks } from "../working-folder/index.ts";

const output = z.record(
  z.string(),
  z.object({
    id: z.string(),
    ipv6Id: z.string().optional(),
    addresses: z.array(z.string()).min(1),
  }),
);

/**
 * Records the public addresses that the addresses stack holds, in the instance's addresses.yaml.
 *
 * @returns what was written.
 * @throws TerraformFailure when that stack isn't applied yet.
 */
export async function recordAddresses(
  loaded: LoadedInstance,
  options: Omit<DeployOptions, "asOf">,
): Promise<AddressesFile> {
  const { instance, cloud } = loaded.blueprint;
  const stack = addressesStackName(instance);
  writeStacks(loaded, { outdir: buildFolder(instance) }, options.synthesis);
  const terraform = engine(loaded, stack, options);
  options.progress(`${stack}: reading its outputs`);
  await terraform.init();
  const found = output.safeParse((await terraform.outputs())["addresses"]);
  if (!found.success) {
    throw new TerraformFailure(
      `${stack} holds no addresses yet: \`polder plan ${instance}\`, then \`polder apply ${instance}\``,
    );
  }
  const addresses = Object.entries(found.data)
    .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .map(([host, { id, ipv6Id, addresses }]) => {
      const ipv6 = addresses.find((address) => isIPv6(address));
      return [
        host,
        {
          id,
          ...(ipv6Id && { ipv6Id }),
          ipv4: addresses.find((address) => isIPv4(address)),
          ...(ipv6 && { ipv6 }),
        },
      ];
    });
  const file = addressesSchema.parse({
    instance,
    cloud: cloud.provider,
    location: cloud.location,
    addresses: Object.fromEntries(addresses),
  });
  const path = join(loaded.folder, ADDRESSES_FILE);
  const head =
    "# Written by `polder addresses`: the public addresses that the cloud chose. Commit it.\n";
  writeAtomically(path, head + dump(file), 0o644);
  return file;
}
