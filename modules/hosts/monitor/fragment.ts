import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import { type Fragment, mergeFragments, type Programs } from "../configuration/index.ts";
import { alarms } from "./alarms.ts";
import { receiver } from "./receiver.ts";
import { services } from "./services.ts";
import { stores } from "./stores.ts";

/** The monitor: takes the hosts' journals, keeps them sealed in two stores, looks at the services, and raises alarms. */
export const monitorFragment = (blueprint: Blueprint, host: Host, programs: Programs): Fragment =>
  mergeFragments(host, [
    receiver(blueprint, host),
    stores(blueprint, host, programs),
    services(blueprint, host, programs),
    alarms(blueprint, programs),
  ]);
