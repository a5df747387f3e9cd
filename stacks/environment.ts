import { existsSync } from "node:fs";
import { join } from "node:path";
import { defaultFolder, labEnvironment } from "../lab/cloud/index.ts";
import { hetznerEnvironment } from "../lab/hypervisor/index.ts";
import { WORKSPACE } from "../modules/common/toolkit/index.ts";
import type { Blueprint } from "../modules/planning/blueprint/index.ts";

export { buildFolder, TOOLKIT as ROOT } from "../modules/common/toolkit/index.ts";

const isHetzner = (blueprint?: Blueprint): boolean => blueprint?.cloud.provider === "hetzner";

/** The lab's folder, for an instance that stands in the lab by the lab's own logins. */
export function labFolder(blueprint?: Blueprint): string | undefined {
  const named = process.env[isHetzner(blueprint) ? "HCLOUD_ENDPOINT" : "OS_CLIENT_CONFIG_FILE"];
  return !named && (!blueprint || blueprint.residency.profile === "lab")
    ? defaultFolder()
    : undefined;
}

/**
 * What Terraform and its provider must find in their environment: the mirror of pinned providers,
 * no call home, and for an instance of the lab the lab's own clouds.yaml or token. A clouds.yaml or
 * HCLOUD_ENDPOINT that the user names stands; another provider than the pinned one doesn't.
 */
export function terraformEnvironment(blueprint?: Blueprint): Record<string, string> {
  const env: Record<string, string> = {
    CHECKPOINT_DISABLE: "1",
    TF_IN_AUTOMATION: "1",
    TF_INPUT: "0",
  };
  const mirror = join(WORKSPACE, "build/provider-mirror/terraform.rc");
  if (existsSync(mirror)) env["TF_CLI_CONFIG_FILE"] = mirror;
  const lab = labFolder(blueprint);
  if (lab === undefined) return env;
  const login =
    blueprint && isHetzner(blueprint)
      ? hetznerEnvironment(lab, blueprint.instance)
      : labEnvironment(lab);
  return { ...env, ...login };
}
