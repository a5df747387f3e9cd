import { generateKeyPairSync, randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { makeRoom } from "../../meetings/rooms/index.ts";
import { linkOf, signToken, type Ticket } from "../../meetings/tokens/index.ts";

// The page's own program, held against links that polder makes.
const file = new URL("programs/invitation.js", import.meta.url).href;
const { problemOf } = await import(file);

const NOW = Math.floor(Date.now() / 1000);
const room = (): string =>
  makeRoom("meet.example", NOW, { index: 0, key: randomBytes(32) }, randomBytes).name;
const name = room();
const ticket: Ticket = {
  domain: "meet.example",
  room: name,
  role: "moderator",
  name: "Zoë Kuiper – van 't Háár",
  id: "a".repeat(26),
  person: "b".repeat(26),
  issued: NOW,
  from: NOW + 100,
  until: NOW + 3_700,
};
const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const token = await signToken(ticket, ["recording"], privateKey);

it("a link says when it counts, to the second", () => {
  expect(problemOf(name, token, ticket.from - 1)).toEqual({ id: "early", at: ticket.from });
  expect(problemOf(name, token, ticket.from)).toBeUndefined();
  expect(problemOf(name, token, ticket.until - 1)).toBeUndefined();
  expect(problemOf(name, token, ticket.until)).toEqual({ id: "ended", at: ticket.until });
});

it("a link says that it isn't whole, or put together of two", () => {
  // One letter: the check finds each of those. Two that change places may be the same letter.
  const mistyped = `${name[0] === "0" ? "1" : "0"}${name.slice(1)}`;
  const at = ticket.from;
  expect(problemOf(mistyped, token, at)).toEqual({ id: "mistyped" });
  expect(problemOf(room(), token, at)).toEqual({ id: "other" });
  const { length } = token.split(".").slice(0, 2).join(".");
  for (const cut of [undefined, null, "", "e30", "a.b.c", "..", token.slice(0, length - 20), 7])
    expect([cut, problemOf(name, cut, at)]).toEqual([cut, { id: "incomplete" }]);
});

it("a link as polder writes it has the token where the page looks", () => {
  const { hash } = new URL(linkOf("meet.example", name, token));
  const setting = hash
    .slice(1)
    .split("&")
    .find((one) => one.startsWith("jwt="));
  expect(JSON.parse(decodeURIComponent(setting?.slice(4) ?? ""))).toBe(token);
});
