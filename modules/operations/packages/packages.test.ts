import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
