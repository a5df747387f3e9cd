// `polder packages --release` at an archive like upstream's, by this machine's apt.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { JITSI_PACKAGES } from "../modules/planning/blueprint/index.ts";
import { JITSI_FILE } from "../modules/workspace/index.ts";
import { JitsiArchive, Signer } from "./testing/jitsi-archive.ts";
import { polder, type TestInstance, testInstance } from "./testing/polder.ts";

const root = mkdtempSync(join(tmpdir(), "polder-archive-"));
const [OLD, NEW] = ["2.3-100-gaaaaaaaaa-1", "2.3-200-gbbbbbbbbb-1"] as const;
let archive: JitsiArchive;
let signer: Signer;
let other: Signer;
let instance: TestInstance;
let runs = 0;
let folder = "";

beforeAll(async () => {
  signer = new Signer(join(root, "signer"));
  other = new Signer(join(root, "other"));
  archive = await JitsiArchive.open(join(root, "archive"));
  archive.add("2.0.100-1", OLD);
  archive.add("2.0.200-1", NEW);
  archive.publish(signer);
  instance = testInstance("lab", "t-archive");
  writeFileSync(join(instance.folder, "jitsi-key.gpg.key"), signer.key());
  names(archive.address, signer.fingerprint);
});
afterAll(() => {
  archive.close();
  instance.forget();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  folder = join(root, `release-${++runs}`);
});

/** Has the instance file name an archive. */
function names(address: string, fingerprint: string): void {
  const jitsi = `jitsi: { archive: "${address}", key: jitsi-key.gpg.key, fingerprint: ${fingerprint} }`;
  instance.edit((text) =>
    text.replace(/^packages: \{ (.*?)(, jitsi: \{.*\})? \}$/m, `packages: { $1, ${jitsi} }`),
  );
}
const fetched = (release: string) =>
  polder(["packages", instance.folder, folder, "--release", release]);
const debs = () => readdirSync(folder).sort();
const named = (version: string) =>
  JITSI_PACKAGES.map((name) => `${name}_${version}_all.deb`).sort();

it("fetches the newest release and pins it, and run again fetches nothing", async () => {
  const first = await fetched("newest");
  expect([first.code, first.stderr]).toEqual([
    0,
    expect.stringContaining(`fetching jicofo ${NEW}`),
  ]);
  expect(first.stdout).toMatch(/^release 2\.0\.200-1 is in /);
  expect(debs()).toEqual(named(NEW));
  const pinned = readFileSync(join(instance.folder, JITSI_FILE), "utf8");
  for (const name of JITSI_PACKAGES) expect(pinned).toContain(`name: ${name}\n    version: ${NEW}`);
  const again = await fetched("newest");
  expect([again.code, again.stderr]).toEqual([0, expect.not.stringContaining("fetching")]);
});

it("fetches another release that the archive still has, and refuses to mix two in a folder", async () => {
  // A key of bytes is as good as one of text.
  writeFileSync(join(instance.folder, "jitsi-key.gpg.key"), signer.key("bytes"));
  expect(await fetched("2.0.100-1")).toMatchObject({ code: 0 });
  writeFileSync(join(instance.folder, "jitsi-key.gpg.key"), signer.key());
  expect(debs()).toEqual(named(OLD));
  const mixed = await fetched("newest");
  expect([mixed.code, mixed.stderr]).toEqual([
    2,
    expect.stringMatching(
      /holds jicofo_2\.3-100.*, of another release than 2\.0\.200-1: name a folder/,
    ),
  ]);
  expect(debs()).toEqual(named(OLD));
});

it("says so where the archive has no such release, and where it doesn't answer", async () => {
  const none = await fetched("2.0.300-1");
  expect([none.code, none.stderr]).toEqual([
    3,
    expect.stringContaining("has no release 2.0.300-1; it has 2.0.200-1, 2.0.100-1"),
  ]);
  names("http://127.0.0.1:9/", signer.fingerprint);
  const deaf = await fetched("newest");
  expect([deaf.code, deaf.stderr]).toEqual([
    3,
    expect.stringMatching(/127\.0\.0\.1.* doesn't answer/),
  ]);
  names(archive.address, signer.fingerprint);
});

it("believes the one key of that fingerprint: nobody else's signature, nor another key in its file", async () => {
  names(archive.address, other.fingerprint);
  const absent = await fetched("newest");
  expect([absent.code, absent.stderr]).toEqual([
    3,
    expect.stringContaining(`isn't signed by the key ${other.fingerprint}`),
  ]);
  // Both keys in the file, and the archive signed by the one that wasn't pinned.
  writeFileSync(
    join(instance.folder, "jitsi-key.gpg.key"),
    Buffer.concat([signer.key(), other.key()]),
  );
  expect((await fetched("newest")).code).toBe(3);
  names(archive.address, signer.fingerprint);
  expect((await fetched("newest")).code).toBe(0);
  writeFileSync(join(instance.folder, "jitsi-key.gpg.key"), signer.key());
});

it("refuses a file that the list's digest isn't of", async () => {
  const file = join(archive.folder, `jicofo_${NEW}_all.deb`);
  const good = readFileSync(file);
  const changed = Buffer.from(good);
  changed.writeUInt8(changed.readUInt8(good.length - 1) ^ 1, good.length - 1);
  writeFileSync(file, changed);
  const refused = await fetched("newest");
  writeFileSync(file, good);
  expect([refused.code, refused.stderr]).toEqual([3, expect.stringMatching(/changed/)]);
  expect(debs().filter((one) => one.startsWith("jicofo"))).toEqual([]);
});

it("goes on after an interruption, and believes nothing that it left or that somebody changed", async () => {
  mkdirSync(join(folder, ".unfinished"), { recursive: true });
  writeFileSync(join(folder, ".unfinished", `jicofo_${OLD}_all.deb`), "half");
  expect(await fetched("newest")).toMatchObject({ code: 0 });
  expect(debs()).toEqual(named(NEW));
  writeFileSync(join(folder, `jicofo_${NEW}_all.deb`), "changed");
  const changed = await fetched("newest");
  expect([changed.code, changed.stderr]).toEqual([
    2,
    expect.stringContaining("isn't the file that the archive signed: delete it"),
  ]);
});

it("says what is missing where the file names no archive, or no key is there", async () => {
  mkdirSync(folder);
  rmSync(join(instance.folder, "jitsi-key.gpg.key"));
  const keyless = await fetched("newest");
  expect([keyless.code, keyless.stderr]).toEqual([2, expect.stringContaining("no file is here")]);
  instance.edit((text) => text.replace(/, jitsi: \{.*?\} \}$/m, " }"));
  const bare = await fetched("newest");
  expect([bare.code, bare.stderr]).toEqual([
    2,
    expect.stringContaining("packages.jitsi: not there"),
  ]);
});
