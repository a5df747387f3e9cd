import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { tablesOf } from "../modules/hosts/gate/tables.ts";
import { buildBlueprint } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { childOf, type Element, StanzaReader } from "../modules/verification/probes/index.ts";
import { loadPrograms } from "../modules/workspace/index.ts";
import { conditionOf, type GateClient } from "./testing/gate-client.ts";
import { worldOfSuite } from "./testing/gate-suite.ts";
import { loadVectors, stanzaOfRow } from "./testing/gate-vectors.ts";
import { REFUSED } from "./testing/gate-world.ts";

const blueprint = buildBlueprint(inputOf(someInstance({ chat: "on" })));
const vectors = loadVectors();

const world = worldOfSuite(blueprint);

const USER = "http://jabber.org/protocol/muc#user";
const QUESTION = "<query xmlns='http://jabber.org/protocol/disco#info'/>";

let moderator: GateClient;
let guest: GateClient;
beforeAll(async () => {
  moderator = await world().meeting();
  guest = await world().client(moderator.room, "guest");
  await moderator.setAffiliation(guest.bareJid, "member");
  expect(await guest.join()).toBe("joined");
  // Of what a guest sends about encryption, what agrees with a moderator arrives.
  moderator.send(
    `<presence to='${room()}/${moderator.nick}'><jitsi_participant_e2ee.enabled>true</jitsi_participant_e2ee.enabled></presence>`,
  );
}, 60_000);

const room = () => guest.at("conference");

/** An element as text, its attributes sorted; JSON by what it says. */
function written({ name, attributes, children, text }: Element): unknown {
  const said = text.startsWith("{") ? (JSON.parse(text) as unknown) : text;
  return { name, attributes, children: children.map(written), said };
}

/** The presence without what Prosody and the gate add to each: who it is, whose, and by which name. */
function fromGuest(presence: Element): readonly Element[] {
  const added = presence.children.slice(-2).map(({ name }) => name);
  expect(added).toEqual(["occupant-id", "x"]);
  const x = presence.children.at(-1) as Element;
  expect(x.attributes).toEqual({ xmlns: USER });
  expect(x.children.map(({ name, attributes }) => [name, attributes])).toEqual([
    ["item", { role: "participant", affiliation: "member", jid: guest.jid }],
  ]);
  return presence.children.slice(0, -2);
}

/** The answer of a guest to a moderator's question, as the moderator gets it. */
async function answered(type: "result" | "error", inside: string): Promise<Element> {
  moderator.send(`<iq type='get' id='question' to='${room()}/${guest.nick}'>${QUESTION}</iq>`);
  const asked = await guest.take(({ name, attributes }) => {
    return name === "iq" && attributes["type"] === "get";
  });
  const { from, id } = asked.attributes;
  guest.send(`<iq type='${type}' id='${id}' to='${from}'>${inside}</iq>`);
  return moderator.take(({ attributes }) => attributes["id"] === "question");
}

const isOf = (name: string) => (seen: Element) =>
  seen.name === name && seen.attributes["from"] === `${room()}/${guest.nick}`;

/** What others get of a row, or "refused". */
async function arrived(as: string, inside: string): Promise<readonly Element[] | "refused"> {
  // What came of an earlier row has come by then.
  await moderator.ping();
  moderator.seen.length = 0;
  if (as === "presence") {
    guest.send(`<presence to='${room()}/${guest.nick}'>${inside}</presence>`);
    return fromGuest(await moderator.take(isOf("presence")));
  }
  if (as === "leave") {
    guest.send(`<presence type='unavailable' to='${room()}/${guest.nick}'>${inside}</presence>`);
    const left = await moderator.take(isOf("presence"));
    expect(await guest.join()).toBe("joined");
    expect(left.children.map(({ name }) => name).sort()).toEqual(["occupant-id", "x"]);
    return left.children.filter(({ name }) => name !== "occupant-id" && name !== "x");
  }
  if (as === "answer" || as === "error")
    return (await answered(as === "answer" ? "result" : "error", inside)).children;
  if (as === "asked") {
    const answer = await guest.ask(`<iq type='set' to='${room()}/focus' ID>${inside}</iq>`);
    expect(conditionOf(answer)).toBe(REFUSED);
    return "refused";
  }
  if (as === "to-focus") {
    const { focus } = world();
    guest.send(`<iq type='set' id='media' to='${room()}/focus'>${inside}</iq>`);
    const got = await focus.take(({ attributes }) => attributes["type"] === "set");
    return got.children;
  }
  const to = as === "to-all" ? room() : `${room()}/${moderator.nick}`;
  guest.send(
    `<message id='said' type='${as === "to-all" ? "groupchat" : "chat"}' to='${to}'>${inside}</message>`,
  );
  await guest.ping();
  await moderator.ping();
  const answer = guest.seen.find(
    ({ attributes }) => attributes["id"] === "said" && attributes["type"] === "error",
  );
  guest.seen.length = 0;
  const got = moderator.seen.find(isOf("message"));
  expect(answer === undefined, "an answer or a message, and not both").toBe(got !== undefined);
  if (!got) {
    expect(answer && conditionOf(answer)).toBe(REFUSED);
    return "refused";
  }
  return got.children.filter(
    ({ name, attributes }) =>
      name !== "occupant-id" && !(as === "to-one" && attributes["xmlns"] === USER),
  );
}

describe("of what a guest sends, others get what the table of contents names", () => {
  it.each(vectors.contents)("$id: $why", async ({ as, send, arrives }) => {
    const fill = (xml: string) => stanzaOfRow(xml, guest, guest.room);
    const got = await arrived(as, fill(send));
    if (arrives === "refused" || got === "refused") return expect(got).toBe(arrives);
    const [wanted] = new StanzaReader().read(
      `<w>${arrives === "nothing" ? "" : fill(arrives)}</w>`,
    );
    expect(got.map(written)).toEqual(wanted?.children.map(written));
  });

  it("an iq whose id would carry words isn't passed on, a message's is taken out", async () => {
    const words = "om vijf uur";
    guest.send(`<message id='${words}' type='groupchat' to='${room()}'><body>x</body></message>`);
    const said = await moderator.take(isOf("message"));
    expect(said.attributes["id"]).not.toContain("vijf");
    guest.send(`<iq type='get' id='${words}' to='${room()}/${moderator.nick}'>${QUESTION}</iq>`);
    const answer = await guest.take(({ attributes }) => attributes["id"] === words);
    expect(conditionOf(answer)).toBe(REFUSED);
  });

  it("nor does a stanza's own attribute pass that isn't known", async () => {
    guest.send(
      `<presence xmlns='jabber:client' xmlns:m='urn:m' m:xmlns='${USER}' code='110' xml:lang='fy' to='${room()}/${guest.nick}'/>`,
    );
    const seen = await moderator.take(isOf("presence"));
    expect(Object.keys(seen.attributes).sort()).toEqual(["from", "to", "xmlns"]);
  });
});

describe("a media session that its sender has ended, to begin anew", () => {
  const says = (action: string, sid: string, inside = "") =>
    `<iq type='set' to='${room()}/focus' ID><jingle xmlns='urn:xmpp:jingle:1' action='${action}' sid='${sid}'>${inside}</jingle></iq>`;
  const accepts = (sid: string) => says("session-accept", sid);
  const ends = (sid: string, restart: boolean) =>
    says(
      "session-terminate",
      sid,
      `<bridge-session xmlns='http://jitsi.org/protocol/focus' id='b' restart='${restart}'/>`,
    );
  /** Sends what nobody answers here: Jicofo would. */
  const send = (who: GateClient, xml: string, id: string) =>
    who.send(xml.replace("ID", `id='${id}'`));
  /** What Jicofo got, in order, up to a last one. */
  const heard = async (last: string) => {
    const got: string[] = [];
    do {
      const { children } = await world().focus.take(
        (seen) => childOf(seen, "jingle") !== undefined,
      );
      const { action, sid } = children[0]?.attributes ?? {};
      got.push(`${action} ${sid}`);
    } while (got.at(-1) !== last);
    return got;
  };

  it("is accepted without Jicofo, which would refuse that; each other one is Jicofo's", async () => {
    send(guest, accepts("one"), "a");
    send(guest, ends("one", true), "b");
    send(guest, ends("two", true), "c");
    for (const sid of ["one", "two", "one"]) {
      const answer = await guest.ask(accepts(sid));
      expect([answer.attributes["type"], answer.attributes["from"], answer.children]).toEqual([
        "result",
        `${room()}/focus`,
        [],
      ]);
    }
    // One that ended for good, another's, and of those that began anew the fifth.
    send(guest, ends("three", false), "d");
    send(guest, accepts("three"), "e");
    await guest.ping();
    send(moderator, accepts("one"), "f");
    await moderator.ping();
    for (const sid of ["4", "5", "6", "7"]) send(guest, ends(sid, true), sid);
    send(guest, accepts("one"), "g");
    expect(await heard("session-terminate 7")).toEqual([
      "session-accept one",
      "session-terminate one",
      "session-terminate two",
      "session-terminate three",
      "session-accept three",
      "session-accept one",
      ...["4", "5", "6", "7"].map((sid) => `session-terminate ${sid}`),
    ]);
    expect(await heard("session-accept one")).toHaveLength(1);
  });
});

describe("of random trees", () => {
  /** Words that no known attribute and no known text but people's words may hold. */
  const FORGED = "FOR GED";
  const NAMES = [
    "x",
    "item",
    "status",
    "actor",
    "invite",
    "features",
    "feature",
    "c",
    "SourceInfo",
    "nick",
    "audiomuted",
    "jitsi_participant_raisedHand",
    "silent",
    "startmuted",
    "follow-me",
    "query",
    "identity",
    "error",
    "json-message",
    "reactions",
    "reaction",
    "reply",
    "services",
    "jingle",
    "content",
    "description",
    "source",
    "parameter",
    "occupant-id",
    "permissions",
    "ignore",
    "conference-properties",
    "bridgeNotAvailable",
    "identity",
    "bot",
    "stat",
    "destroy",
    "delay",
  ];
  const OURS = new Set(
    Object.values(tablesOf(loadPrograms()).contents.elements).flatMap(({ names }) =>
      names.map((one) => one.split(" ")[0] ?? ""),
    ),
  );
  const SPACES = [
    "",
    ...OURS,
    ...[USER, "http://jitsi.org/jitmeet/", "urn:xmpp:occupant-id:0", "urn:other", "vcard-temp"],
  ];
  const attribute = fc.constantFrom(
    "var",
    "code",
    "jid",
    "role",
    "affiliation",
    "node",
    "ver",
    "id",
    "name",
    "value",
    "type",
  );
  const leaf = fc.constantFrom(FORGED, "true", "", "owner", "110", '{"type":"olm"}', "moderator");
  const quoted = (text: string) => text.replaceAll('"', "&quot;");
  const { tree } = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc
      .record({
        name: fc.constantFrom(...NAMES),
        space: fc.option(fc.constantFrom(...SPACES), { nil: undefined }),
        prefixed: fc.boolean(),
        attributes: fc.uniqueArray(fc.tuple(attribute, leaf), {
          maxLength: 3,
          selector: ([name]) => name,
        }),
        inside: fc.array(fc.oneof({ depthSize: "small" }, leaf.map(quoted), tie("tree")), {
          maxLength: 3,
        }),
      })
      .map(({ name, space, prefixed, attributes, inside }) => {
        const written = attributes.map(([key, value]) => ` ${key}="${quoted(value)}"`).join("");
        const [full, declared] =
          space === undefined || (prefixed && space === "")
            ? [name, ""]
            : prefixed
              ? [`p:${name}`, ` xmlns:p="${space}" p:xmlns="${USER}"`]
              : [name, ` xmlns="${space}"`];
        return `<${full}${declared}${written}>${inside.join("")}</${full}>`;
      }),
  }));

  const everything = (element: Element): Element[] => [
    element,
    ...element.children.flatMap(everything),
  ];
  const known = new Set([
    ...["jabber:client", USER, "urn:xmpp:occupant-id:0", "http://jabber.org/protocol/nick"],
    ...OURS,
  ]);

  it("none gives itself a role, brings a foreign namespace or words along", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tree, { minLength: 1, maxLength: 4 }), async (trees) => {
        const inside = trees.join("");
        moderator.seen.length = 0;
        guest.send(`<presence to='${room()}/${guest.nick}'>${inside}</presence>`);
        for (const [type, to] of [
          ["groupchat", room()],
          ["chat", `${room()}/${moderator.nick}`],
        ])
          guest.send(`<message type='${type}' to='${to}'>${inside}<body>x</body></message>`);
        const answer = await answered("result", inside);
        const seen = [answer, ...moderator.seen];
        // Jicofo's stand-in leaves a meeting after a while.
        const presences = seen
          .filter(isOf("presence"))
          .filter(({ attributes }) => attributes["from"] === `${room()}/${guest.nick}`);
        const messages = seen.filter(isOf("message"));
        expect([presences.length, messages.length]).toEqual([1, 2]);
        for (const presence of presences) fromGuest(presence);
        for (const one of [
          ...presences.map((p) => ({ ...p, children: fromGuest(p) })),
          ...messages,
          answer,
        ])
          for (const element of everything(one)) {
            const { name, attributes, text } = element;
            // Of a message to one, Prosody says so by an empty x.
            const isOfOne = one.attributes["type"] === "chat" && element.children.length === 0;
            if (!(name === "x" && isOfOne))
              expect(["x", "item", "status", "actor"]).not.toContain(name);
            expect(known).toContain(attributes["xmlns"] ?? "jabber:client");
            expect(name).not.toContain(":");
            expect(Object.keys(attributes).filter((key) => key.includes(":"))).toEqual([]);
            expect(JSON.stringify(attributes) + (name === "body" ? "" : text)).not.toContain(
              FORGED,
            );
          }
      }),
      { numRuns: 150 },
    );
    // The guest wasn't put out meanwhile, and is no moderator.
    expect(await guest.join()).toBe("joined");
    expect(childOf(await moderator.take(isOf("presence")), "x")).toBeDefined();
  });
});
