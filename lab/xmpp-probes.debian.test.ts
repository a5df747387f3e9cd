import { once } from "node:events";
import { connect } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../modules/common/findings/index.ts";
import { renderHost } from "../modules/hosts/render/index.ts";
import { buildBlueprint, hostOf } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { prosodyAccount } from "../modules/secrets/vaults/index.ts";
import { type Context, onceOnly, PROBES, runProbes } from "../modules/verification/probes/index.ts";
import { loadPrograms } from "../modules/workspace/index.ts";
import { standIns } from "./stand-ins/index.ts";
import { Issuer } from "./testing/gate-issuer.ts";
import { bridgePassword, type Change, GateServer } from "./testing/gate-server.ts";
import { withoutGate } from "./testing/without-gate.ts";

const blueprint = buildBlueprint(inputOf(someInstance()));
const { domain } = blueprint;

// From outside nothing of this server can be reached: xmpp.test.ts has that probe.
const probes = PROBES.filter(({ group, id }) => group === "xmpp" && id !== "xmpp-unreachable");

/** Where a probe stands that has the control host's Prosody before it, and its root's rights. */
const contextOf = (server: GateServer): Context => ({
  blueprint,
  configuration: (host) => renderHost(blueprint, hostOf(blueprint, host), loadPrograms(), standIns),
  now: new Date(),
  vantagePoint: {
    where: "nowhere",
    ask: () => Promise.reject(new Error("nobody asks from outside")),
  },
  admin: {
    dial: async () => {
      const socket = connect(server.c2sPort, "127.0.0.1");
      await once(socket, "connect");
      return socket;
    },
    run: async (_host, command) => ({ code: 0, stdout: server.run(command), stderr: "" }),
    python: () => Promise.reject(new Error("no program")),
    ssh: () => Promise.reject(new Error("no ssh")),
    forward: () => Promise.reject(new Error("no forwarding")),
  },
  secret: (name) =>
    name === "ca/instance.crt" ? server.authority : bridgePassword(name.slice(8, -9)),
  drift: () => Promise.reject(new Error("no drift")),
  listens: false,
  once: onceOnly(),
});

/** What the probes find at a Prosody with the rendered files, of which something may be changed. */
async function probed(change: Change = {}): Promise<ReadonlyMap<string, Finding>> {
  const server = await GateServer.start(blueprint, new Issuer(domain), change);
  try {
    const found = await runProbes(probes, contextOf(server));
    return new Map(found.map((finding) => [finding.id, finding]));
  } finally {
    await server.stop();
  }
}

const accounts = `/var/lib/prosody/${`auth.${domain}`.replaceAll(".", "%2e")}/accounts`;

describe("probes of XMPP, at Prosody with the rendered files", () => {
  it("all pass", async () => {
    const found = await probed();
    expect([...found.values()].map(({ id, verdict }) => `${id} ${verdict}`)).toEqual(
      probes.map(({ id }) => `${id} pass`),
    );
    expect(found.get("xmpp-tls-required")?.message).toBe(
      "TLS is required; logins without it get encryption-required",
    );
  });

  describe("find what was planted", () => {
    let found: ReadonlyMap<string, Finding>;
    beforeAll(async () => {
      found = await probed({
        config: (text) =>
          `${withoutGate(text)}
VirtualHost "auth.nobody.invalid"
VirtualHost "recorder.${domain}"
Component "speakerstats.${domain}" "muc"
`
            .replace("c2s_require_encryption = true", "c2s_require_encryption = false")
            .replace('"PLAIN"; ', "")
            .replaceAll("restrict_room_creation = true", "restrict_room_creation = false"),
        files: {
          [`${accounts}/focus.dat`]: prosodyAccount("0".repeat(64)),
          [`${accounts}/bridge%2d2.dat`]: null,
          [`${accounts}/bridge%2d9.dat`]: prosodyAccount(bridgePassword("bridge-9")),
        },
      });
    }, 120_000);

    it.each([
      ["xmpp-tls-required", "it doesn't require TLS"],
      ["xmpp-password", "focus with a wrong password: logged in"],
      ["xmpp-other-instance", "a stream of auth.nobody.invalid: let in"],
      ["xmpp-accounts", `${accounts}/bridge%2d9.dat is an account of nobody who is planned`],
      ["xmpp-accounts", `${accounts}/bridge%2d2.dat isn't there`],
      ["xmpp-bridge-place", `to jvbbrewery@internal.auth.${domain}/focus: joined`],
      ["xmpp-public-host", `${domain} is answered by a stream`],
      ["xmpp-off", `recorder.${domain} is answered by a stream`],
      ["xmpp-off", `bridge-1 asks speakerstats.${domain}: result`],
      ["xmpp-off", `joins jibribrewery@internal.auth.${domain}/bridge-1: joined`],
      ["xmpp-registration", "it offers PLAIN"],
    ])("%s: %s", (id, message) => {
      expect(found.get(id)).toMatchObject({
        verdict: "fail",
        message: expect.stringContaining(message),
      });
    });
  });
});
