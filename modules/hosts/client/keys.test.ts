import { describe, expect, it } from "vitest";
import { type Blueprint, buildBlueprint } from "../../planning/blueprint/index.ts";
import { inputOf, SOME_JITSI, someInstance } from "../../planning/blueprint/testing.ts";
import { configScript, interfaceScript } from "./config.ts";
import { CLIENT_KEYS } from "./testing.ts";

const typeOf = (value: unknown): string => {
  if (Array.isArray(value)) return "list";
  if (value !== null && typeof value === "object") return "map";
  return typeof value === "string" ? "text" : typeof value;
};

/** What the client wouldn't read of a configuration, or of another type than it reads. */
function notUnderstood(value: object, path = ""): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = path ? `${path}.${key}` : key;
    const known = CLIENT_KEYS.config[here]?.type;
    const got = typeOf(inner);
    if (known === undefined)
      return got === "map" ? notUnderstood(inner, here) : [`${here}: is no key`];
    return known === got || known === "any" ? [] : [`${here}: is a ${known}, got a ${got}`];
  });
}

/** The object that a script assigns. */
const assignedIn = (script: string): object =>
  JSON.parse(script.replace(/^var \w+ = /, "").replace(/;\s*$/, ""));

const blueprints = (["on", "off"] as const).map((chat) =>
  buildBlueprint({ ...inputOf(someInstance({ chat })), jitsi: SOME_JITSI }),
);

/** Buttons of what no instance offers: docs/jitsi.md. */
const OFF = [
  ...["audiotranslation", "closedcaptions", "download", "embedmeeting", "etherpad", "feedback"],
  ...["filesharing", "help", "highlight", "invite", "linktosalesforce", "livestreaming", "polls"],
  ...["recording", "shareaudio", "sharedvideo", "stats", "whiteboard"],
];

/** Settings of what no instance offers. */
const SWITCHED_OFF = {
  disableInviteFunctions: true,
  disablePolls: true,
  fileRecordingsServiceEnabled: false,
  fileSharing: { enabled: false },
  giphy: { enabled: false },
  liveStreaming: { enabled: false },
  localRecording: { disable: true },
  recordingService: { enabled: false },
  speakerStats: { disabled: true },
  transcription: { enabled: false },
  whiteboard: { enabled: false },
};

describe("the web client's settings", () => {
  it("are all read by the pinned version, with the types that it reads", () => {
    for (const blueprint of blueprints)
      expect(notUnderstood(assignedIn(configScript(blueprint)))).toEqual([]);
  });

  it("of the older kind are, too", () => {
    const names = Object.keys(assignedIn(interfaceScript(blueprints[0] as Blueprint)));
    expect(names.filter((name) => !CLIENT_KEYS.interface.includes(name))).toEqual([]);
  });

  it("finds a misspelt key, a wrong type, and one that is too deep", () => {
    const planted = { gravatar: { disable: true }, p2p: "off", disableChat: { really: true } };
    expect(notUnderstood(planted)).toEqual([
      "gravatar.disable: is no key",
      "p2p: is no key",
      "disableChat: is a boolean, got a map",
    ]);
  });
});

describe("buttons and features", () => {
  const settings = blueprints.map((blueprint) => assignedIn(configScript(blueprint))) as {
    readonly toolbarButtons: readonly string[];
    readonly [key: string]: unknown;
  }[];
  const [on, off] = settings as [(typeof settings)[number], (typeof settings)[number]];

  it("are Jitsi's own by name, and none leads to what is off", () => {
    for (const { toolbarButtons } of settings) {
      expect(toolbarButtons.filter((one) => !CLIENT_KEYS.buttons.includes(one))).toEqual([]);
      expect(toolbarButtons.filter((one) => OFF.includes(one))).toEqual([]);
    }
    // Each is a name that the client knows: else it would be off by a slip.
    expect(OFF.filter((one) => !CLIENT_KEYS.buttons.includes(one))).toEqual([]);
  });

  it("chat and reactions are there where words are allowed, and nowhere else", () => {
    const words = ["chat", "reactions"];
    expect(words.filter((one) => on.toolbarButtons.includes(one))).toEqual(words);
    expect(words.filter((one) => off.toolbarButtons.includes(one))).toEqual([]);
    expect([on["disableChat"], off["disableChat"]]).toEqual([false, true]);
  });

  it("end-to-end encryption is offered, in the dialog on security", () => {
    for (const one of settings) {
      expect(one.toolbarButtons).toContain("security");
      expect(one["e2ee"]).toBeUndefined();
    }
  });

  it("what may not be is off by its own key", () => {
    for (const one of settings) expect(one).toMatchObject(SWITCHED_OFF);
  });
});
