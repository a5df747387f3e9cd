import { describe, expect, it } from "vitest";
import { renderAll } from "../hosts/render/index.ts";
import { buildBlueprint } from "../planning/blueprint/index.ts";
import { inputOf, SOME_JITSI, someInstance } from "../planning/blueprint/testing.ts";
import { loadPrograms } from "../workspace/index.ts";
import { ALL_RULES } from "./index.ts";
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
