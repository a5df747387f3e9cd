import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { standIns } from "../../../lab/stand-ins/index.ts";
import { BadInput } from "../../common/input/index.ts";
import { type Blueprint, buildBlueprint, Refused } from "../../planning/blueprint/index.ts";
import {
  anyInstance,
  inputOf,
  SOME_JITSI,
  someInstance,
} from "../../planning/blueprint/testing.ts";
import { secretsOf } from "../../secrets/keyring/index.ts";
import { loadPrograms } from "../../workspace/index.ts";
import { type HostConfiguration, referencesIn } from "../configuration/index.ts";
import { renderAll } from "./index.ts";

/** Blueprints that can be rendered: demand that can be planned. */
const anyBlueprint = anyInstance
  .map((instance): Blueprint | undefined => {
    try {
      return buildBlueprint(inputOf(instance));
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    }
  })
  .filter((blueprint) => blueprint !== undefined);

const some = buildBlueprint(inputOf(someInstance()));
const runs = { numRuns: 25 };

describe("where private networks have IPv4 alone", () => {
  const at = (cloud: Record<string, unknown>) => {
    const input = { ...inputOf(someInstance(cloud)), jitsi: SOME_JITSI };
    return JSON.stringify(renderAll(buildBlueprint(input), loadPrograms(), "no stand-ins"));
  };
  // RFC 4193: what every private IPv6 address begins with.
  const own = /\bf[cd][0-9a-f]{2}:[0-9a-f:]+/;

  it("no file names a private IPv6 address, to be bound, waited for, asked or let in", () => {
    expect(at({})).toMatch(own);
    const hetzner = { residency: "eea", cloud: "hetzner", location: "hetzner-fsn1" };
    expect(own.exec(at(hetzner))?.[0]).toBeUndefined();
  });
});

/** Base64 may spell any word: a drawn key of an admin once held "NaN". */
const withoutKeys = (content: string): string => content.replace(/\bAAAA[\w+/]+=*/g, "");

/** Each path once, and every file named whole and readable. */
function expectWholeFiles(
  blueprint: Blueprint,
  configurations: readonly HostConfiguration[],
): void {
  expect(configurations.map(({ host }) => host)).toEqual(blueprint.hosts.map(({ id }) => id));
  for (const { files } of configurations) {
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual([...new Set(paths)].sort());
    for (const { path, content } of files)
      if (/undefined|\[object |NaN|\r/.test(withoutKeys(content)))
        expect.fail(`${path}: ${content}`);
  }
}

/** Secrets that are known, that this host gets, and that may leave the vault. */
function expectOwnSecrets(
  blueprint: Blueprint,
  configurations: readonly HostConfiguration[],
): void {
  const known = new Map(secretsOf(blueprint).map((spec) => [spec.name, spec]));
  for (const { host, files } of configurations)
    for (const file of files)
      for (const name of referencesIn(file.content)) {
        const where = `${host} ${file.path} ${name}`;
        expect(known.get(name)?.hosts, where).toContain(host);
        expect(name, where).not.toMatch(/identity$|^(ca\/instance|ssh\/ca)\.key$|^issuer\//);
        if (!known.get(name)?.public) expect(file.mode, where).toMatch(/^0(600|640)$/);
      }
}

describe("rendering any instance", () => {
  it("gives the same bytes for the same Blueprint and leaves it alone, whole files, each host's own secrets", () => {
    const programs = loadPrograms();
    fc.assert(
      fc.property(anyBlueprint, (blueprint) => {
        const before = JSON.stringify(blueprint);
        const configurations = renderAll(blueprint, programs, standIns);
        const again = renderAll(JSON.parse(before) as Blueprint, programs, standIns);
        expect(JSON.stringify(again) === JSON.stringify(configurations)).toBe(true);
        expect(JSON.stringify(blueprint)).toBe(before);
        expectWholeFiles(blueprint, configurations);
        expectOwnSecrets(blueprint, configurations);
      }),
      runs,
    );
  });
});

describe("rendering an instance", () => {
  it("has no stand-in of its own: who has no packages of Jitsi's is told what to do", () => {
    const message =
      /^proef: no package of Jitsi's is pinned, and no stand-ins were handed in: `polder packages proef FOLDER` writes jitsi\.yaml$/;
    expect(() => renderAll(some, loadPrograms(), "no stand-ins")).toThrow(BadInput);
    expect(() => renderAll(some, loadPrograms(), "no stand-ins")).toThrow(message);
    const both = renderAll({ ...some, jitsi: SOME_JITSI }, loadPrograms(), standIns);
    expect(both).toEqual(renderAll({ ...some, jitsi: SOME_JITSI }, loadPrograms(), "no stand-ins"));
  });

  it("takes no stand-in outside profile lab", () => {
    const elsewhere = buildBlueprint(
      inputOf(someInstance({ residency: "eea", cloud: "hetzner", location: "hetzner-fsn1" })),
    );
    expect(() => renderAll(elsewhere, loadPrograms(), standIns)).toThrow(
      /^proef: no package of Jitsi's is pinned: `polder packages proef FOLDER` writes jitsi\.yaml$/,
    );
  });

  it("restarts nothing that carries calls when a package is updated", () => {
    for (const { files, units } of renderAll(some, loadPrograms(), standIns)) {
      const list = files.find(({ path }) => path === "/etc/polder/carries-calls")?.content ?? "";
      for (const { name, carriesCalls } of units)
        expect(list.split("\n").includes(name)).toBe(carriesCalls);
    }
  });

  it("names in its units only files that are rendered, or folders of them", () => {
    for (const { host, files, units } of renderAll(some, loadPrograms(), standIns))
      for (const { name, reload, restart } of units)
        for (const prefix of [...reload, ...restart]) {
          const hit = files.some(({ path }) => path === prefix || path.startsWith(`${prefix}/`));
          expect(hit, `${host} ${name} ${prefix}`).toBe(true);
        }
  });
});
