import { Command } from "commander";
import { recordAddresses } from "../../modules/operations/addresses/index.ts";
import { atWork, deployOptions, withTimeout } from "../deploy-options.ts";
import { load } from "../load.ts";
import { out } from "../terminal.ts";

/** `polder addresses`: the public addresses that the cloud chose become an input. */
export function addressesCommand(): Command {
  const command = new Command("addresses").argument("<instance>", "its folder's name or path");
  return withTimeout(command).action(async (name: string, options: { timeout: number }) => {
    const loaded = load(name);
    const file = await atWork(loaded, () => recordAddresses(loaded, deployOptions(options)));
    for (const [host, { ipv4, ipv6 }] of Object.entries(file.addresses)) {
      out(`${host.padEnd(12)} ${ipv4}${ipv6 ? `  ${ipv6}` : ""}`);
    }
  });
}
