import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";
import type { HostConfiguration, HostFile } from "../modules/hosts/configuration/index.ts";
import { renderHost } from "../modules/hosts/render/index.ts";
import type { Blueprint } from "../modules/planning/blueprint/index.ts";
import {
  instanceFolder,
  instanceNames,
  loadInstance,
  loadPrograms,
} from "../modules/workspace/index.ts";
import { standIns } from "./stand-ins/index.ts";
import { type DummySecrets, dummySecrets } from "./testing/dummy-secrets.ts";
import { FAULTS } from "./testing/planted-faults.ts";
import { type Validated, validateFiles } from "./testing/validate-files.ts";
import { validatorRoot } from "./testing/validator-root.ts";
import { NOT_VALIDATED, VALIDATORS } from "./testing/validators.ts";

let root: string;
let secrets: DummySecrets;
beforeAll(async () => {
  root = await validatorRoot();
  secrets = dummySecrets();
}, 300_000);

interface Example {
  readonly blueprint: Blueprint;
  /** One host of each role: the others differ in names and addresses alone. */
  readonly configurations: readonly HostConfiguration[];
}

const programs = loadPrograms();
const EXAMPLES: ReadonlyMap<string, Example> = new Map(
  instanceNames(TOOLKIT).map((name) => {
    const { blueprint } = loadInstance(instanceFolder(TOOLKIT, name));
    const first = new Map(blueprint.hosts.toReversed().map((host) => [host.role, host]));
    const configurations = [...first.values()].map((host) =>
      renderHost(blueprint, host, programs, standIns),
    );
    return [name, { blueprint, configurations }];
  }),
);

/** As converge fills them, and the host's own SSH key, which is made on the host. */
function filled(blueprint: Blueprint, configuration: HostConfiguration): HostFile[] {
  const own = { owner: "root", group: "root" } as const;
  const key = "/etc/ssh/ssh_host_ed25519_key";
  return [
    ...configuration.files.map((file) => ({
      ...file,
      content: file.content.replace(/@@secret:([a-z0-9./-]+)@@/g, (_, name: string) =>
        secrets.valueOf(blueprint, name),
      ),
    })),
    { ...own, path: key, content: secrets.sshHostKey, mode: "0600" },
    { ...own, path: `${key}.pub`, content: secrets.sshHostKeyPublic, mode: "0644" },
  ];
}

const refusals = (verdicts: readonly Validated[]): string[] =>
  verdicts.filter((v) => !v.accepted).map((v) => `${v.validator}: ${v.output}`);

/** What programs reported, by what they were given. */
const reported = new Map<string, Promise<Validated>>();

/**
 * Asks each program about its files, once for the same files beside others of the same names and rights: hosts of
 * different examples share most of theirs.
 */
async function validated(files: readonly HostFile[]): Promise<Validated[]> {
  const digest = (of: unknown) => createHash("sha256").update(JSON.stringify(of)).digest("hex");
  const beside = digest(files.map(({ path, owner, group, mode }) => [path, owner, group, mode]));
  const asked = VALIDATORS.flatMap((validator) => {
    const read = files.filter(({ path }) => validator.reads.test(path));
    return read.length > 0 ? [{ validator, key: digest([validator.id, beside, read]) }] : [];
  });
  const fresh = asked.filter(({ key }) => !reported.has(key)).map(({ validator }) => validator);
  if (fresh.length > 0) {
    const verdicts = validateFiles(root, files, fresh);
    for (const { validator, key } of asked)
      if (fresh.includes(validator))
        reported.set(
          key,
          verdicts.then((all) => all.find((one) => one.validator === validator.id) as Validated),
        );
  }
  return Promise.all(asked.map(({ key }) => reported.get(key) as Promise<Validated>));
}

describe("every file is read by its own program", () => {
  it.concurrent.each([...EXAMPLES])("of %s", async (name, { blueprint, configurations }) => {
    for (const configuration of configurations) {
      const verdicts = await validated(filled(blueprint, configuration));
      expect(refusals(verdicts), `${name} ${configuration.host}`).toEqual([]);
      expect(verdicts.length).toBeGreaterThan(20);
    }
  });

  it("no file of any role is left out without a reason", () => {
    const left = [...EXAMPLES.values()]
      .flatMap(({ configurations }) => configurations)
      .flatMap(({ files }) => files.map(({ path }) => path))
      .filter((path) => !VALIDATORS.some(({ reads }) => reads.test(path)))
      .filter((path) => !NOT_VALIDATED.some((one) => one.path.test(path)));
    expect([...new Set(left)]).toEqual([]);
  });
});

describe("each program refuses a planted fault", () => {
  const { blueprint, configurations } = EXAMPLES.get("lab") as Example;
  const used = VALIDATORS.flatMap((validator) => {
    const configuration = configurations.find(({ files }) =>
      files.some(({ path }) => validator.reads.test(path)),
    );
    return configuration ? [{ validator, configuration }] : [];
  });

  it("there is no validator without work", () => {
    const idle = VALIDATORS.filter(({ id }) => !used.some(({ validator }) => validator.id === id));
    expect(idle.map(({ id }) => id)).toEqual([]);
    expect(Object.keys(FAULTS).sort()).toEqual(VALIDATORS.map(({ id }) => id).sort());
  });

  it.concurrent.each(
    used.map(({ validator, configuration }) => [validator.id, validator, configuration] as const),
  )("%s", async (id, validator, configuration) => {
    const whole = filled(blueprint, configuration);
    const at = whole.findIndex(({ path }) => validator.reads.test(path));
    const spoilt = whole.map((file, i) =>
      i === at ? { ...file, content: FAULTS[id]?.(file.content) ?? file.content } : file,
    );
    expect(spoilt[at]?.content).not.toBe(whole[at]?.content);
    const [verdict] = await validateFiles(root, spoilt, [validator]);
    expect(verdict?.accepted, verdict?.output).toBe(false);
  });
});
