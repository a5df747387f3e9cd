import { describe, expect, it } from "vitest";
import { renderAll } from "../hosts/render/index.ts";
import { buildBlueprint } from "../planning/blueprint/index.ts";
import { inputOf, SOME_JITSI, someInstance } from "../planning/blueprint/testing.ts";
import { loadPrograms } from "../workspace/index.ts";
import { ALL_RULES } from "./index.ts";
import type { PolicyInput, RenderedHost } from "./types.ts";

const certificates = { source: "instance-ca" };
const blueprint = buildBlueprint({ ...inputOf(someInstance({ certificates })), jitsi: SOME_JITSI });
const hosts = renderAll(blueprint, loadPrograms(), "no stand-ins");

/** What the rules over hosts' files find, with one file changed. */
const found = (path: string, change: (text: string) => string): string[] => {
  const changed = hosts.map(
    (host): RenderedHost => ({
      ...host,
      files: host.files.map((file) =>
        file.path === path ? { ...file, content: change(file.content) } : file,
      ),
    }),
  );
  const input = { blueprint, hosts: changed, stacks: new Map() } as unknown as PolicyInput;
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
