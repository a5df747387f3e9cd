import { describe, expect, it } from "vitest";
import { type Blueprint, buildBlueprint, namesBelow } from "../../planning/blueprint/index.ts";
import { inputOf, SOME_JITSI, someInstance } from "../../planning/blueprint/testing.ts";
import { secretsOf } from "../../secrets/keyring/index.ts";
import { loadPrograms } from "../../workspace/index.ts";
import { type HostConfiguration, referencesIn } from "../configuration/index.ts";
import { turnLimits } from "../turn/index.ts";
import { renderAll } from "./index.ts";

const built = (size: "cluster" | "single"): Blueprint =>
  buildBlueprint({ ...inputOf(someInstance({ size })), jitsi: SOME_JITSI });
const render = (blueprint: Blueprint) => renderAll(blueprint, loadPrograms(), "no stand-ins");
const blueprint = built("single");
const [meetings, logs] = render(blueprint) as [HostConfiguration, HostConfiguration];
const content = ({ files }: HostConfiguration, end: string): string => {
  const found = files.filter(({ path }) => path.endsWith(end));
  expect(found.map(({ path }) => path)).toHaveLength(1);
  return found[0]?.content ?? "";
};

describe("the two hosts of size single", () => {
  it("have the files, units and packages that their roles have in a cluster, and no others", () => {
    const cluster = render(built("cluster"));
    const of = (pick: (one: HostConfiguration) => readonly string[], ...roles: string[]) =>
      [...new Set(cluster.filter(({ role }) => roles.includes(role)).flatMap(pick))].sort();
    // Of one bridge there is one account, by another name, and the way in sends its journal nowhere.
    const isOther = (name: string) =>
      /accounts\/bridge|accounts\/control|journal-upload/.test(name);
    const alike = (pick: (one: HostConfiguration) => readonly string[]) => {
      const plain = (names: readonly string[]) => names.filter((name) => !isOther(name));
      expect(plain([...pick(meetings)].sort())).toEqual(
        plain(of(pick, "control", "bridge", "turn")),
      );
      expect(plain([...pick(logs)].sort())).toEqual(plain(of(pick, "monitor", "edge")));
    };
    alike(({ files }) => files.map(({ path }) => path));
    alike(({ units }) => units.map(({ name }) => name));
    alike(({ packages }) => packages.install);
  });

  it("share memory: both heaps, coturn's and nginx's bounds leave a sixth to Prosody and the system", () => {
    const percent = (end: string) =>
      Number(/MaxRAMPercentage=([\d.]+)/.exec(content(meetings, end))?.[1]);
    expect(percent("/polder-videobridge.service")).toBe(25);
    expect(percent("/polder-jicofo.service")).toBe(12.5);
    const bounded = (end: string) =>
      Number(/^MemoryMax=(\d+)M$/m.exec(content(meetings, end))?.[1]);
    const { ramMiB } = blueprint.sizing.roles[0]?.need ?? { ramMiB: 0 };
    const together =
      0.375 * ramMiB +
      bounded("/coturn.service.d/polder.conf") +
      bounded("/nginx.service.d/polder.conf");
    expect(together).toBeLessThan((5 / 6) * ramMiB);
    expect(turnLimits(blueprint).memoryMiB).toBeLessThanOrEqual(ramMiB / 8);
  });

  it("keep the bridge's channel on loopback, for the web server beside it", () => {
    const [host] = blueprint.hosts;
    expect(content(meetings, "/videobridge.conf")).toMatch(
      /"host"\s*[:=]\s*"127\.0\.0\.1"[^}]*9090/s,
    );
    const site = meetings.files.find(({ content: text }) =>
      text.includes("/colibri-ws/control-1/"),
    );
    expect(site?.content).toContain("proxy_pass https://127.0.0.1:9090;");
    expect(site?.content).toContain(`proxy_ssl_name ${host?.name};`);
  });

  it("relay to the bridge on the relay's own host alone, on the port that the gate names", () => {
    const [host] = blueprint.hosts;
    const allowed = [
      ...content(meetings, "/live.sql").matchAll(
        /allowed_peer_ip \(ip_range\) VALUES \('([^']*)'\)/g,
      ),
    ].map(([, peer]) => peer);
    expect(allowed).toEqual([host?.ipv4]);
    expect(content(meetings, "/turnserver.conf")).toMatch(/^tls-listening-port=5349$/m);
    expect(content(meetings, "/prosody.cfg.lua")).toContain(
      `{ type = "turns", host = "${namesBelow(blueprint.domain).turn}", port = 5349, transport = "tcp" }`,
    );
    expect(content(logs, "/polder-services.json")).toMatch(/"turnTls": 5349/);
  });

  it("are watched whole, and refer to the secrets that the keyring gives them", () => {
    const watched = JSON.parse(content(meetings, "/polder-watch.json")) as {
      certificates: string[];
      health: { name: string }[];
    };
    expect(watched.health.map(({ name }) => name).sort()).toEqual(["jicofo", "videobridge"]);
    expect(watched.certificates).toEqual(
      expect.arrayContaining(["/etc/nginx/tls/web.crt", "/etc/coturn/turn.crt"]),
    );
    for (const one of [meetings, logs]) {
      const used = new Set(one.files.flatMap(({ content: text }) => referencesIn(text)));
      const given = new Set(
        secretsOf(blueprint)
          .filter(({ hosts }) => hosts.includes(one.host))
          .map(({ name }) => name),
      );
      expect([...used].filter((name) => !given.has(name))).toEqual([]);
    }
  });

  it("let admins in by the host of the logs, which leads to port 22 of the other and nowhere else", () => {
    const [host] = blueprint.hosts;
    const places = [host?.ipv4, `[${host?.ipv6}]`].map((address) => `${address}:22`).join(" ");
    expect(content(logs, "/sshd_config")).toContain(`PermitOpen ${places}`);
    expect(content(meetings, "/sshd_config")).toContain("DisableForwarding yes");
  });
});
