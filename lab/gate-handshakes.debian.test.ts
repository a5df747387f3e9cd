import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { XmppClient } from "../modules/verification/probes/index.ts";
import { attemptEntry, GateClient, queryOf } from "./testing/gate-client.ts";
import { worldOfSuite } from "./testing/gate-suite.ts";
import { loadVectors, queryOfRow } from "./testing/gate-vectors.ts";
import { World } from "./testing/gate-world.ts";

const blueprint = buildBlueprint(inputOf(someInstance({ chat: "on" })));
const { domain } = blueprint;
const vectors = loadVectors();

const world = worldOfSuite(blueprint);

describe("a handshake", () => {
  it("is refused with few words", async () => {
    const refusal = await attemptEntry(world().server, "");
    expect(refusal).toMatchObject({ status: 404, body: "not found\n" });
  });

  it("that is refused keeps no connection, which would take memory", async () => {
    const request = `GET /xmpp-websocket HTTP/1.1\r\nHost: ${domain}\r\nConnection: keep-alive\r\n\r\n`;
    // Comes to an end when the server closes.
    expect(await raw(world().server.webPort, request)).toContain("Connection: close\r\n");
  }, 20_000);

  it.each(vectors.handshakes)("$id: $verdict, $why", async (row) => {
    const answer = await attemptEntry(world().server, await queryOfRow(row, world().issuer));
    const admitted = answer instanceof WebSocket;
    if (admitted) answer.terminate();
    expect(admitted).toBe(row.verdict === "admitted");
    if (!admitted) expect(answer).toEqual(await attemptEntry(world().server, ""));
  });

  it("lets no guest in where guests are off", async () => {
    const meetings = { ...blueprint.meetings, guests: false };
    const closed = await World.start({ ...blueprint, meetings });
    try {
      const room = closed.issuer.room();
      const knocked = async (role: "guest" | "moderator") => {
        const token = await closed.issuer.token(room, role);
        const answer = await attemptEntry(closed.server, queryOf(room, token));
        if (answer instanceof WebSocket) answer.terminate();
        return answer instanceof WebSocket ? "admitted" : answer.status;
      };
      expect([await knocked("guest"), await knocked("moderator")]).toEqual([404, "admitted"]);
    } finally {
      await closed.stop();
    }
  });

  it.each([
    "/",
    "/xmpp-websocket",
    "/http-bind",
    "/room-size",
    "/room-census",
    "/_api/room-info",
    "/conference-request/v1",
    "/about",
    "/stats",
    "/metrics",
    "/debug",
    "/colibri/v2/conferences",
    "/.well-known/host-meta",
    "/.well-known/host-meta.json",
    "/admin",
    "/xmpp-websocket/",
  ])("is the only thing that HTTP gives: %s", async (path) => {
    const answers: string[] = [];
    for (const method of ["GET", "POST", "OPTIONS", "HEAD", "PUT"])
      for (const host of [domain, `conference.${domain}`, "localhost", "nobody.example"]) {
        const answer = await raw(
          world().server.webPort,
          `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
        );
        if (method !== "HEAD") answers.push(answer.replace(/Date: .*\r\n/, ""));
        else expect(answer).not.toContain("not found");
      }
    expect(new Set(answers.map((text) => text.split("\r\n").sort().join("\n"))).size).toBe(1);
    expect(answers[0]).toMatch(/^HTTP\/1\.1 404 /);
  });

  it("comes before any stream: the port of bridges gives none to the public host", async () => {
    const client = new XmppClient(connect(world().server.c2sPort, "127.0.0.1"));
    await expect(client.open(domain)).rejects.toThrow("not-authorized");
    client.close();
  });

  it.each(["auth", "conference", "internal.auth", "focus"])(
    "doesn't lead to a stream of %s.<domain>",
    async (name) => {
      const room = world().issuer.room();
      const one = await GateClient.connect(world().server, room, await world().issuer.token(room));
      await expect(one.open(`${name}.${domain}`)).rejects.toThrow(/not-authorized|host-unknown/);
      one.close();
    },
  );

  it.each([
    [
      "a stanza before the login",
      "<iq type='get' to='conference.DOMAIN' id='x'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
    ],
    ["a login by password's mechanism of no use", "<presence to='x@conference.DOMAIN/y'/>"],
    ["no stanza at all", "<join xmlns='jabber:client' to='x@conference.DOMAIN/y'/>"],
    ["another stream's element", "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"],
  ])("is followed by a login and nothing else: %s", async (_, xml) => {
    const room = world().issuer.room();
    const one = await GateClient.connect(world().server, room, await world().issuer.token(room));
    await one.open();
    one.send(xml.replace("DOMAIN", domain));
    expect(await one.untilEnded()).toBe("policy-violation");
  });

  it.each([
    "<resume xmlns='urn:xmpp:sm:3' h='0' previd='x'/>",
    "<enable xmlns='urn:xmpp:sm:3' resume='true'/>",
    "<inactive xmlns='urn:xmpp:csi:0'/>",
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>",
    "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='ANONYMOUS'/>",
    // A name of anybody's making would go into the log.
    "<piet-janssen xmlns='jabber:client'/>",
  ])("is followed by stanzas after the login, and nothing else: %s", async (xml) => {
    const one = await world().client(world().issuer.room(), "guest");
    one.send(xml);
    expect(await one.untilEnded()).toBe("policy-violation");
  });

  it("that speaks no XMPP is refused like all others, a good token or not", async () => {
    const room = world().issuer.room();
    const query = queryOf(room, await world().issuer.token(room));
    for (const protocol of ["", "Sec-WebSocket-Protocol: mqtt\r\n"])
      expect(
        await raw(
          world().server.webPort,
          `GET /xmpp-websocket${query} HTTP/1.1\r\nHost: ${domain}\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${protocol}\r\n`,
        ),
      ).toMatch(/^HTTP\/1\.1 404 [\s\S]*\r\n\r\nnot found\n$/);
  });
});

/** Bytes in, bytes out. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (data) => {
      answer += data.toString();
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}
