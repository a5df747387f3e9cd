import { status } from "../lab/cloud/index.ts";
import type { Blueprint } from "../modules/blueprint/index.ts";
import { type CloudEntry, cloudsFile, readCloud } from "../modules/openstack-api/index.ts";
import { OutsideFailure } from "../modules/outside/index.ts";
import { labFolder, terraformEnvironment } from "./environment.ts";

/**
 * The instance's entry of clouds.yaml, looked at before anything is written: a first plan doesn't
 * ask the cloud, and Terraform tells a missing entry late and in its own words.
 *
 * @throws BadInput when there is no such file or entry; OutsideFailure when the lab is down, whose
 *   addresses lead nowhere then.
 */
export async function credentials(blueprint: Blueprint): Promise<CloudEntry> {
  const lab = labFolder(blueprint);
  const env = { ...process.env, ...terraformEnvironment(blueprint) };
  const entry = readCloud(cloudsFile(env), blueprint.cloud.credentials);
  if (lab !== undefined) {
    const { state } = await status({ folder: lab });
    if (state !== "up") throw new OutsideFailure(`the lab is ${state}: \`polder lab up\` first`);
  }
  return entry;
}
