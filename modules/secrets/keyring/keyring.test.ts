import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadInstance } from "../../workspace/index.ts";
import { catalogueMarkdown, catalogueOf, secretsOf } from "./index.ts";

const ROOT = join(import.meta.dirname, "../../..");
const { blueprint } = loadInstance(join(ROOT, "instances/lab"));
const names = (source: "file" | "acme" | "instance-ca") =>
  secretsOf({ ...blueprint, certificates: { source } }).map((spec) => spec.name);

describe("secretsOf", () => {
  it("has each name once", () => {
    for (const source of ["file", "acme", "instance-ca"] as const)
      expect(new Set(names(source)).size).toBe(names(source).length);
  });

  it("keeps what signs and what opens off every host", () => {
    const never = secretsOf(blueprint).filter((spec) => spec.hosts.length === 0);
    expect(never.map((spec) => spec.name)).toEqual([
      "ca/instance.key",
      "monitor/operations.identity",
      "monitor/security.identity",
      "ssh/ca.key",
      "issuer/token-signing.key",
      "issuer/log-signing.key",
    ]);
    expect(never.filter((spec) => spec.public)).toEqual([]);
  });

  it("gives no host another host's key", () => {
    for (const { name, hosts } of secretsOf(blueprint)) {
      const [, host] = /^(?:tls|ssh)\/(.+-\d+)\./.exec(name) ?? [];
      if (host) expect(hosts).toEqual([host]);
    }
  });

  it("has a reserve where a supplier certifies, and an account where an ACME server does", () => {
    expect(names("file")).toContain("web/reserve.key");
    expect(names("file")).not.toContain("acme/eab-key");
    expect(names("acme")).toContain("acme/eab-key");
    expect(names("instance-ca").filter((name) => /reserve|acme/.test(name))).toEqual([]);
  });
});

it("docs/keys.md holds the table of `polder keys list lab --markdown`", () => {
  // With its columns as wide as the page's formatter likes them.
  const tight = (text: string) => text.replace(/ +\|/g, " |").replace(/-{3,}/g, "---");
  const page = readFileSync(join(ROOT, "docs/keys.md"), "utf8");
  expect(tight(page)).toContain(tight(catalogueMarkdown(catalogueOf(blueprint))));
});
