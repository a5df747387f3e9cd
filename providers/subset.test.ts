import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  mirrorBinary,
  PROVIDERS_FOLDER,
  platform,
  readProvider,
  readProviders,
} from "./provider.ts";
import { readFullSchema, renderSchema, type SchemaDocument, subsetOf } from "./subset.ts";

const provider = readProvider("openstack");
const fqn = "registry.terraform.io/terraform-provider-openstack/openstack";
const read = (...path: string[]) => readFileSync(join(PROVIDERS_FOLDER, ...path), "utf8");

describe("subsetOf", () => {
  const full: SchemaDocument = {
    format_version: "1.0",
    provider_schemas: {
      [fqn]: {
        provider: { version: 0 },
        resource_schemas: { z_one: { b: [{ y: 1, x: 2 }], a: 1 }, a_two: {}, unwanted: {} },
        data_source_schemas: { d_one: {} },
      },
    },
  };
  const wanted = { ...provider, resources: ["z_one", "a_two"], dataSources: ["d_one"] };

  it("keeps the listed types and the provider's block, with sorted keys", () => {
    expect(JSON.stringify(subsetOf(full, wanted).provider_schemas[fqn])).toBe(
      '{"data_source_schemas":{"d_one":{}},"provider":{"version":0},' +
        '"resource_schemas":{"a_two":{},"z_one":{"a":1,"b":[{"x":2,"y":1}]}}}',
    );
  });

  it("names a listed type that the provider lacks", () => {
    expect(() => subsetOf(full, { ...wanted, resources: ["z_on"] })).toThrow(
      "the provider has no resource z_on",
    );
    expect(() => subsetOf(full, { ...wanted, dataSources: ["toString"] })).toThrow(
      "the provider has no data source toString",
    );
  });

  it("refuses another provider's schema", () => {
    expect(() => subsetOf({ ...full, provider_schemas: { other: {} as never } }, wanted)).toThrow(
      `no schema of ${fqn} (got: other)`,
    );
  });
});

describe.each(readProviders())("schema.json of $name", (provider) => {
  const committed = JSON.parse(read(provider.name, "schema.json")) as SchemaDocument;

  it("holds exactly the types of types.yaml, in the form that subset.ts writes", () => {
    expect(renderSchema(subsetOf(committed, provider))).toBe(read(provider.name, "schema.json"));
    const part = committed.provider_schemas[`registry.terraform.io/${provider.source}`];
    expect(Object.keys(part?.resource_schemas ?? {})).toEqual([...provider.resources].sort());
    expect(Object.keys(part?.data_source_schemas ?? {})).toEqual([...provider.dataSources].sort());
  });

  const terraform = spawnSync("terraform", ["version"]).status === 0;
  it.skipIf(!terraform || !existsSync(mirrorBinary(provider)))(
    "is what the built provider says",
    () => {
      const real = subsetOf(readFullSchema(provider, mirrorBinary(provider)), provider);
      expect(renderSchema(real)).toBe(read(provider.name, "schema.json"));
    },
  );
});

describe.each(readProviders())("the pinned version of $name", (provider) => {
  const [, module = ""] = /^tool (\S+)$/m.exec(read(provider.name, "go.mod")) ?? [];

  it("is the same in types.yaml, package.json, go.mod and the lock file", () => {
    expect(JSON.parse(read(provider.name, "package.json")).version).toBe(provider.version);
    expect(read(provider.name, "go.mod")).toContain(`\t${module} v${provider.version}`);
    const lock = read(provider.name, "terraform.lock.hcl");
    expect(lock).toContain(`provider "registry.terraform.io/${provider.source}"`);
    expect(lock).toContain(`constraints = "${provider.version}"`);
  });

  it("has sums in go.sum for all that go.mod requires", () => {
    const go = read(provider.name, "go.mod");
    const required = [...go.matchAll(/^\t(\S+) (v\S+)/gm)].map((m) => `${m[1]} ${m[2]}`);
    const sums = read(provider.name, "go.sum");
    expect(required.length).toBeGreaterThan(30);
    expect(required.filter((one) => !sums.includes(`${one} h1:`))).toEqual([]);
  });
});

it("platform() is Terraform's name", () => {
  expect(platform()).toMatch(/^(linux|darwin)_(amd64|arm64)$/);
});
