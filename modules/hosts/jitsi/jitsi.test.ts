import { describe, expect, it } from "vitest";
import { standIns } from "../../../lab/stand-ins/index.ts";
import { type Blueprint, buildBlueprint, type Host } from "../../planning/blueprint/index.ts";
import { DATA, inputOf, SOME_JITSI, someInstance } from "../../planning/blueprint/testing.ts";
import { figureOf } from "../../planning/sizing/index.ts";
import { loadPrograms } from "../../workspace/index.ts";
import type { HostConfiguration } from "../configuration/index.ts";
import { renderAll } from "../render/index.ts";

const input = inputOf(someInstance({ domain: "vergaderen.proefdorp.example" }));
const addressed = (blueprint: Blueprint): Blueprint => ({
  ...blueprint,
  hosts: blueprint.hosts.map((host) => ({
    ...host,
    publicAddress: { id: host.id, ipv4: "203.0.113.7" },
  })),
});
const blueprint = addressed(buildBlueprint({ ...input, jitsi: SOME_JITSI }));
const hosts = renderAll(blueprint, loadPrograms(), "no stand-ins");
const inPlace = renderAll(buildBlueprint(input), loadPrograms(), standIns);

const of = (id: string, all: readonly HostConfiguration[] = hosts): HostConfiguration =>
  all.find(({ host }) => host === id) as HostConfiguration;
const text = (configuration: HostConfiguration, path: string): string =>
  configuration.files.find((file) => file.path === path)?.content ?? "";
/** A HOCON file that is JSON below its first line. */
const settings = (id: string, path: string) =>
  JSON.parse(text(of(id), path).split("\n").slice(1).join("\n"));

const ips = (id: string) => blueprint.hosts.find((host) => host.id === id)?.ipv4;
const bridge = () => settings("bridge-1", "/etc/polder/videobridge/videobridge.conf");
const jicofo = () => settings("control-1", "/etc/polder/jicofo/jicofo.conf").jicofo;

describe("with Jitsi's packages", () => {
  it("each host unpacks what it runs, and no package of Jitsi's is installed", () => {
    const names = (id: string) => of(id).unpacked.map(({ name }) => name);
    expect(names("bridge-1")).toEqual(["jitsi-videobridge2"]);
    expect(names("control-1")).toEqual(["jitsi-meet-prosody", "jicofo", "jitsi-meet-web"]);
    expect(names("turn-1")).toEqual([]);
    for (const { packages } of hosts)
      expect(packages.install.filter((name) => /jitsi|jicofo/.test(name))).toEqual([]);
  });

  it("no stand-in is left, and without the packages nothing of Jitsi's is rendered", () => {
    const paths = (all: readonly HostConfiguration[]) =>
      all.flatMap(({ files }) => files.map(({ path }) => path));
    expect(paths(hosts).filter((path) => path.includes("stand-in"))).toEqual([]);
    expect(paths(inPlace).filter((path) => /videobridge|jicofo|config\.js/.test(path))).toEqual([]);
    expect(inPlace.flatMap(({ unpacked }) => unpacked)).toEqual([]);
  });

  it("a bridge speaks with its control host over TLS alone, under its own account", () => {
    const { shard } = bridge().videobridge.apis["xmpp-client"].configs;
    expect(shard).toEqual({
      HOSTNAME: ips("control-1"),
      PORT: 5222,
      DOMAIN: "auth.vergaderen.proefdorp.example",
      USERNAME: "bridge-1",
      PASSWORD: "@@secret:prosody/bridge-1-password@@",
      MUC_JIDS: "jvbbrewery@internal.auth.vergaderen.proefdorp.example",
      MUC_NICKNAME: "bridge-1",
      SECURITY_MODE: "required",
    });
  });

  it("a bridge asks nobody what its address is, and names its floating address", () => {
    const { mapping } = bridge().ice4j.harvest;
    expect(mapping.aws.enabled).toBe(false);
    expect(mapping.stun.addresses).toEqual([]);
    expect(mapping["static-mappings"]).toEqual([
      { "local-address": ips("bridge-1"), "public-address": "203.0.113.7", name: "public" },
    ]);
  });

  it("bridges of one shard share meetings, and each shard has its own", () => {
    const demand = {
      meetings: [{ kind: "overleg", simultaneous: 250, participants: 8, cameras: "all" }],
    };
    const large = buildBlueprint({ ...inputOf(someInstance({ demand })), jitsi: SOME_JITSI });
    const all = renderAll(large, loadPrograms(), "no stand-ins");
    const shards = [...new Set(large.hosts.map(({ shard }) => shard))].filter((one) => one > 0);
    expect(shards.length).toBeGreaterThan(1);
    const read = (id: string, path: string) =>
      JSON.parse(text(of(id, all), path).split("\n").slice(1).join("\n"));
    for (const shard of shards) {
      const control = large.hosts.find((one) => one.role === "control" && one.shard === shard);
      const bridges = large.hosts.filter((one) => one.role === "bridge" && one.shard === shard);
      expect(bridges.length).toBeGreaterThan(1);
      const { octo, bridge: choice } = read(
        control?.id ?? "",
        "/etc/polder/jicofo/jicofo.conf",
      ).jicofo;
      expect([octo.enabled, choice["selection-strategy"]]).toEqual([
        true,
        "RegionBasedBridgeSelectionStrategy",
      ]);
      for (const { id } of bridges) {
        const { apis, relay } = read(id, "/etc/polder/videobridge/videobridge.conf").videobridge;
        expect(apis["xmpp-client"].configs.shard.HOSTNAME).toBe(control?.ipv4);
        expect(relay).toEqual({ enabled: true, region: "one", "relay-id": id });
      }
    }
  });

  it("bridges are full where they were planned to be, and take as much memory", () => {
    const { figures } = DATA;
    const measured = bridge().videobridge["load-management"]["load-measurements"];
    expect(measured["load-measurement"]).toBe("cpu-usage");
    expect(measured["cpu-usage"]["load-threshold"]).toBe(figureOf(figures, "bridgeFull"));
    expect(jicofo().bridge["stress-threshold"]).toBe(figureOf(figures, "bridgeUse"));
    const unit = text(of("bridge-1"), "/etc/systemd/system/polder-videobridge.service");
    const percent = figureOf(figures, "heapShare") * 100;
    expect(unit).toContain(`-XX:MaxRAMPercentage=${percent} `);
  });

  it("nothing of a bridge's REST is open but on loopback, and nothing in it can end the bridge", () => {
    const { videobridge } = bridge();
    expect(videobridge["http-servers"].private.host).toBe("127.0.0.1");
    expect(videobridge["http-servers"].public.port).toBe(-1);
    expect(videobridge.rest.debug.enabled || videobridge.rest.shutdown.enabled).toBe(false);
  });

  it("a bridge takes nobody until it is warm, and root warms it inside the bridge's sandbox", () => {
    const { videobridge } = bridge();
    expect(videobridge["initial-drain-mode"]).toBe(true);
    expect(videobridge.apis.rest.enabled).toBe(true);
    const unit = text(of("bridge-1"), "/etc/systemd/system/polder-videobridge.service");
    expect(unit).toMatch(/^ExecStartPost=!\/usr\/local\/lib\/polder\/warm-bridge$/m);
    const at = "/usr/local/lib/polder/warm-bridge.json";
    expect(JSON.parse(text(of("bridge-1"), at))).toEqual({
      port: videobridge["http-servers"].private.port,
    });
  });

  it("a bridge names its private IPv4 address, by which relays come, and no private IPv6 address", () => {
    const { videobridge, ice4j } = bridge();
    expect(videobridge.ice["advertise-private-candidates"]).toBe(true);
    const { ipv6 } = blueprint.hosts.find(({ id }) => id === "bridge-1") as Host;
    expect(ipv6).toMatch(/^fd/);
    expect(ice4j.harvest["blocked-addresses"]).toEqual([ipv6]);
  });

  it("Jicofo reaches Prosody on its own machine alone, where Prosody listens", () => {
    expect(jicofo().xmpp.client.hostname).toBe("127.0.0.1");
    expect(text(of("control-1"), "/etc/prosody/prosody.cfg.lua")).toMatch(
      /c2s_interfaces = \{ "127\.0\.0\.1"; "10\./,
    );
  });

  it("nobody opens a meeting by Jicofo's REST, or becomes a moderator by coming first", () => {
    const { rest, conference } = jicofo();
    expect(rest.host).toBe("127.0.0.1");
    for (const name of ["conference-request", "debug", "pin"])
      expect(rest[name].enabled, name).toBe(false);
    expect(conference["enable-auto-owner"]).toBe(false);
  });

  it("passwords stand in files that are root's alone, and the programs get them as credentials", () => {
    for (const [id, name] of [
      ["bridge-1", "videobridge"],
      ["control-1", "jicofo"],
    ] as const) {
      const file = of(id).files.find(({ path }) => path === `/etc/polder/${name}/${name}.conf`);
      expect(file).toMatchObject({ owner: "root", group: "root", mode: "0600" });
      const unit = text(of(id), `/etc/systemd/system/polder-${name}.service`);
      expect(unit).toContain("DynamicUser=yes");
      expect(unit).toContain(`LoadCredential=${name}.conf:`);
      expect(unit).not.toContain("@@secret");
      expect(unit).not.toContain("HeapDump");
    }
  });
});

describe("the web client", () => {
  const script = (path: string) =>
    JSON.parse(
      text(of("control-1"), path)
        .replace(/^var \w+ = /, "")
        .replace(/;\n$/, ""),
    );
  const site = text(of("control-1"), "/etc/nginx/polder-site.conf");

  it("asks nobody else's server, records nothing, goes by the bridge", () => {
    const config = script("/usr/local/share/polder/web/config.js");
    expect(config).toMatchObject({
      disableThirdPartyRequests: true,
      p2p: { enabled: false, stunServers: [] },
      gravatar: { disabled: true },
      analytics: { disabled: true },
      localRecording: { disable: true },
      websocketKeepAlive: -1,
    });
    expect(config.bosh).toBeUndefined();
    expect(config.conferenceRequestUrl).toBeUndefined();
  });

  it("has a page of the service that sends people to their invitation, and says no stand-in", () => {
    const page = (all: readonly HostConfiguration[]) =>
      text(of("control-1", all), "/usr/local/share/polder/web/index.html");
    expect(page(hosts)).toContain("Open de link uit uw uitnodiging");
    expect(page(hosts)).not.toMatch(/nog niet vergaderen|stands in/);
    expect(page(inPlace)).toContain("U kunt hier nog niet vergaderen");
  });

  it("its scripts can't be ended by what an organisation is called", () => {
    const name = "</script><script>alert(1)</script>";
    const some = { ...blueprint, organisation: name };
    const [control] = renderAll(some, loadPrograms(), "no stand-ins").filter(
      ({ role }) => role === "control",
    );
    expect(
      text(control as HostConfiguration, "/usr/local/share/polder/web/config.js"),
    ).not.toContain("</script");
  });

  it("is one page for every name of a meeting's form; nothing of Jicofo's or the bridges' REST is passed on", () => {
    expect(site).toContain('location ~ "^/[0-9a-z]{47}$"');
    expect(site).not.toMatch(/conference-request|8888|8080|http-bind|\/about|\/debug/);
    expect(site.match(/proxy_pass \S+/g)).toEqual([
      "proxy_pass http://127.0.0.1:5280;",
      ...["bridge-1", "bridge-2"].map((id) => `proxy_pass https://${ips(id)}:9090;`),
    ]);
    expect(site.match(/proxy_ssl_verify on/g)).toHaveLength(2);
  });
});
