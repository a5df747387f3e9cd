import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import { mergeParts, type Programs, type TreePart } from "../tree/index.ts";
import { alarms } from "./alarms.ts";
import { receiver } from "./receiver.ts";
import { services } from "./services.ts";
import { stores } from "./stores.ts";

/** The monitor: takes the hosts' journals, keeps them sealed in two stores, looks at the services, and raises alarms. */
export const monitorPart = (blueprint: Blueprint, host: Host, programs: Programs): TreePart =>
  mergeParts(host, [
    receiver(blueprint, host),
    stores(blueprint, host, programs),
    services(blueprint, host, programs),
    alarms(blueprint, programs),
  ]);
