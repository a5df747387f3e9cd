// Faults of the environment, as data: what a person has in theirs must not change what is planned or applied.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { afterEach, describe, expect, test, vi } from "vitest";
import { example } from "../../../lab/testing/examples.ts";
import { testbedDown } from "../../common/testbed/testing.ts";
import { asInput } from "../../policy/testing.ts";
import { engineEnvironment, offlineEnvironment } from "./environment.ts";

interface Fault {
  readonly variable: string;
  readonly value: string;
  /** What Terraform or its provider would do with it. */
  readonly would: string;
}
const { faults } = load(
  readFileSync(join(import.meta.dirname, "corpus/environment.yaml"), "utf8"),
) as { readonly faults: readonly Fault[] };

const { blueprint } = asInput(example("eea-voorbeeld"));
const TOKEN = "a".repeat(64);

/** Terraform's environments, of whoever has these variables: at Hetzner Cloud, and where no cloud is asked. */
function environments(variables: Readonly<Record<string, string>>) {
  vi.stubEnv("HCLOUD_TOKEN", TOKEN);
  vi.stubEnv("HCLOUD_ENDPOINT", "http://127.0.0.1:1/v1");
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  return [engineEnvironment(testbedDown, blueprint), offlineEnvironment()] as const;
}
afterEach(() => vi.unstubAllEnvs());

describe("a variable that must not reach Terraform", () => {
  test.each(faults)("$variable would $would", ({ variable, value }) => {
    for (const environment of environments({ [variable]: value }))
      expect(environment[variable]).not.toBe(value);
  });

  test("none stands in the corpus twice", () => {
    const names = faults.map(({ variable }) => variable);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });
});

test("what it needs does reach it, and the cloud's token only where a cloud is asked", () => {
  const [engine, offline] = environments({ HTTPS_PROXY: "http://proxy.example", PATH: "/usr/bin" });
  for (const environment of [engine, offline])
    expect(environment).toMatchObject({ HTTPS_PROXY: "http://proxy.example", PATH: "/usr/bin" });
  expect(engine).toMatchObject({ HCLOUD_TOKEN: TOKEN, HCLOUD_ENDPOINT: "http://127.0.0.1:1/v1" });
  expect(offline).not.toHaveProperty("HCLOUD_TOKEN");
});
