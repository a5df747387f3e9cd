import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import { type Fragment, mergeFragments } from "../configuration/index.ts";
import { apt } from "./apt.ts";
import { authority } from "./authority.ts";
import { journal } from "./journal.ts";
import { kernel } from "./kernel.ts";
import { login } from "./login.ts";
import { namesAndTime } from "./names-and-time.ts";
import { noCoreDumps } from "./no-core-dumps.ts";
import { packetFilter } from "./packet-filter.ts";
import { permissions } from "./permissions.ts";
import { ssh } from "./ssh.ts";
import { sudo } from "./sudo.ts";
import { unwanted } from "./unwanted.ts";

/** What every host gets, whatever its role. */
export const baseFragment = (blueprint: Blueprint, host: Host): Fragment =>
  mergeFragments(host, [
    unwanted(host),
    packetFilter(blueprint, host),
    ssh(blueprint, host),
    sudo(blueprint),
    ...journal(blueprint, host),
    namesAndTime(blueprint),
    kernel(blueprint, host),
    login(blueprint),
    noCoreDumps,
    permissions,
    authority(host),
    apt(blueprint),
  ]);
