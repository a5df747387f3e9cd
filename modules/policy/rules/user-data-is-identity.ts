import { CORE_SCHEMA, load } from "js-yaml";
import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import { allResources, blueprintName, ofType, type Resource } from "../document.ts";
import { isObject, isSet, type JsonObject, listOf, same, shown, textOf } from "../json.ts";
import { defineRule, fail, failsOr, type Observation } from "../rule.ts";

/**
 * Bytes. Nova takes 65535 of base64, which is 48 KiB of text; Hetzner takes 32 KiB. A host's identity
 * with twenty admins is below 8 KiB, so whatever is larger holds something else.
 */
const MAX_BYTES = 16 * 1024;

/** Other ways to bring files, keys, a password or another system into a host at its first boot. */
const SIDE_DOORS: Readonly<Record<string, readonly string[]>> = {
  openstack_compute_instance_v2: ["admin_pass", "key_pair", "personality", "block_device"],
  hcloud_server: ["ssh_keys", "iso", "rescue"],
};

export const userDataIsIdentity = defineRule({
  id: "user-data-is-identity",
  level: "error",
  what: "user_data is at most 16 KiB of cloud-config with the host's name and the admins' own keys, nothing more, on OpenStack by a config drive",
  why: "It can't be changed on a running host and anything on the host may read it, so it must hold no secret, no choice and no program.",
  norms: ["BIO2 5.16.02", "BIO2 5.17.03"],
  looksAt: "stacks",
  check: (input) =>
    Object.keys(SIDE_DOORS)
      .flatMap((type) => ofType(allResources(input), type))
      .flatMap((server) => {
        const host = input.blueprint.hosts.find((h) => h.id === blueprintName(server));
        const fails = host
          ? [...problems(input.blueprint, host, server)]
          : ["belongs to no host of the Blueprint"];
        return failsOr(
          fails.map((text): Observation => fail(server.subject, text)),
          server.subject,
          `names ${host?.name} and ${input.blueprint.admins.length} admins, nothing else`,
        );
      }),
});

function* problems(blueprint: Blueprint, host: Host, { body, type }: Resource): Generator<string> {
  // Hetzner's servers have a metadata service on their own link, and no such drive.
  if (type === "openstack_compute_instance_v2" && body["config_drive"] !== true)
    yield "config_drive is not true: without it the host asks a metadata service, and no flow leads there";
  for (const name of SIDE_DOORS[type] ?? [])
    if (listOf(body[name]).length > 0)
      yield `sets ${name}: only user_data brings the host's identity`;
  const text = textOf(body["user_data"]);
  if (text === undefined) return yield "has no user_data";
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > MAX_BYTES) yield `user_data has ${bytes} bytes, at most ${MAX_BYTES} are allowed`;
  if (!text.startsWith("#cloud-config\n"))
    return yield "user_data doesn't begin with #cloud-config: it would be run, included or unpacked";
  const config = parse(text);
  if (!config) return yield "user_data is no YAML object";
  const { users, ...rest } = config;
  yield* differences("", rest, {
    hostname: host.id,
    fqdn: host.name,
    prefer_fqdn_over_hostname: false,
    ssh_pwauth: false,
    disable_root: true,
  });
  const people = listOf(users);
  if (people.length !== blueprint.admins.length)
    yield `users: got ${people.length}, the Blueprint has ${blueprint.admins.length} admins`;
  for (const [index, admin] of blueprint.admins.entries()) {
    const user = people[index];
    yield* differences(`users[${index}].`, isObject(user) ? user : {}, {
      name: admin.user,
      gecos: admin.name,
      shell: "/bin/bash",
      groups: ["sudo"],
      lock_passwd: true,
      sudo: "ALL=(ALL) NOPASSWD:ALL",
      ssh_authorized_keys: [admin.key],
    });
  }
}

/** Exactly these settings, with these values. */
function* differences(at: string, got: JsonObject, wanted: JsonObject): Generator<string> {
  for (const key of Object.keys(got))
    if (!Object.hasOwn(wanted, key)) yield `${at}${key}: not allowed in user_data`;
  for (const [key, value] of Object.entries(wanted)) {
    if (!isSet(got[key])) yield `${at}${key}: missing`;
    else if (!same(got[key], value))
      yield `${at}${key}: got ${shown(got[key])}, allowed: ${shown(value)}`;
  }
}

function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = load(text, { schema: CORE_SCHEMA });
    return isObject(value) ? value : undefined;
  } catch {
    // The parser's message quotes the text, and the text may be what it must not be.
    return undefined;
  }
}
