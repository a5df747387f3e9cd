import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import type { Cloud } from "./cloud.ts";
import { hetzner } from "./hetzner.ts";
import { openstack } from "./openstack.ts";

const CLOUDS: Readonly<Record<Blueprint["cloud"]["provider"], Cloud>> = { openstack, hetzner };

/** The cloud that an instance stands in. */
export const cloudOf = ({ cloud }: Pick<Blueprint, "cloud">): Cloud => CLOUDS[cloud.provider];
