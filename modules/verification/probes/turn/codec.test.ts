import { createSocket } from "node:dgram";
import { describe, expect, it } from "vitest";
import { askTurn } from "./ask.ts";
import {
  ATTRIBUTE,
  attributeOf,
  decode,
  encode,
  errorOf,
  longTermKey,
  newTransaction,
  readXorAddress,
  restCredential,
  xorAddress,
} from "./codec.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ""), "hex");

describe("STUN", () => {
  // RFC 5769, 2.4: a request with long-term authentication.
  const sample = hex(`000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae383
    83e382afe382b90000 0015001c662f2f3439396b39353464364f4c33346f4c394653547679363473 41
    0014000b6578616d706c652e6f726700 00080014f67024656dd64a3e02b8e0712e85c9a28ca89666`);

  it("signs as the RFC's sample does", () => {
    const message = decode(sample);
    if (!message) throw new Error("not read");
    const unsigned = message.attributes.filter(([type]) => type !== ATTRIBUTE.messageIntegrity);
    const key = longTermKey("マトリックス", "example.org", "TheMatrIX");
    expect(encode({ ...message, attributes: unsigned }, key).toString("hex")).toBe(
      sample.toString("hex"),
    );
  });

  it.each(["192.0.2.1", "2001:db8:1234:5678:11:2233:4455:6677", "0:0:0:0:0:0:0:1"])(
    "hides and shows the address %s",
    (address) => {
      const transaction = newTransaction();
      const value = xorAddress({ address, port: 32_853 }, transaction);
      expect(readXorAddress(value, transaction)).toEqual({ address, port: 32_853 });
    },
  );

  it("writes a mapped address as an IPv6 one", () => {
    const transaction = newTransaction();
    const value = xorAddress({ address: "::ffff:10.1.2.3", port: 1 }, transaction);
    expect(readXorAddress(value, transaction).address).toBe("0:0:0:0:0:ffff:a01:203");
  });

  it("reads the address of RFC 5769, 2.2", () => {
    const transaction = hex("b7e7a701bc34d686fa87dfae");
    expect(readXorAddress(hex("0001a147e112a643"), transaction)).toEqual({
      address: "192.0.2.1",
      port: 32_853,
    });
  });

  it.each(["", "00", "16030100", "000100082112a442", sample.toString("hex").slice(0, 60)])(
    "takes nothing else for a message: %s",
    (text) => expect(decode(hex(text))).toBeUndefined(),
  );

  it("makes a credential of the REST kind", () => {
    expect(restCredential("north", 1_433_895_918, "someone")).toEqual({
      user: "1433895918:someone",
      password: expect.stringMatching(/^[A-Za-z0-9+/]{27}=$/),
    });
  });
});

describe("a client", () => {
  it("answers a challenge once, and tells the second refusal", async () => {
    const server = createSocket("udp4");
    const asked: (string | undefined)[] = [];
    server.on("message", (bytes, peer) => {
      const request = decode(bytes);
      if (!request) return;
      asked.push(attributeOf(request, ATTRIBUTE.username)?.toString());
      const attributes = [
        [ATTRIBUTE.errorCode, Buffer.from([0, 0, 4, 1])],
        [ATTRIBUTE.realm, Buffer.from("r")],
        [ATTRIBUTE.nonce, Buffer.from("n")],
      ] as const;
      server.send(encode({ ...request, type: 0x0113, attributes }), peer.port, peer.address);
    });
    await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
    const { code } = await askTurn({
      server: { address: "127.0.0.1", port: server.address().port },
      what: "allocate",
      credential: { user: "u", password: "p" },
    });
    server.close();
    expect(code).toBe(401);
    expect(asked).toEqual([undefined, "u"]);
  });

  it("says that nothing came", async () => {
    const server = { address: "127.0.0.1", port: 9 };
    expect((await askTurn({ server, what: "binding" })).code).toBeUndefined();
  });

  it("reads an error's code", () => {
    const message = {
      type: 0x0113,
      transaction: newTransaction(),
      attributes: [[9, Buffer.from([0, 0, 4, 86])]],
    } as const;
    expect(errorOf(message)).toBe(486);
  });
});
