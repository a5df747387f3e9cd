import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { mirrorBinary, PROVIDERS_FOLDER, ROOT, readProvider } from "./provider.ts";

const TEN_MINUTES = 600_000;
const provider = readProvider("openstack");
const go = spawnSync("go", ["version"]).status === 0;

// Inside the checkout's build folder: two empty build caches are too much for many a /tmp.
mkdirSync(join(ROOT, "build"), { recursive: true });
const work = mkdtempSync(join(ROOT, "build", "reproducible-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe.skipIf(!go)("the provider's build", () => {
  const build = (name: string, env: NodeJS.ProcessEnv = {}) =>
    execFileSync(join(PROVIDERS_FOLDER, "build.sh"), [join(work, name)], {
      encoding: "utf8",
      env: { ...process.env, ...env },
    });

  it(
    "gives the same bytes, from nothing, in another folder and with other caches",
    () => {
      const one = build("one", { GOCACHE: join(work, "cache-one") });
      const two = build("elsewhere/two", {
        GOCACHE: join(work, "cache-two"),
        // What a developer may have set must not reach the result.
        GOFLAGS: "-buildvcs=true",
        GOAMD64: "v2",
        CGO_ENABLED: "1",
      });
      const sum = /h1:\S+/;
      expect(sum.exec(one)?.[0]).toBe(sum.exec(two)?.[0]);
      const first = readFileSync(mirrorBinary(provider, join(work, "one")));
      const second = readFileSync(mirrorBinary(provider, join(work, "elsewhere/two")));
      expect(first.equals(second)).toBe(true);
    },
    TEN_MINUTES,
  );

  it(
    "replaces a binary that doesn't have the right sum",
    () => {
      build("spoilt");
      const binary = mirrorBinary(provider, join(work, "spoilt"));
      const good = readFileSync(binary);
      expect(dirname(binary)).toContain("spoilt");
      appendFileSync(binary, "x");
      expect(build("spoilt")).toContain("built 3.4.0");
      expect(readFileSync(binary).equals(good)).toBe(true);
      expect(build("spoilt")).toContain("is there");
    },
    TEN_MINUTES,
  );
});
