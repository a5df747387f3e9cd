import { describe, expect, it } from "vitest";
import {
  JITSI_PACKAGES,
  type JitsiPackage,
  mixOf,
  releaseOf,
  unknownOf,
} from "../../planning/blueprint/index.ts";
import { loadJitsiReleases } from "../../workspace/index.ts";
import { CLIENT_KEYS } from "../client/testing.ts";
import { JITSI_KEYS } from "./testing.ts";

const RELEASES = loadJitsiReleases();
const [newest] = RELEASES as [(typeof RELEASES)[number]];
const older = {
  ...newest,
  id: "older",
  videobridge: { ...newest.videobridge, commit: "0123456789ab" },
  jicofo: { ...newest.jicofo, commit: "ba9876543210" },
  meet: { ...newest.meet, versions: ["1.0.8600"] },
};

/** The four packages by their versions, in the order of JITSI_PACKAGES. */
const packages = (...versions: [string, string, string, string]): JitsiPackage[] =>
  JITSI_PACKAGES.map((name, i) => ({
    name,
    version: versions[i] as string,
    file: `${name}_${versions[i]}_all.deb`,
    sha256: "0".repeat(64),
  }));
const KNOWN = packages("2.3-312-ga29d97d13-1", "1.1-100-g7ebb13dc3-1", "1.0.8700-1", "1.0.8700-1");

describe("releases.yaml", () => {
  it("begins with the release whose keys are listed, for the hosts' programs and for the client", () => {
    expect([JITSI_KEYS.release, CLIENT_KEYS.release]).toEqual([newest.id, newest.id]);
  });

  it("has each release once, read after its commits were made", () => {
    expect(new Set(RELEASES.map(({ id }) => id)).size).toBe(RELEASES.length);
    for (const { read, videobridge, jicofo, meet } of RELEASES)
      for (const { committed } of [videobridge, jicofo, meet])
        expect(committed <= read, committed).toBe(true);
  });
});

describe("the packages of a known release", () => {
  it("are recognised by commit and number, whatever Debian counts behind and `git describe` before", () => {
    expect(releaseOf(KNOWN, RELEASES)).toBe(newest);
    const counted = packages("2.3-7-ga29d97d-3", "9.9-1-g7ebb13dc3539", "1.0.8700", "1.0.8700-2");
    expect(releaseOf(counted, RELEASES)).toBe(newest);
    expect(mixOf(counted, RELEASES)).toBeUndefined();
  });

  it.each([
    ["another bridge", ["2.3-313-gb29d97d13-1", ...KNOWN.slice(1).map((one) => one.version)]],
    ["a bridge without a commit", ["2.3-1", ...KNOWN.slice(1).map((one) => one.version)]],
    ["another client", [...KNOWN.slice(0, 2).map((one) => one.version), "1.0.8701", "1.0.8701"]],
  ] as const)("aren't those with %s, and that is no mix", (_, versions) => {
    const some = packages(...(versions as unknown as [string, string, string, string]));
    expect(releaseOf(some, RELEASES)).toBeUndefined();
    expect(mixOf(some, RELEASES)).toBeUndefined();
    expect(unknownOf(some, RELEASES)).toMatch(/of no release .* known: 2026-08: /);
  });

  it("aren't mixed: the client with its own modules, each part with its own release", () => {
    const mixed = packages("2.3-1-gfffffff", "1.1-1-gfffffff", "1.0.8700-1", "1.0.8701-1");
    expect(mixOf(mixed, RELEASES)).toMatch(/1\.0\.8700-1 with jitsi-meet-prosody 1\.0\.8701-1/);
    const both = packages("2.3-312-ga29d97d13", "1.1-1-gba98765432", "1.0.8600", "1.0.8600");
    expect(mixOf(both, RELEASES)).toBeUndefined();
    expect(mixOf(both, [newest, older])).toMatch(/of release 2026-08 with .*of release older/);
  });

  it("are none of two releases with one Jicofo when the bridge is newer, and only the bridge is unknown", () => {
    const sameFocus = { ...older, jicofo: newest.jicofo };
    const mended = packages("2.3-313-gb29d97d13", "1.1-100-g7ebb13dc3", "1.0.8600", "1.0.8600");
    expect(mixOf(mended, [newest, sameFocus])).toBeUndefined();
    expect(unknownOf(mended, [newest, sameFocus])).toMatch(
      /^jitsi-videobridge2 2\.3-313\S+: of no/,
    );
  });
});
