import { expect, it } from "vitest";
import { BadInput } from "../../common/input/index.ts";
import { readLinks } from "./links.ts";

const token = (room: string, role: string): string =>
  `e30.${Buffer.from(JSON.stringify({ room, role })).toString("base64url")}.c2ln`;
const link = (room: string, role: string): string =>
  `https://meet.example/${room}#jwt=${token(room, role)}`;
const LIVE = "aaaabbbbcccc";
const OWN = "ddddeeeeffff";
const good: Record<string, string> = {
  moderator: link(LIVE, "moderator"),
  guest: `https://meet.example/${LIVE}#jwt=%22${token(LIVE, "guest")}%22`,
  attacker: link(OWN, "guest"),
  ended: "[https://meet.example/gggghhhhjjjj]",
};
const read = (over: Record<string, string> = {}) =>
  readLinks(
    Object.entries({ ...good, ...over })
      .map(([key, value]) => `${key}: ${value}\n`)
      .join(""),
    "links.yaml",
    "meet.example",
  );

it("reads rooms and tokens, in quotes or not", () => {
  expect(read()).toEqual({
    moderator: { room: LIVE, token: token(LIVE, "moderator") },
    guest: { room: LIVE, token: token(LIVE, "guest") },
    attacker: { room: OWN, token: token(OWN, "guest") },
    names: { ended: ["gggghhhhjjjj"], revoked: [], "not begun": [] },
  });
});

it.each([
  [{ moderator: link(LIVE, "guest") }, "links.yaml:1:12: moderator: not a moderator's link"],
  [{ guest: link(OWN, "guest") }, "guest: not of the moderator's meeting"],
  [{ attacker: link(LIVE, "guest") }, "attacker: of the moderator's meeting"],
  [{ attacker: "https://meet.example/zzzz#jwt=x.y.z" }, "attacker: not a guest's link"],
  [
    { guest: `https://meet.example/${OWN}#jwt=${token(LIVE, "guest")}` },
    "guest: its token is for another room than the link",
  ],
  [
    { ended: "[https://other.example/x]" },
    "ended[0]: no link to a meeting at https://meet.example/",
  ],
  [{ guest: "https://meet.example/aaaabbbbcccc#jwt=%2" }, "guest: no link to a meeting"],
  [{ ended: "no" }, "ended: a list of links is needed"],
  [{ guest: "[]" }, "guest: a link is needed"],
  [{ gast: "x" }, "allowed keys: moderator, guest, attacker, ended, revoked, not begun"],
])("refuses %j in one line, which repeats no secret", (over, message) => {
  let told = "";
  try {
    read(over);
  } catch (error) {
    expect(error).toBeInstanceOf(BadInput);
    told = (error as Error).message;
  }
  expect(told).toContain(message);
  expect(told).not.toMatch(/\n|aaaabbbb|ddddeeee|e30/);
});
