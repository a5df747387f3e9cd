import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { mirrorBinary, PROVIDERS_FOLDER, ROOT, readProvider, readProviders } from "./provider.ts";

const TWENTY_MINUTES = 1_200_000;
const provider = readProvider("openstack");
const go = spawnSync("go", ["version"]).status === 0;

// Inside the checkout's build folder: two empty build caches are too much for many a /tmp.
mkdirSync(join(ROOT, "build"), { recursive: true });
const work = mkdtempSync(join(ROOT, "build", "reproducible-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe.skipIf(!go)("the providers' build", () => {
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
      const sums = (text: string) => text.match(/h1:\S+/g);
      expect(sums(one)).toHaveLength(2);
      expect(sums(one)).toEqual(sums(two));
      for (const each of readProviders()) {
        const first = readFileSync(mirrorBinary(each, join(work, "one")));
        const second = readFileSync(mirrorBinary(each, join(work, "elsewhere/two")));
        expect(first.equals(second)).toBe(true);
      }
    },
    TWENTY_MINUTES,
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
    TWENTY_MINUTES,
  );
});
