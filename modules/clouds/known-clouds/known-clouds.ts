import type { Login, Testbed } from "../../common/testbed/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { Cloud } from "../cloud/index.ts";
import { hetzner } from "../hetzner-api/index.ts";
import { openstack } from "../openstack-api/index.ts";

interface Known {
  /** Its folder in providers/. */
  readonly provider: string;
  readonly cloud: (testbed: Testbed) => Cloud;
}

/** Every cloud, by the name that instance files have for it. */
const CLOUDS: Readonly<Record<Blueprint["cloud"]["provider"], Known>> = {
  openstack: { provider: "openstack", cloud: openstack },
  hetzner: { provider: "hcloud", cloud: hetzner },
};

/** The cloud that an instance stands in. */
export const cloudOf = ({ cloud }: Pick<Blueprint, "cloud">, testbed: Testbed): Cloud =>
  CLOUDS[cloud.provider].cloud(testbed);

/** The folder in providers/ of an instance's cloud. */
export const providerOf = ({ cloud }: Pick<Blueprint, "cloud">): string =>
  CLOUDS[cloud.provider].provider;

/** The folders in providers/ of every cloud. */
export const PROVIDERS: readonly string[] = Object.values(CLOUDS).map(({ provider }) => provider);

/** What a cloud's clients must find in their environment; without an instance, those of the test bed's clouds.yaml. */
export const loginOf = (testbed: Testbed, blueprint?: Blueprint): Login =>
  CLOUDS[blueprint?.cloud.provider ?? "openstack"].cloud(testbed).login(blueprint);
