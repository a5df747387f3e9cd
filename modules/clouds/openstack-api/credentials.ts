import { ExternalFailure } from "../../common/external-failure/index.ts";
import { BadInput } from "../../common/input/index.ts";
import type { Login, Testbed } from "../../common/testbed/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import { endpointProblem, standsIn } from "../cloud/index.ts";
import { type CloudEntry, cloudsFile, readCloud } from "./clouds.ts";

/** The test bed whose clouds.yaml counts for an instance; undefined elsewhere, and where a person names another. */
export const testbedOf = (testbed: Testbed, blueprint?: Blueprint): Testbed | undefined =>
  standsIn(testbed, "OS_CLIENT_CONFIG_FILE", blueprint);

/** What names the test bed's clouds.yaml, for an instance that stands there. */
export const login = (testbed: Testbed, blueprint?: Blueprint): Login =>
  testbedOf(testbed, blueprint)?.login("openstack") ?? {};

/** The clouds.yaml that holds an instance's entry. @throws BadInput when there is none */
export const clientConfig = (blueprint: Blueprint, testbed: Testbed): string =>
  cloudsFile({ ...process.env, ...login(testbed, blueprint) });

/**
 * The instance's entry of clouds.yaml, looked at before anything is written: a first plan doesn't
 * ask the cloud, and Terraform tells a missing entry late and in its own words.
 *
 * @throws BadInput when there is no such file or entry, or it leads to a cloud that is not the
 *   location's; ExternalFailure when the lab is down, whose addresses lead nowhere then.
 */
export async function credentials(blueprint: Blueprint, testbed: Testbed): Promise<CloudEntry> {
  const file = clientConfig(blueprint, testbed);
  const entry = readCloud(file, blueprint.cloud.credentials);
  const state = (await testbedOf(testbed, blueprint)?.status())?.state ?? "up";
  if (state !== "up") throw new ExternalFailure(`the lab is ${state}: \`polder lab up\` first`);
  await refuseEndpoints(blueprint, testbed, [entry.auth.auth_url], file);
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
  testbed: Testbed,
  urls: readonly string[],
  where: string,
): Promise<void> {
  const lab = blueprint.residency.profile === "lab" ? (await testbed.status()).apiHost : undefined;
  const problems = urls.flatMap((url) => endpointProblem(blueprint, url, lab) ?? []);
  if (problems.length > 0)
    throw new BadInput([...new Set(problems)].map((message) => ({ file: where, message })));
}
