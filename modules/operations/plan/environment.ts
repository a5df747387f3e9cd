import { existsSync } from "node:fs";
import { join } from "node:path";
import { cloudOf, loginOf } from "../../clouds/known-clouds/index.ts";
import type { Testbed } from "../../common/testbed/index.ts";
import { WORKSPACE } from "../../common/toolkit/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";

/**
 * What Terraform gets of the caller's environment, beside the cloud's own login: where programs and temporary files
 * are, the way out, whom TLS trusts, the login of a state's server. Any other name could change what is planned or
 * applied: TF_CLI_ARGS_plan, TF_REATTACH_PROVIDERS, TF_DATA_DIR, OS_REGION_NAME, OS_INSECURE.
 */
const PASSED = [
  "PATH",
  "HOME",
  "TMPDIR",
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "TF_HTTP_USERNAME",
  "TF_HTTP_PASSWORD",
];

/** The mirror of pinned providers, and no call home. */
function ownSettings(): Record<string, string> {
  const mirror = join(WORKSPACE, "build/provider-mirror/terraform.rc");
  return {
    CHECKPOINT_DISABLE: "1",
    TF_IN_AUTOMATION: "1",
    TF_INPUT: "0",
    ...(existsSync(mirror) && { TF_CLI_CONFIG_FILE: mirror }),
  };
}

/**
 * What cdktf and terraform must find in their environment beside what a person put there: the mirror of pinned
 * providers, no call home, and for an instance of the lab the lab's own clouds.yaml or token. A clouds.yaml or
 * HCLOUD_ENDPOINT that the user names stands; another provider than the pinned one doesn't.
 */
export const terraformEnvironment = (
  testbed: Testbed,
  blueprint?: Blueprint,
): Record<string, string> => ({ ...ownSettings(), ...loginOf(testbed, blueprint) });

/** All of the environment of Terraform where it asks no cloud, such as to show a plan file. */
export const offlineEnvironment = (): Record<string, string | undefined> => ({
  ...Object.fromEntries(
    PASSED.filter((name) => name in process.env).map((name) => [name, process.env[name]]),
  ),
  LC_ALL: "C.UTF-8",
  // Without a mirror no file of the user's either: it could name a provider that nobody pinned.
  TF_CLI_CONFIG_FILE: "/dev/null",
  ...ownSettings(),
});

/**
 * All of the environment of Terraform for an instance, name by name.
 *
 * @throws BadInput, ExternalFailure without a login
 */
export const engineEnvironment = (
  testbed: Testbed,
  blueprint: Blueprint,
): Record<string, string | undefined> => ({
  ...offlineEnvironment(),
  ...cloudOf(blueprint, testbed).access(blueprint),
});
