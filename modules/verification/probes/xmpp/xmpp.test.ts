import { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import { XmppClient } from "./client.ts";
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
});
