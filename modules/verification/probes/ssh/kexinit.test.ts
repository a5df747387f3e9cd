import { describe, expect, it } from "vitest";
import { readOffer } from "./kexinit.ts";

/** A server's first words, with these lists. */
function words(lists: readonly string[]): Buffer {
  const list = (text: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return Buffer.concat([length, Buffer.from(text)]);
  };
  const payload = Buffer.concat([
    Buffer.from([20]),
    Buffer.alloc(16),
    ...lists.map(list),
    Buffer.alloc(5),
  ]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length + 5);
  head.writeUInt8(4, 4);
  const banner = Buffer.from("hello\r\nSSH-2.0-OpenSSH_10.0\r\n");
  return Buffer.concat([banner, head, payload, Buffer.alloc(4)]);
}

const LISTS = ["k1,k2", "h", "c1", "c2", "m1", "m2", "none", "none", "", ""];

describe("an SSH server's offer", () => {
  it("is read from its first packet", () => {
    expect(readOffer(words(LISTS))).toEqual({
      banner: "SSH-2.0-OpenSSH_10.0",
      kex: ["k1", "k2"],
      hostKeys: ["h"],
      ciphers: ["c1"],
      macs: ["m1"],
      compression: ["none"],
    });
  });

  it("is waited for until it is whole", () => {
    const bytes = words(LISTS);
    for (let size = 0; size < bytes.length - 1; size++)
      expect(readOffer(bytes.subarray(0, size))).toBeUndefined();
  });

  it("isn't seen in anything else", () => {
    expect(readOffer(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"))).toBeUndefined();
  });
});
