import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { JITSI_PACKAGES, jitsiSchema } from "../../planning/blueprint/index.ts";
import { pinPackages } from "./index.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "packages-"));
  for (const name of ["instance", "debs"]) mkdirSync(join(root, name));
});
afterEach(() => rmSync(root, { recursive: true }));

const put = (file: string, content = file) => writeFileSync(join(root, "debs", file), content);
const pin = () => pinPackages(join(root, "instance"), join(root, "debs"));
const release = () => {
  for (const name of JITSI_PACKAGES) put(`${name}_2.0~git1+a-1_all.deb`);
};

describe("pinning a release", () => {
  it("writes each package's version and digest, in the form that is read again", async () => {
    release();
    put("jitsi-meet_2.0~git1+a-1_all.deb");
    put("jitsi-meet-web-config_2.0~git1+a-1_all.deb");
    await pin();
    const file = jitsiSchema.parse(load(readFileSync(join(root, "instance/jitsi.yaml"), "utf8")));
    expect(file.folder).toBe("../debs");
    expect(file.packages.map(({ name, version }) => [name, version])).toEqual(
      JITSI_PACKAGES.map((name) => [name, "2.0~git1+a-1"]),
    );
    // printf %s jicofo_2.0~git1+a-1_all.deb | sha256sum
    expect(file.packages.find(({ name }) => name === "jicofo")?.sha256).toBe(
      "9b4dfc5ca106f8e90bc2311ba7759cb1227ac1c67a010f2b838c0d40babf1def",
    );
  });

  it("says which known release the packages are of, and of others that none is", async () => {
    release();
    expect((await pin()).release).toEqual({
      unknown: expect.stringMatching(
        /^jitsi-videobridge2 2\.0~git1\+a-1, .*: of no release .*; known: 2026-08: .*a29d97d13/,
      ),
    });
    for (const file of readdirSync(join(root, "debs"))) rmSync(join(root, "debs", file));
    put("jitsi-videobridge2_2.3-312-ga29d97d13-1_all.deb");
    put("jicofo_1.1-100-g7ebb13dc3-1_all.deb");
    put("jitsi-meet-web_1.0.8700-1_all.deb");
    put("jitsi-meet-prosody_1.0.8700-2_all.deb");
    expect((await pin()).release).toMatchObject({ id: "2026-08" });
  });

  it("refuses packages of several releases, and pins none", async () => {
    release();
    rmSync(join(root, "debs/jitsi-meet-prosody_2.0~git1+a-1_all.deb"));
    put("jitsi-meet-prosody_2.0~git2+b-1_all.deb");
    await expect(pin()).rejects.toThrow(/jitsi-meet-web 2.*made of one source/);
    expect(existsSync(join(root, "instance/jitsi.yaml"))).toBe(false);
  });

  it("refuses a folder that lacks a package, or has one twice, or isn't there", async () => {
    await expect(pin()).rejects.toThrow(/jitsi-videobridge2: got none/);
    release();
    put("jicofo_1.0-1_all.deb");
    await expect(pin()).rejects.toThrow(/jicofo: got jicofo_1\.0-1_all\.deb, jicofo_2\.0/);
    await expect(pinPackages(join(root, "instance"), join(root, "nowhere"))).rejects.toThrow(
      /no folder is here/,
    );
  });
});
