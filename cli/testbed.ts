import { join } from "node:path";
import { defaultFolder, labEnvironment, status } from "../lab/cloud/index.ts";
import { hetznerEnvironment, internetCommand } from "../lab/hypervisor/index.ts";
import type { Testbed } from "../modules/common/testbed/index.ts";

export { standIns } from "../lab/stand-ins/index.ts";

/** The lab on this machine, as the product sees it. */
export const testbed: Testbed = {
  status: async () => {
    const { state, apiUrl } = await status({ folder: defaultFolder() });
    return { state, apiHost: apiUrl && new URL(apiUrl).hostname };
  },
  login: (cloud, instance) =>
    cloud === "hetzner"
      ? hetznerEnvironment(defaultFolder(), instance ?? "")
      : labEnvironment(defaultFolder()),
  get people() {
    return join(defaultFolder(), "people");
  },
  internet: {
    name: "the lab's internet",
    command: (command) => internetCommand(defaultFolder(), command),
  },
};
