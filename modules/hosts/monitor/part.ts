import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import { mergeParts, type TreePart } from "../tree/index.ts";
import { alarms } from "./alarms.ts";
import { receiver } from "./receiver.ts";
import { services } from "./services.ts";
import { stores } from "./stores.ts";

/** The monitor: takes the hosts' journals, keeps them sealed in two stores, looks at the services, and raises alarms. */
export const monitorPart = (blueprint: Blueprint, host: Host): TreePart =>
  mergeParts(host, [
    receiver(blueprint, host),
    stores(blueprint, host),
    services(blueprint, host),
    alarms(blueprint),
  ]);
