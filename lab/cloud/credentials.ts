import { randomBytes } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { LabError } from "./error.ts";
import type { LabPaths } from "./paths.ts";
import { readIfThere } from "./process.ts";

/** The passwords of the lab's users, kept from one `up` to the next. */
export interface Passwords {
  readonly admin: string;
  /** One user who may read in every project and change nothing. */
  readonly reader: string;
  /** By project; the user has the project's name. */
  readonly projects: Readonly<Record<string, string>>;
}

/** A password of 192 random bits, of letters, digits, `-` and `_`. */
function newPassword(): string {
  return randomBytes(24).toString("base64url");
}

/** Names that clouds.yaml or keystone itself uses. */
const taken = new Set(["admin", "lab-admin", "lab-reader", "service"]);

/** @throws LabError (bad input) when a name can't be that of a project, or comes twice */
export function assertProjectNames(names: readonly string[]): void {
  for (const name of names) {
    if (!/^[a-z][a-z0-9-]{0,61}$/.test(name) || taken.has(name)) {
      throw new LabError(
        `"${name}" can't be a project of the lab: use lowercase letters, digits and hyphens, and none of ${[...taken].join(", ")}`,
        2,
      );
    }
  }
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double) throw new LabError(`project "${double}" is given twice`, 2);
}

function writeSecret(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The passwords that exist, or undefined before the first `up`. */
export function readPasswords(paths: LabPaths): Passwords | undefined {
  const text = readIfThere(paths.passwordsFile);
  return text === undefined ? undefined : (JSON.parse(text) as Passwords);
}

/** The passwords that exist, and new ones for who has none; written before they are used. */
export function ensurePasswords(paths: LabPaths, projects: readonly string[]): Passwords {
  const known = readPasswords(paths);
  const added = Object.fromEntries(projects.map((name) => [name, newPassword()]));
  const passwords: Passwords = {
    admin: known?.admin ?? newPassword(),
    reader: known?.reader ?? newPassword(),
    projects: { ...added, ...known?.projects },
  };
  writeSecret(paths.passwordsFile, `${JSON.stringify(passwords, undefined, 2)}\n`);
  return passwords;
}

/** `clouds.yaml` for OpenStack's clients: one cloud a project, the admin's and the reader's. */
export function renderClouds(passwords: Passwords, authUrl: string): string {
  const cloud = (name: string, user: string, password: string, project: string) =>
    `  ${name}:
    region_name: RegionOne
    identity_api_version: 3
    auth:
      auth_url: ${authUrl}
      username: ${user}
      password: "${password}"
      project_name: ${project}
      user_domain_id: default
      project_domain_id: default
`;
  const projects = Object.entries(passwords.projects);
  // A token is always for one project: OS_PROJECT_NAME chooses another for the reader.
  const first = projects[0]?.[0];
  return [
    "clouds:\n",
    ...projects.map(([name, password]) => cloud(name, name, password, name)),
    cloud("lab-admin", "admin", passwords.admin, "admin"),
    ...(first ? [cloud("lab-reader", "lab-reader", passwords.reader, first)] : []),
  ].join("");
}

/** Writes `clouds.yaml` so that only root can read it. */
export function writeClouds(paths: LabPaths, passwords: Passwords, authUrl: string): void {
  writeSecret(paths.cloudsFile, renderClouds(passwords, authUrl));
}
