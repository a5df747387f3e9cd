import { describe, expect, it } from "vitest";
import { example } from "../../lab/testing/examples.ts";
import { renderAll } from "../hosts/render/index.ts";
import { buildBlueprint } from "../planning/blueprint/index.ts";
import { inputOf, SOME_JITSI, someInstance } from "../planning/blueprint/testing.ts";
import { loadPrograms } from "../workspace/index.ts";
import { ALL_RULES, evaluate } from "./index.ts";
import { AS_OF, asInput, type Loose } from "./testing.ts";
import type { PolicyInput, RenderedHost } from "./types.ts";

const certificates = { source: "instance-ca" };
const blueprint = buildBlueprint({ ...inputOf(someInstance({ certificates })), jitsi: SOME_JITSI });
const meetings = [{ kind: "overleg", simultaneous: 250, participants: 8, cameras: "none" }];
const sharded = buildBlueprint({
  ...inputOf(someInstance({ certificates, demand: { meetings } })),
  jitsi: SOME_JITSI,
});

/** What the rules over hosts' files find, with one file changed. */
const found = (path: string, change: (text: string) => string, of = blueprint): string[] => {
  const changed = renderAll(of, loadPrograms(), "no stand-ins").map(
    (host): RenderedHost => ({
      ...host,
      files: host.files.map((file) =>
        file.path === path ? { ...file, content: change(file.content) } : file,
      ),
    }),
  );
  const input = { blueprint: of, hosts: changed, stacks: new Map() } as unknown as PolicyInput;
  return ALL_RULES.filter(({ looksAt }) => looksAt === "hosts").flatMap((rule) =>
    rule.check(input, "2026-11-28").flatMap((one) => (one.verdict === "fail" ? [rule.id] : [])),
  );
};
const SITE = "/etc/nginx/polder-site.conf";

describe("hosts with Jitsi's packages", () => {
  it("pass every rule over hosts' files", () => {
    expect(found("", (text) => text)).toEqual([]);
  });

  it.each([
    [
      "a bridge's certificate that nobody verifies",
      SITE,
      /proxy_ssl_verify on/,
      "proxy_ssl_verify off",
      "web-passes-on-inside",
    ],
    ["a way to a bridge's REST", SITE, /:9090;/, ":8080;", "web-passes-on-inside"],
    [
      "the meeting's page in anybody's frame",
      SITE,
      /frame-ancestors 'none'(?=; object-src)/,
      "frame-ancestors *",
      "pages-send-their-headers",
    ],
    [
      "another admin",
      "/etc/prosody/prosody.cfg.lua",
      /admins = \{ /,
      'admins = { "jvb@auth.x.example"; ',
      "prosody-has-one-way-in",
    ],
    [
      "a room count by HTTP",
      "/etc/prosody/prosody.cfg.lua",
      /"muc_lobby_rooms"/,
      '"muc_lobby_rooms"; "muc_size"',
      "prosody-loads-few-modules",
    ],
  ])("finds %s", (_, path, from, to, rule) => {
    expect(found(path, (text) => text.replace(from, to))).toContain(rule);
  });
});

describe("control hosts of several shards", () => {
  it("pass every rule over hosts' files", () => {
    expect(sharded.hosts.filter(({ role }) => role === "control").length).toBeGreaterThan(1);
    expect(found("", (text) => text, sharded)).toEqual([]);
  });

  it.each([
    ["nobody verifies who another control host is", /(:5443[^}]*)proxy_ssl_verify on/, "$1"],
    ["another port of a control host", /:5443\/xmpp-websocket/, ":5280/xmpp-websocket"],
    ["another path of a control host", /:5443\/xmpp-websocket/, ":5443"],
    ["a host outside", /https:\/\/[\d.]+:5443/, "https://192.0.2.1:5443"],
  ] as const)("are refused: %s", (_, from, to) => {
    expect(found(SITE, (text) => text.replace(from, to), sharded)).toContain(
      "web-passes-on-inside",
    );
  });
});

/** What the rules find with another policy of the meeting's page; the other pages keep theirs. */
const foundWithPolicy = (change: (policy: string) => string): string[] =>
  found(SITE, (text) =>
    text.replace(/(?<=Content-Security-Policy ")[^"]*wasm[^"]*/, (policy) => {
      const changed = change(policy);
      expect(changed).not.toBe(policy);
      return changed;
    }),
  );

describe("the policy of the meeting's page", () => {
  it.each([
    ["default-src", "'none'", "'self'"],
    ["script-src", "'self'", "*"],
    ["script-src", "'self'", "https:"],
    ["script-src", "'self'", "cdn.example"],
    ["script-src", "'self'", "'self' 'unsafe-inline'"],
    ["script-src", "'wasm-unsafe-eval'", "'unsafe-eval'"],
    ["script-src", "'nonce-$request_id'", "'nonce-MTIz'"],
    ["connect-src", "'self'", "'self' wss:"],
    ["img-src", "data:", "https://www.gravatar.com"],
    ["style-src", "'self'", "*"],
    ["worker-src", "blob:", "data:"],
    ["frame-src", "'none'", "'self'"],
    ["object-src", "'none'", "'self'"],
    ["base-uri", "'self'", "*"],
    ["form-action", "'none'", "'self'"],
  ])("may not have in %s in place of %s: %s", (name, from, to) => {
    const change = (policy: string) =>
      policy
        .split("; ")
        .map((one) => (one.startsWith(`${name} `) ? one.replace(from, to) : one))
        .join("; ");
    expect(foundWithPolicy(change)).toEqual(["pages-send-their-headers"]);
  });

  it.each(["default-src", "frame-ancestors", "base-uri", "form-action"])(
    "may not do without %s",
    (name) => {
      const change = (policy: string) =>
        policy
          .split("; ")
          .filter((one) => !one.startsWith(`${name} `))
          .join("; ");
      expect(foundWithPolicy(change)).toEqual(["pages-send-their-headers"]);
    },
  );

  it("may not say what nobody has looked at", () => {
    expect(foundWithPolicy((policy) => `${policy}; script-src-elem *`)).toEqual([
      "pages-send-their-headers",
    ]);
  });
});

describe("a release of Jitsi", () => {
  const release = (profile: string, change: (version: string) => string, waivers: Loose = []) => {
    const p = example("gemeente-klein");
    p.blueprint.residency = { ...p.blueprint.residency, profile };
    p.blueprint.waivers = waivers;
    p.blueprint.jitsi = p.blueprint.jitsi.map((one: Loose) => ({
      ...one,
      version: change(one.version),
    }));
    return evaluate(asInput(p), AS_OF)
      .filter(({ id }) => id.startsWith("jitsi-"))
      .map(({ verdict, warns, message }) => `${verdict}${warns ? ", warns" : ""}: ${message}`);
  };
  const newer = (version: string) => version.replace("a29d97d13", "fedcba987");

  it("passes when it is one that polder's settings were read for", () => {
    expect(release("nl-located", (version) => version)).toEqual([
      expect.stringMatching(/^pass: 4 packages by digest/),
      expect.stringMatching(/^pass: release 2026-08, read 2026-11-28, seen 2026-11-29$/),
    ]);
  });

  it("fails when it isn't, warns in the lab, and a waiver lets it through until its day", () => {
    const unknown =
      /: jitsi-videobridge2 2\.3-312-gfedcba987-1: of no release .* known: 2026-08: .*a29d97d13/;
    expect(release("nl-located", newer)[1]).toMatch(/^fail: .* waive this until/);
    expect(release("nl-located", newer)[1]).toMatch(unknown);
    expect(release("lab", newer)[1]).toMatch(/^pass, warns: /);
    expect(release("lab", newer)[1]).toMatch(unknown);
    const waiver = {
      waives: "jitsi-release-is-known",
      reason: "the videobridge of the 27th mends a hole",
      owner: "Sam de Vries",
      expires: "2026-12-20",
    };
    expect(release("nl-located", newer, [waiver])[1]).toMatch(/^waived: /);
  });

  it("fails in the lab, too, and whatever is waived, when it is mixed from several", () => {
    const p = example("gemeente-klein");
    p.blueprint.residency = { ...p.blueprint.residency, profile: "lab" };
    p.blueprint.jitsi = p.blueprint.jitsi.map((one: Loose) => ({
      ...one,
      version: one.name === "jitsi-meet-web" ? "1.0.8701-1" : one.version,
    }));
    p.blueprint.waivers = ALL_RULES.map(({ id: waives }) => ({
      ...{ waives, reason: "x", owner: "x", expires: "2026-12-20" },
    }));
    expect(evaluate(asInput(p), AS_OF).filter(({ id }) => id === "jitsi-is-pinned")).toMatchObject([
      { verdict: "fail", message: expect.stringMatching(/only the same version goes together/) },
    ]);
  });
});
