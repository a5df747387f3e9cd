import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { BadInput, badInput, nearest, parseYaml, type YamlFile } from "../../common/input/index.ts";

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
    throw badInput(
      file ?? places[0] ?? "",
      "no clouds.yaml: download it from your cloud, or name it in OS_CLIENT_CONFIG_FILE (for the lab: `polder lab up` writes it)",
    );
  }
  return file;
}

/** A password that begins with `*` or `!` is YAML's own syntax, and the parser quotes what it can't read. */
function parseSecretYaml(file: string): YamlFile {
  try {
    return parseYaml(readFileSync(file, "utf8"), file);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    throw new BadInput(
      error.problems.map((p) => ({
        ...p,
        message: p.message.replace(/".*"|!<.*>/s, "(not shown)"),
      })),
    );
  }
}

/** Reads one entry of a clouds.yaml. @throws BadInput, never with a value of the file in it. */
export function readCloud(file: string, name: string): CloudEntry {
  const yaml = parseSecretYaml(file);
  // Not by `validate`: it shows what it got, and here that may be a password.
  const { data } = z.object({ clouds: z.record(z.string(), z.unknown()) }).safeParse(yaml.value);
  if (!data) throw badInput(file, "holds no `clouds:` with entries below it");
  const { clouds } = data;
  const entry = cloudSchema.safeParse(clouds[name]);
  if (entry.success) return entry.data;
  const near = nearest(name, Object.keys(clouds));
  const message =
    clouds[name] === undefined
      ? `no entry "${name}"${near ? `; did you mean "${near}"?` : `, there are: ${Object.keys(clouds).join(", ")}`}`
      : `entry "${name}" has no usable ${entry.error.issues.map((issue) => issue.path.join(".")).join(", ")}`;
  throw badInput(file, message, yaml.at(["clouds", name]));
}
