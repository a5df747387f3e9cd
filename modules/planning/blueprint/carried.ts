import type { Role } from "../sizing/index.ts";
import type { Blueprint, Host } from "./types.ts";

/** Whether a host carries a role, be it its own or one beside it. */
export const carries = ({ roles }: Pick<Host, "roles">, role: Role): boolean =>
  roles.includes(role);

/** The hosts that carry a role. */
export const hostsWith = ({ hosts }: Pick<Blueprint, "hosts">, role: Role): Host[] =>
  hosts.filter((host) => carries(host, role));
