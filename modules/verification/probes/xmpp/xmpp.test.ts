import { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import { buildBlueprint } from "../../../planning/blueprint/index.ts";
import { inputOf, someInstance } from "../../../planning/blueprint/testing.ts";
import type { Context } from "../probe.ts";
import type { Question } from "../tasks.ts";
import { XmppClient, XmppRefused } from "./client.ts";
import { xmppProbes } from "./probes.ts";
import { childOf, StanzaReader } from "./stanzas.ts";

const FEATURES =
  "<?xml version='1.0'?><stream:stream id='x' from=\"a\"><stream:features><starttls xmlns='u'><required/></starttls></stream:features>";

describe("a stream's elements", () => {
  it("come out whole, however they are cut", () => {
    for (let size = 1; size < 20; size++) {
      const reader = new StanzaReader();
      const text = `${FEATURES}<a b='1 &lt; 2'>x &amp; y<c/></a></stream:stream>`;
      const found = [];
      for (let at = 0; at < text.length; at += size)
        found.push(...reader.read(text.slice(at, at + size)));
      expect(found.map(({ name }) => name)).toEqual([
        "stream:stream",
        "stream:features",
        "a",
        "/stream:stream",
      ]);
      expect(childOf(childOf(found[1], "starttls"), "required")).toBeDefined();
      expect(found[2]).toMatchObject({ attributes: { b: "1 < 2" }, text: "x & y" });
    }
  });
});

/** A server that gives one answer to each thing that it gets. */
function server(...answers: string[]): Duplex {
  return new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      const answer = answers.shift();
      if (answer !== undefined) this.push(answer);
      done();
    },
  });
}

describe("a client", () => {
  it("sees what is offered", async () => {
    const client = new XmppClient(server(FEATURES));
    expect((await client.open("a")).children.map(({ name }) => name)).toEqual(["starttls"]);
  });

  it("tells the server's own word", async () => {
    const client = new XmppClient(
      server(
        "<stream:stream><stream:error><host-unknown/><text>no</text></stream:error></stream:stream>",
      ),
    );
    await expect(client.open("b")).rejects.toThrow("refused: host-unknown");
  });

  it("gives no password where only old mechanisms are", async () => {
    const client = new XmppClient(
      server("<stream:stream><f><mechanisms><mechanism>PLAIN</mechanism></mechanisms></f>"),
    );
    await expect(client.login(await client.open("a"), "u", "p")).rejects.toThrow(
      "no SCRAM among PLAIN",
    );
  });

  it("takes a stream that ends without a word for no refusal", async () => {
    const ends = new Duplex({
      read() {
        this.push(null);
      },
      write: (_chunk, _encoding, done) => done(),
    });
    const error = await new XmppClient(ends).open("a").catch((why: unknown) => why);
    expect(error).toEqual(new Error("the stream ended: closed"));
    expect(error).not.toBeInstanceOf(XmppRefused);
  });
});

describe("a probe", () => {
  it("couldn't be tried where the server ends the stream without a word", async () => {
    const blueprint = buildBlueprint(inputOf(someInstance()));
    const probe = xmppProbes.find(({ id }) => id === "xmpp-tls-required");
    const dial = async () => {
      const stream = server(FEATURES);
      stream.once("data", () => stream.push(null));
      return stream;
    };
    const context = { blueprint, admin: { dial } } as unknown as Context;
    await expect(probe?.run("control-1", context)).rejects.toThrow("the stream ended: closed");
  });
});

describe("the ports of Prosody from outside", () => {
  const plan = buildBlueprint(inputOf(someInstance()));
  const hosts = plan.hosts.map((host) => ({
    ...host,
    publicAddress: { id: host.id, ipv4: "203.0.113.7" },
  }));
  const blueprint = { ...plan, hosts };
  const probe = xmppProbes.find(({ id }) => id === "xmpp-unreachable");
  const asked: Question<"tryConnect">[] = [];
  /** Runs it where the given ports are open, and all others answer nothing. */
  const run = (...open: number[]) =>
    probe?.run("control-1", {
      blueprint,
      vantagePoint: {
        where: "a test",
        ask: async (_: string, question: Question<"tryConnect">) => {
          asked.push(question);
          return { verdict: open.includes(question.port) ? "open" : "silent", took: 1 };
        },
      },
    } as unknown as Context);

  it("pass when they are silent for longer than a lost packet takes to come again", async () => {
    expect((await run(443))?.verdict).toBe("pass");
    expect(new Set(asked.map(({ timeout }) => timeout))).toEqual(new Set([3_000]));
    expect(asked.filter(({ port }) => port === 5222).length).toBeGreaterThan(1);
  });

  it("are found open", async () => {
    expect(await run(443, 5269)).toMatchObject({
      verdict: "fail",
      message: expect.stringContaining("203.0.113.7 tcp 5269 is open"),
    });
  });

  it("prove nothing by silence where nothing else answers either", async () => {
    await expect(run()).rejects.toThrow("port 443 is silent from a test");
  });
});
