import { createHash } from "node:crypto";
import { expect } from "vitest";
import { TOOLKIT } from "../../modules/common/toolkit/index.ts";
import type { HostConfiguration, HostFile } from "../../modules/hosts/configuration/index.ts";
import { renderHost } from "../../modules/hosts/render/index.ts";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import { instanceFolder, loadInstance, loadPrograms } from "../../modules/workspace/index.ts";
import { standIns } from "../stand-ins/index.ts";
import { type DummySecrets, dummySecrets } from "./dummy-secrets.ts";
import { type Validated, validateFiles } from "./validate-files.ts";
import { validatorRoot } from "./validator-root.ts";
import { NOT_VALIDATED, VALIDATORS } from "./validators.ts";

/** An instance's files, of one host of each role: the others differ in names and addresses alone. */
export interface Rendered {
  readonly name: string;
  readonly blueprint: Blueprint;
  readonly configurations: readonly HostConfiguration[];
}

export function rendered(name: string): Rendered {
  const { blueprint } = loadInstance(instanceFolder(TOOLKIT, name));
  const first = new Map(blueprint.hosts.toReversed().map((host) => [host.role, host]));
  const programs = loadPrograms();
  const configurations = [...first.values()].map((host) =>
    renderHost(blueprint, host, programs, standIns),
  );
  return { name, blueprint, configurations };
}

/** Paths that no program reads and that nobody has excepted. */
export const leftOut = (configurations: readonly HostConfiguration[]): string[] => [
  ...new Set(
    configurations
      .flatMap(({ files }) => files.map(({ path }) => path))
      .filter((path) => !VALIDATORS.some(({ reads }) => reads.test(path)))
      .filter((path) => !NOT_VALIDATED.some((one) => one.path.test(path))),
  ),
];

/** Debian's programs, each of which reads the files that are its own. */
export class Programs {
  /** What programs reported, by what they were given. */
  readonly #reported = new Map<string, Promise<Validated>>();
  readonly root: string;
  readonly #secrets: DummySecrets = dummySecrets();

  private constructor(root: string) {
    this.root = root;
  }

  static async start(): Promise<Programs> {
    return new Programs(await validatorRoot());
  }

  /** As converge fills them, and the host's own SSH key, which is made on the host. */
  filled(blueprint: Blueprint, configuration: HostConfiguration): HostFile[] {
    const own = { owner: "root", group: "root" } as const;
    const key = "/etc/ssh/ssh_host_ed25519_key";
    return [
      ...configuration.files.map((file) => ({
        ...file,
        content: file.content.replace(/@@secret:([a-z0-9./-]+)@@/g, (_, name: string) =>
          this.#secrets.valueOf(blueprint, name),
        ),
      })),
      { ...own, path: key, content: this.#secrets.sshHostKey, mode: "0600" },
      { ...own, path: `${key}.pub`, content: this.#secrets.sshHostKeyPublic, mode: "0644" },
    ];
  }

  /**
   * Asks each program about its files, once for the same files beside others of the same names and rights: hosts of
   * different instances share most of theirs.
   */
  async validated(files: readonly HostFile[]): Promise<Validated[]> {
    const digest = (of: unknown) => createHash("sha256").update(JSON.stringify(of)).digest("hex");
    const beside = digest(files.map(({ path, owner, group, mode }) => [path, owner, group, mode]));
    const asked = VALIDATORS.flatMap((validator) => {
      const read = files.filter(({ path }) => validator.reads.test(path));
      return read.length > 0 ? [{ validator, key: digest([validator.id, beside, read]) }] : [];
    });
    const fresh = asked.filter(({ key }) => !this.#reported.has(key)).map((one) => one.validator);
    if (fresh.length > 0) {
      const verdicts = validateFiles(this.root, files, fresh);
      for (const { validator, key } of asked)
        if (fresh.includes(validator))
          this.#reported.set(
            key,
            verdicts.then((all) => all.find((one) => one.validator === validator.id) as Validated),
          );
    }
    return Promise.all(asked.map(({ key }) => this.#reported.get(key) as Promise<Validated>));
  }
}

/** Asks programs about all files of an instance. @throws Error of the test when one refuses some */
export async function expectRead(programs: Programs, { name, ...of }: Rendered): Promise<void> {
  for (const configuration of of.configurations) {
    const verdicts = await programs.validated(programs.filled(of.blueprint, configuration));
    expect(refusals(verdicts), `${name} ${configuration.host}`).toEqual([]);
    expect(verdicts.length).toBeGreaterThan(20);
  }
}

/** What programs refuse, and what they say of it. */
const refusals = (verdicts: readonly Validated[]): string[] =>
  verdicts.filter((v) => !v.accepted).map((v) => `${v.validator}: ${v.output}`);
