import { expect, it } from "vitest";
import { versionsIn } from "./archive.ts";

/** What apt-cache prints of upstream's package that others hang on. */
const shown = (more: string): string =>
  `Package: jitsi-meet\nVersion: 2.0.9-1\nPre-Depends: jitsi-videobridge2 (= 2.3-1-gabc-1)\nDepends: ${more}, jitsi-meet-web (= 1.0.9-1), jitsi-meet-web-config (= 1.0.9-1), jitsi-meet-prosody (= 1.0.9-1)\n`;

it("reads each package's version out of both kinds of dependencies", () => {
  expect(versionsIn(shown("jicofo (= 1.1-9-1)"))).toEqual({
    jicofo: "1.1-9-1",
    "jitsi-meet-prosody": "1.0.9-1",
    "jitsi-meet-web": "1.0.9-1",
    "jitsi-videobridge2": "2.3-1-gabc-1",
  });
});

it("refuses a release that leaves a version open", () => {
  for (const loose of ["jicofo", "jicofo (>= 1.1-9-1)", "jicofo2 (= 1.1-9-1)"])
    expect(() => versionsIn(shown(loose))).toThrow(
      "jitsi-meet 2.0.9-1 names no exact version of jicofo: fetch the packages by hand",
    );
});
