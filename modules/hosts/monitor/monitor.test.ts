import fc from "fast-check";
import { expect, it } from "vitest";
import { standIns } from "../../../lab/stand-ins/index.ts";
import {
  type Blueprint,
  buildBlueprint,
  type Host,
  Refused,
} from "../../planning/blueprint/index.ts";
import { anyInstance, inputOf, someInstance } from "../../planning/blueprint/testing.ts";
import { loadPrograms } from "../../workspace/index.ts";
import { renderHost } from "../render/index.ts";
import { monitorFragment } from "./index.ts";
import { senderAddress } from "./receiver.ts";

const webhook = "https://alarm.voorbeeld.example/polder";
const blueprint = buildBlueprint(inputOf(someInstance({ alarms: { webhook } })));
const monitor = ({ hosts }: Blueprint) => hosts.find(({ role }) => role === "monitor") as Host;
const contents = (of: Blueprint) =>
  new Map(
    monitorFragment(of, monitor(of), loadPrograms()).files?.map(({ path, content }) => [
      path,
      content,
    ]),
  );

it("lets in who has a certificate of the instance's CA, named by it alone", () => {
  const gate = contents(blueprint).get("/etc/nginx/nginx.conf") ?? "";
  expect(gate).toContain("ssl_verify_client on;");
  expect(gate).toContain("ssl_client_certificate /etc/polder/ca/instance.crt;");
  for (const host of blueprint.hosts.filter(({ role }) => role !== "monitor"))
    expect(gate).toContain(`"CN=${host.name}" ${senderAddress(host)};`);
  expect(gate).not.toContain(`"CN=${monitor(blueprint).name}"`);
});

it("keeps journal-remote itself, which checks no certificate, on loopback", () => {
  const socket = contents(blueprint).get(
    "/etc/systemd/system/systemd-journal-remote.socket.d/polder.conf",
  );
  expect(socket?.match(/^ListenStream=.+$/gm)).toEqual(["ListenStream=127.0.0.1:19531"]);
});

it("gives each host a sender's address of its own, for any instance", () => {
  fc.assert(
    fc.property(anyInstance, (instance) => {
      let any: Blueprint;
      try {
        any = buildBlueprint(inputOf(instance));
      } catch (error) {
        if (error instanceof Refused) return;
        throw error;
      }
      const addresses = any.hosts.map(senderAddress);
      expect(new Set(addresses).size).toBe(addresses.length);
      expect(addresses).not.toContain("127.0.0.1");
    }),
    { numRuns: 25 },
  );
});

it("has the token in root's file alone, and no alarms where nobody is to be told", () => {
  const files = monitorFragment(blueprint, monitor(blueprint), loadPrograms()).files ?? [];
  const holders = files.filter(({ content }) => content.includes("@@secret:alarm/token@@"));
  expect(holders.map(({ path, mode }) => [path, mode])).toEqual([
    ["/etc/polder/monitor/alarm-token", "0600"],
  ]);
  const silent = buildBlueprint(inputOf(someInstance()));
  expect([...contents(silent).keys()].filter((path) => path.includes("alarm"))).toEqual([]);
});

it("seals security to its keepers first, and operations to the vault's key alone", () => {
  const age = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
  const logKeepers = [{ name: "Mirjam de Graaf", age }];
  const seals = (of: Blueprint) =>
    JSON.parse(contents(of).get("/usr/local/lib/polder/polder-journal-split.json") ?? "").seals;
  const [operations, security, keepers] = ["operations", "security", "keepers"].map(
    (name) => `/etc/polder/monitor/${name}.recipient`,
  );
  const kept = buildBlueprint(inputOf(someInstance({ logKeepers })));
  expect(seals(kept)).toEqual({ operations: [operations], security: [keepers, security] });
  expect(contents(kept).get(keepers as string)).toContain(`\n# Mirjam de Graaf\n${age}\n`);
  expect(seals(blueprint)).toEqual({ operations: [operations], security: [security] });
  expect(contents(blueprint).has(keepers as string)).toBe(false);
});

it("watches what each host shows to others, and every unit that it has", () => {
  for (const host of blueprint.hosts) {
    const configuration = renderHost(blueprint, host, loadPrograms(), standIns);
    const settings = configuration.files.find(({ path }) =>
      path.endsWith("/polder-watch.json"),
    )?.content;
    const { certificates, units } = JSON.parse(settings ?? "");
    expect(certificates).toContain("/etc/polder/tls/host.crt");
    expect(certificates.includes("/etc/nginx/tls/web.crt")).toBe(host.role === "control");
    expect(certificates.includes("/etc/coturn/turn.crt")).toBe(host.role === "turn");
    expect(units).toEqual([...new Set(configuration.units.map(({ name }) => name))].sort());
  }
});

it("looks at the services with a login of its own, never with the secret that logins are made from", () => {
  const files = monitorFragment(blueprint, monitor(blueprint), loadPrograms()).files ?? [];
  expect(files.filter(({ content }) => content.includes("turn/shared-secret"))).toEqual([]);
  const holders = files.filter(({ content }) => content.includes("@@secret:turn/monitor-login@@"));
  expect(holders.map(({ path, mode }) => [path, mode])).toEqual([
    ["/etc/polder/monitor/turn-login", "0600"],
  ]);
});
