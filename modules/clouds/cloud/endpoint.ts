import type { Blueprint } from "../../planning/blueprint/index.ts";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether an address is on this very machine. */
export const isLoopback = (url: string): boolean => LOOPBACK.test(new URL(url).hostname);

/**
 * What is wrong with the address of a cloud's API for an instance, or undefined. Profile `lab` goes
 * nowhere but to loopback and to the lab's own addresses, whatever clouds.yaml says; elsewhere the
 * address must be one of those that the location's record names, so that "Dutch-hosted" is not claimed
 * of one cloud while another is asked.
 *
 * @param url the API's address, from clouds.yaml or from the cloud's catalogue
 * @param lab host of the running lab's APIs, if it has one
 */
export function endpointProblem(
  { residency, cloud }: Blueprint,
  url: string,
  lab?: string,
): string | undefined {
  const { hostname } = new URL(url);
  if (residency.profile === "lab")
    return LOOPBACK.test(hostname) || hostname === lab
      ? undefined
      : `${hostname} is neither loopback nor the lab's${lab ? ` (${lab})` : ""}: profile lab asks no other cloud; take a real profile and location, or the lab's own clouds.yaml (unset OS_CLIENT_CONFIG_FILE)`;
  const known = cloud.apiHosts.some((host) => hostname === host || hostname.endsWith(`.${host}`));
  return known
    ? undefined
    : `${hostname} is none of the names that ${cloud.location} answers under (${cloud.apiHosts.join(", ")}): it leads to another cloud than the one that was evaluated; correct clouds.yaml or HCLOUD_ENDPOINT, or the record's platform.apiHosts`;
}
