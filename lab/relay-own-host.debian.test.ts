import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { baseFragment } from "../modules/hosts/host/index.ts";
import {
  buildBlueprint,
  type Host,
  instancePorts,
  PORTS,
} from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { restCredential } from "../modules/verification/probes/turn/codec.ts";
import { RelayServer } from "./testing/relay-server.ts";

// Of size single the relay's one peer is the bridge of its own host. Here coturn and the packet filter are real, and both
// stand in one network; people come by TLS, which loopback lets through.

const blueprint = buildBlueprint(inputOf(someInstance({ size: "single" })));
const SECRET = "a".repeat(64);
/** Something by UDP on the relay's host beside the bridge: Prosody's number, and the relay's own port. */
const OTHER = PORTS.xmpp;

const ECHO = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], int(sys.argv[2])))
print("bound", flush=True)
while True:
    data, address = s.recvfrom(2048)
    s.sendto(data, address)
`;

let server: RelayServer;
let other: ChildProcess;
beforeAll(async () => {
  server = await RelayServer.start(blueprint, [SECRET]);
  const [command = "", ...way] = server.way;
  const echo = ["python3", "-c", ECHO, server.host.ipv4, `${OTHER}`];
  other = spawn(command, [...way, ...echo], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => other.stdout?.once("data", resolve));
}, 300_000);
afterAll(async () => {
  other?.kill();
  await server?.stop();
});

/** Loads a packet filter into the relay's network. */
function load(text: string): void {
  const [command = "", ...way] = server.way;
  execFileSync(command, [...way, "nft", "-f", "-"], { input: text });
}

let names = 0;
/** Whether what is sent through the relay to a port of its own host comes back. */
async function comesBack(port: number): Promise<boolean> {
  const { ipv4 } = server.host;
  const { echoed, failed, allocated } = await server.outside.ask("relayTurn", {
    server: {
      address: ipv4,
      port: instancePorts(blueprint).turnTls,
      tls: { name: "dummy", ca: server.certificate(blueprint) },
    },
    credential: restCredential(SECRET, Math.floor(Date.now() / 1000) + 60, `own-${names++}`),
    peers: [ipv4],
    echo: { address: ipv4, port },
  });
  expect([allocated, failed]).toEqual([0, undefined]);
  return echoed === true;
}

const [HOST] = blueprint.hosts as [Host];
const FILTER =
  baseFragment(blueprint, HOST).files?.find(({ path }) => path === "/etc/nftables.conf")?.content ??
  "";

describe("a relay on its bridge's own host", () => {
  it("reaches all of the host where no filter is loaded: the control", async () => {
    expect([await comesBack(PORTS.media), await comesBack(OTHER)]).toEqual([true, true]);
  });

  it("reaches the media port and nothing else behind the rendered filter", async () => {
    load(FILTER);
    expect([await comesBack(PORTS.media), await comesBack(OTHER)]).toEqual([true, false]);
  });

  it("reaches everything again where the filter lacks its line: the planted fault", async () => {
    load(FILTER.replaceAll(/^.*relay-to-itself.*$/gm, ""));
    expect([await comesBack(PORTS.media), await comesBack(OTHER)]).toEqual([true, true]);
  });
});
