import fc from "fast-check";
import { expect, it } from "vitest";
import {
  type Blueprint,
  buildBlueprint,
  type Host,
  Refused,
} from "../../planning/blueprint/index.ts";
import {
  anyInstance,
  inputOf,
  SOME_JITSI,
  someInstance,
} from "../../planning/blueprint/testing.ts";
import { loadPrograms } from "../../workspace/index.ts";
import type { Fragment } from "../configuration/index.ts";
import { prosodyFragment } from "./index.ts";

const blueprint = buildBlueprint(inputOf(someInstance()));
const control = ({ hosts }: Blueprint) => hosts.find(({ role }) => role === "control") as Host;
const content = (fragment: Fragment, end: string) =>
  fragment.files?.find(({ path }) => path.endsWith(end))?.content ?? "";
const config = content(
  prosodyFragment(blueprint, control(blueprint), loadPrograms()),
  "prosody.cfg.lua",
);

it.each([
  ["without", blueprint],
  ["with", buildBlueprint({ ...inputOf(someInstance()), jitsi: SOME_JITSI })],
])(
  "%s Jitsi's packages has no host but seven, and loads the bridges' alone: the gate switches on the others",
  (_, built) => {
    const rendered = prosodyFragment(built, control(built), loadPrograms());
    const hosts = [
      ...content(rendered, "prosody.cfg.lua").matchAll(
        /^(?:VirtualHost|Component) "([^"]+)"(?: "\w+")?\n([\s\S]*?)(?=\n\n|$)/gm,
      ),
    ];
    const off = hosts.filter(([, , settings]) => settings?.includes("  enabled = false"));
    const domain = "vergaderen.proefdorp.example";
    expect(hosts.map(([, name]) => name)).toEqual([
      `auth.${domain}`,
      `internal.auth.${domain}`,
      domain,
      `conference.${domain}`,
      `lobby.${domain}`,
      `breakout.${domain}`,
      `focus.${domain}`,
    ]);
    expect(off.map(([, name]) => name)).toEqual(hosts.slice(2).map(([, name]) => name));
  },
);

it("has the gate's modules on every host", () => {
  for (const module of ["gate_log", "gate"]) expect(config).toContain(`"${module}"`);
  expect(config.match(/modules_enabled = \{ "gate_/g)).toHaveLength(6);
});

it("opens nothing but 5222 on the private addresses and, for a module, HTTP on loopback", () => {
  const open = [...config.matchAll(/^(\w+_ports) = \{ ?(.*?) ?\}/gm)].map((m) => [m[1], m[2]]);
  expect(Object.fromEntries(open)).toEqual({
    c2s_ports: "5222",
    c2s_direct_tls_ports: "",
    s2s_ports: "",
    s2s_direct_tls_ports: "",
    component_ports: "",
    http_ports: "5280",
    https_ports: "",
  });
  expect(config).toContain('http_interfaces = { "127.0.0.1" }');
  expect(config).not.toMatch(/"(\*|0\.0\.0\.0|::)"/);
});

it("never logs at debug, loads no shell, no registration, no upload, no census", () => {
  const set = config.split("\n").filter((line) => !line.trim().startsWith("--"));
  expect(set.join("\n")).not.toMatch(
    /debug|admin_shell|admin_telnet|"register"|upload|file_share|census/,
  );
  expect(config).toContain("allow_registration = false");
  expect(config).toContain("c2s_require_encryption = true");
});

it("has sockets left for others when one address holds its share, also where thousands meet", () => {
  const meeting = { kind: "overleg", participants: 500, simultaneous: 4, cameras: "none" } as const;
  const large = buildBlueprint(inputOf(someInstance({ demand: { meetings: [meeting] } })));
  const fragment = prosodyFragment(large, control(large), loadPrograms());
  const [, most] = /^LimitNOFILE=(\d+)$/m.exec(content(fragment, "/polder.conf")) ?? [];
  const [, share] = /sockets = (\d+)/.exec(content(fragment, "prosody.cfg.lua")) ?? [];
  expect(Number(share)).toBeGreaterThan(1_024);
  expect(Number(most)).toBeGreaterThan(3 * Number(share));
});

it("puts accounts where Prosody looks for them, readable to it alone", () => {
  const accounts = prosodyFragment(blueprint, control(blueprint), loadPrograms()).files?.filter(
    ({ path }) => path.endsWith(".dat"),
  );
  const folder = "/var/lib/prosody/auth%2evergaderen%2eproefdorp%2eexample/accounts";
  expect(accounts?.map(({ path, content, group, mode }) => [path, content, group, mode])).toEqual(
    [
      ["focus.dat", "focus"],
      ["bridge%2d1.dat", "bridge-1"],
      ["bridge%2d2.dat", "bridge-2"],
    ].map(([file, user]) => [
      `${folder}/${file}`,
      `@@secret:prosody/${user}.dat@@`,
      "prosody",
      "0640",
    ]),
  );
});

it("holds for any instance: private interfaces, no word of Lua from the file's own text", () => {
  fc.assert(
    fc.property(anyInstance, (instance) => {
      let any: Blueprint;
      try {
        any = buildBlueprint(inputOf(instance));
      } catch (error) {
        if (error instanceof Refused) return;
        throw error;
      }
      const host = control(any);
      const lua = content(prosodyFragment(any, host, loadPrograms()), "prosody.cfg.lua");
      expect(lua).toContain(`c2s_interfaces = { "${host.ipv4}"; "${host.ipv6}" }`);
      expect(lua).toContain(`VirtualHost "${any.domain}"\n  enabled = false\n`);
      for (const [, text] of lua.matchAll(/"([^"\n]*)"/g)) expect(text).not.toMatch(/[\\\]]/);
    }),
    { numRuns: 25 },
  );
});
