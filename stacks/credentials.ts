import { defaultFolder, status } from "../lab/cloud/index.ts";
import { type CloudEntry, cloudsFile, readCloud } from "../modules/clouds/openstack-api/index.ts";
import { BadInput } from "../modules/common/input/index.ts";
import { OutsideFailure } from "../modules/common/outside/index.ts";
import type { Blueprint } from "../modules/planning/blueprint/index.ts";
import { endpointProblem } from "./endpoint.ts";
import { labFolder, terraformEnvironment } from "./environment.ts";

/**
 * The instance's entry of clouds.yaml, looked at before anything is written: a first plan doesn't
 * ask the cloud, and Terraform tells a missing entry late and in its own words.
 *
 * @throws BadInput when there is no such file or entry, or it leads to a cloud that is not the
 *   location's; OutsideFailure when the lab is down, whose addresses lead nowhere then.
 */
export async function credentials(blueprint: Blueprint): Promise<CloudEntry> {
  const lab = labFolder(blueprint);
  const env = { ...process.env, ...terraformEnvironment(blueprint) };
  const file = cloudsFile(env);
  const entry = readCloud(file, blueprint.cloud.credentials);
  if (lab !== undefined) {
    const { state } = await status({ folder: lab });
    if (state !== "up") throw new OutsideFailure(`the lab is ${state}: \`polder lab up\` first`);
  }
  await refuseEndpoints(blueprint, [entry.auth.auth_url], file);
  return entry;
}

/**
 * Holds the addresses that are to be asked against those that the location has.
 *
 * @param where what names them
 * @throws BadInput
 */
export async function refuseEndpoints(
  blueprint: Blueprint,
  urls: readonly string[],
  where: string,
): Promise<void> {
  const { apiUrl } =
    blueprint.residency.profile === "lab"
      ? await status({ folder: defaultFolder() })
      : { apiUrl: undefined };
  const lab = apiUrl && new URL(apiUrl).hostname;
  const problems = urls.flatMap((url) => endpointProblem(blueprint, url, lab) ?? []);
  if (problems.length > 0)
    throw new BadInput([...new Set(problems)].map((message) => ({ file: where, message })));
}
