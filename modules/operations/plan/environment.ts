import { existsSync } from "node:fs";
import { join } from "node:path";
import { loginOf } from "../../clouds/known-clouds/index.ts";
import type { Testbed } from "../../common/testbed/index.ts";
import { WORKSPACE } from "../../common/toolkit/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";

/**
 * What Terraform and its provider must find in their environment: the mirror of pinned providers,
 * no call home, and for an instance of the lab the lab's own clouds.yaml or token. A clouds.yaml or
 * HCLOUD_ENDPOINT that the user names stands; another provider than the pinned one doesn't.
 */
export function terraformEnvironment(
  testbed: Testbed,
  blueprint?: Blueprint,
): Record<string, string> {
  const env: Record<string, string> = {
    CHECKPOINT_DISABLE: "1",
    TF_IN_AUTOMATION: "1",
    TF_INPUT: "0",
  };
  const mirror = join(WORKSPACE, "build/provider-mirror/terraform.rc");
  if (existsSync(mirror)) env["TF_CLI_CONFIG_FILE"] = mirror;
  return { ...env, ...loginOf(testbed, blueprint) };
}
