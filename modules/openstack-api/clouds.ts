import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { BadInput, nearest, parseYaml, validate } from "../input/index.ts";

const cloudSchema = z.object({
  region_name: z.string().optional(),
  auth: z.object({
    auth_url: z.url(),
    username: z.string().optional(),
    password: z.string().optional(),
    project_name: z.string().optional(),
    project_id: z.string().optional(),
    user_domain_id: z.string().optional(),
    user_domain_name: z.string().optional(),
    project_domain_id: z.string().optional(),
    project_domain_name: z.string().optional(),
    application_credential_id: z.string().optional(),
    application_credential_secret: z.string().optional(),
  }),
});

/** One entry of clouds.yaml: a secret, never to be printed. */
export type CloudEntry = z.output<typeof cloudSchema>;

/** The clouds.yaml that the provider reads, too: OS_CLIENT_CONFIG_FILE, else the user's, else the system's. */
export function cloudsFile(env: Readonly<Record<string, string | undefined>>): string {
  const named = env["OS_CLIENT_CONFIG_FILE"];
  const places = [join(homedir(), ".config/openstack/clouds.yaml"), "/etc/openstack/clouds.yaml"];
  const file = named ?? places.find(existsSync);
  if (!file || !existsSync(file)) {
    throw new BadInput([
      {
        file: file ?? places[0] ?? "",
        message:
          "no clouds.yaml: download it from your cloud, or name it in OS_CLIENT_CONFIG_FILE (for the lab: `polder lab up` writes it)",
      },
    ]);
  }
  return file;
}

/** Reads one entry of a clouds.yaml. @throws BadInput, never with a value of the file in it. */
export function readCloud(file: string, name: string): CloudEntry {
  const yaml = parseYaml(readFileSync(file, "utf8"), file);
  const { clouds } = validate(yaml, z.object({ clouds: z.record(z.string(), z.unknown()) }));
  const entry = cloudSchema.safeParse(clouds[name]);
  if (entry.success) return entry.data;
  const near = nearest(name, Object.keys(clouds));
  const message =
    clouds[name] === undefined
      ? `no entry "${name}"${near ? `; did you mean "${near}"?` : `, there are: ${Object.keys(clouds).join(", ")}`}`
      : `entry "${name}" lacks ${entry.error.issues.map((issue) => issue.path.join(".")).join(", ")}`;
  throw new BadInput([{ file, at: yaml.at(["clouds", name]), message }]);
}
