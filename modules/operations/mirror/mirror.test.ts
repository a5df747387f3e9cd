import { createHash } from "node:crypto";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { standIns } from "../../../lab/stand-ins/index.ts";
import { TOOLKIT } from "../../common/toolkit/index.ts";
import { type LoadedInstance, loadInstance } from "../../workspace/index.ts";
import { archiveOf, parseSums, readManifest, sumsText } from "./manifest.ts";
import { fillMirror, sumFaults, withPackages } from "./mirror.ts";
import { goodUntil, parseRelease, parseUris, SUITES } from "./release.ts";
import { npmContents, requirements } from "./tools.ts";

const LIST = "a".repeat(64);
const RELEASE = `-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

Origin: Debian
Suite: stable-security
Date: Thu, 26 Nov 2026 21:03:36 UTC
Valid-Until: Thu, 03 Dec 2026 21:03:36 UTC
MD5Sum:
 772be110775fb03f6656f3d99d91fc33 310704 main/binary-amd64/Packages.xz
SHA256:
 ${"b".repeat(64)}  2258040 main/binary-amd64/Packages
 ${LIST}   310704 main/binary-amd64/Packages.xz
-----BEGIN PGP SIGNATURE-----
`;
const suite = "debian-security/dists/trixie-security";

describe("a suite's InRelease", () => {
  it("says when it ends, and which list it signs: by SHA-256, not by the older sum", () => {
    expect(parseRelease(suite, RELEASE)).toEqual({
      suite,
      date: new Date("2026-11-26T21:03:36Z"),
      validUntil: new Date("2026-12-03T21:03:36Z"),
      packages: { path: `${suite}/main/binary-amd64/Packages.xz`, size: 310704, sha256: LIST },
    });
  });

  it("may have no end of its own; the folder ends with the first that has one", () => {
    const endless = parseRelease("debian/dists/trixie", RELEASE.replace(/^Valid-Until.*\n/m, ""));
    expect(endless.validUntil).toBeUndefined();
    expect(goodUntil([endless])).toBeUndefined();
    const later = { ...endless, validUntil: new Date("2026-12-04T00:00:00Z") };
    expect(goodUntil([later, endless, parseRelease(suite, RELEASE)])).toEqual(
      new Date("2026-12-03T21:03:36Z"),
    );
  });

  it("is refused where it is another file, such as a page that asks to log in", () => {
    expect(() => parseRelease(suite, "<html>Log in</html>")).toThrow(/is this Debian's archive\?/);
  });
});

describe("what apt would fetch", () => {
  const line = (path: string) => `'file:${path}' x_1_all.deb 12 SHA256:${LIST}\n`;

  it("is read with its place in the folder, its name decoded", () => {
    const output = `Reading package lists...\n${line("/f/debian/pool/main/n/nginx/nginx_1.26.3-3%2bdeb13u11_amd64.deb")}`;
    expect(parseUris(output, "/f")).toEqual([
      {
        path: "debian/pool/main/n/nginx/nginx_1.26.3-3+deb13u11_amd64.deb",
        size: 12,
        sha256: LIST,
      },
    ]);
  });

  it("lies in the folder: a list that leads out of it is refused", () => {
    for (const path of ["/etc/passwd", "/f/debian/../../etc/passwd"])
      expect(() => parseUris(line(path), "/f")).toThrow(/is not below \/f/);
  });
});

describe("tools", () => {
  it("of npm are those of this platform", () => {
    const integrity = (byte: number) => `sha512-${Buffer.alloc(64, byte).toString("base64")}`;
    const lock = JSON.stringify({
      packages: {
        "": {},
        "node_modules/a": { integrity: integrity(1) },
        "node_modules/a-linux": {
          integrity: integrity(2),
          optional: true,
          os: ["linux"],
          cpu: ["x64"],
        },
        "node_modules/a-mac": { integrity: integrity(3), optional: true, os: ["darwin"] },
        "node_modules/a-musl": {
          integrity: integrity(4),
          optional: true,
          os: ["linux"],
          libc: ["musl"],
        },
        "node_modules/not-windows": { integrity: integrity(5), os: ["!win32"] },
        "node_modules/of-another-platform": { integrity: integrity(6), optional: true },
      },
    });
    const digits = npmContents(lock, { platform: "linux", arch: "x64" }).map(
      (path) => /sha512\/(..)\//.exec(path)?.[1],
    );
    expect(digits).toEqual(["01", "02", "05"]);
  });

  it("of Python are known by the digests of requirements.txt, each of them", () => {
    const all = requirements(readFileSync(join(TOOLKIT, "ansible/requirements.txt"), "utf8"));
    expect(all.map(({ name }) => name)).toContain("ansible-core==2.19.14");
    for (const { name, sums } of all) expect(sums.length, name).toBeGreaterThan(0);
  });
});

describe("a folder", () => {
  let folder = "";
  const put = (path: string, text = path) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const sumOf = (text: string) => createHash("sha256").update(text).digest("hex");
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "polder-mirror-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const manifest = {
    made: "2026-11-28T22:00:00.000Z",
    goodUntil: "2026-12-03T21:03:36.000Z",
    toolkit: { version: "0.1.0", commit: null },
    instances: ["lab"],
    with: [],
    debian: { from: "https://deb.debian.org/", suites: [], packages: 1, bytes: 1 },
    jitsi: [],
    tools: { platform: "linux-x64", node: "v20.19.0", python: "3.13" },
    without: [],
  };
  const filled = () => {
    for (const one of SUITES) put(`${one}/InRelease`);
    put("debian/pool/main/h/hello/hello_1_amd64.deb");
    put("manifest.json", JSON.stringify(manifest));
  };

  it("is known by one digest, which another list and another package change", () => {
    filled();
    const digest = () => archiveOf({ packagesFolder: folder })?.digest;
    const [first] = [digest()];
    expect(digest()).toBe(first);
    put("wheels/x.whl");
    expect(digest()).toBe(first);
    put("debian/pool/main/a/age/age_1_amd64.deb");
    const second = digest();
    expect(second).not.toBe(first);
    put(`${suite}/InRelease`, "newer");
    expect(digest()).not.toBe(second);
    expect(archiveOf({})).toBeUndefined();
  });

  it("without a manifest isn't taken for a whole one; one of another form isn't either", () => {
    expect(() => readManifest(folder)).toThrow(/was not filled to its end/);
    expect(() => readManifest(join(folder, "nowhere"))).toThrow(/no folder is here/);
    put("manifest.json", JSON.stringify({ ...manifest, goodUntil: "soon" }));
    expect(() => readManifest(folder)).toThrow(/goodUntil.*fill the folder again/);
    filled();
    expect(readManifest(folder).goodUntil).toBe(manifest.goodUntil);
  });

  it("names what was changed, lost or added", async () => {
    for (const path of ["debian/a", "debian/b", "npm/c"]) put(path);
    const sums = new Map(["debian/a", "debian/b", "npm/c"].map((path) => [path, sumOf(path)]));
    put("SHA256SUMS", sumsText(sums));
    put("manifest.json", "{}");
    expect(parseSums(sumsText(sums))).toEqual(sums);
    expect(await sumFaults(folder)).toEqual([]);
    appendFileSync(join(folder, "debian/a"), "x");
    rmSync(join(folder, "debian/b"));
    put("wheels/d");
    expect(await sumFaults(folder)).toEqual([
      "wheels/d: wasn't there when the folder was filled",
      "debian/a: was changed since the folder was filled",
      "debian/b: isn't there",
    ]);
    expect(() => parseSums("no sum")).toThrow(/got "no sum"/);
  });

  it("can be filled for instances whose packages are at hand; of each other it says what to do", async () => {
    const load = (name: string) => loadInstance(join(TOOLKIT, "instances", name));
    const eea = load("eea-voorbeeld");
    const split = async (...instances: LoadedInstance[]) => {
      const { complete, missing } = await withPackages(folder, instances, standIns);
      return [complete.map(({ blueprint }) => blueprint.instance), missing];
    };
    expect(await split(load("lab"), eea)).toEqual([
      ["lab"],
      [
        expect.stringMatching(
          /jitsi-videobridge2_2.3-312-ga29d97d13-1_all\.deb: isn't the file that eea-voorbeeld\/jitsi\.yaml pins: `polder packages eea-voorbeeld FOLDER` says/,
        ),
      ],
    ]);
    const { jitsi = [], ...blueprint } = eea.blueprint;
    const pinned = jitsi.map((one) => ({ ...one, sha256: sumOf(one.file) }));
    const whole = { ...eea, blueprint: { ...blueprint, jitsi: pinned } };
    for (const { file } of pinned) put(`jitsi/${file}`, "another release");
    expect(await split(whole)).toEqual([[], [expect.stringContaining("isn't the file that")]]);
    for (const { file } of pinned) put(`jitsi/${file}`, file);
    expect(await split(whole)).toEqual([["eea-voorbeeld"], []]);
    expect(await split({ ...eea, blueprint })).toEqual([
      [],
      [expect.stringMatching(/^eea-voorbeeld: no package of Jitsi's is pinned: /)],
    ]);
  });

  it("with files of somebody else isn't filled", async () => {
    put("letters/1.txt");
    const options = { from: "http://127.0.0.1:9/", with: [], standIns, progress: () => undefined };
    await expect(fillMirror(folder, [], options)).rejects.toThrow(
      /letters\/1\.txt is no file of ours/,
    );
  });
});
