import { namesBelow } from "../../../planning/blueprint/index.ts";
import { escapeXml } from "../xmpp/stanzas.ts";

/** Who is asked about which room. */
interface About {
  readonly room: string;
  readonly domain: string;
  readonly id: string;
}

type Way = (about: About) => string;

const MUC = "http://jabber.org/protocol/muc";
type Component = keyof ReturnType<typeof namesBelow>;

const to = ({ room, domain }: About, component: Component, resource = ""): string =>
  `${escapeXml(room)}@${namesBelow(domain)[component]}${resource}`;
const iq =
  (type: "get" | "set", inner: string, resource = ""): Way =>
  (about) =>
    `<iq xmlns='jabber:client' type='${type}' id='${about.id}' to='${to(about, "conference", resource)}'>${inner}</iq>`;
const join =
  (component: Component): Way =>
  (about) =>
    `<presence xmlns='jabber:client' id='${about.id}' to='${to(about, component, "/visitor")}'><x xmlns='${MUC}'/></presence>`;

/** Ways to ask about a room from inside the session of another meeting's guest. */
export const SESSION_WAYS: Readonly<Record<string, Way>> = {
  presence: join("conference"),
  "disco info": iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>"),
  "disco items": iq("get", "<query xmlns='http://jabber.org/protocol/disco#items'/>"),
  message: (about) =>
    `<message xmlns='jabber:client' type='groupchat' id='${about.id}' to='${to(about, "conference")}'><body>hello</body></message>`,
  "conference request": (about) =>
    `<iq xmlns='jabber:client' type='set' id='${about.id}' to='${namesBelow(about.domain).focus}'><conference xmlns='http://jitsi.org/protocol/focus' room='${to(about, "conference")}'/></iq>`,
  "presence probe": (about) =>
    `<presence xmlns='jabber:client' type='probe' id='${about.id}' to='${to(about, "conference")}'/>`,
  vcard: iq("get", "<vCard xmlns='vcard-temp'/>"),
  "room's form": iq("get", `<query xmlns='${MUC}#owner'/>`),
  "members' list": iq("get", `<query xmlns='${MUC}#admin'><item affiliation='member'/></query>`),
  "occupant's version": iq("get", "<query xmlns='jabber:iq:version'/>", "/moderator"),
  commands: iq(
    "get",
    "<query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/>",
  ),
  lobby: join("lobby"),
  breakout: join("breakout"),
};

/** The bridges' room, where a guest would pose as one. */
export const brewery = (domain: string, id: string): string =>
  `<presence xmlns='jabber:client' id='${id}' to='jvbbrewery@internal.${namesBelow(domain).auth}/jvb'><x xmlns='${MUC}'/><stats xmlns='http://jitsi.org/protocol/colibri'><stat name='stress_level' value='0'/></stats></presence>`;

/** What somebody without a token of this room sends to the web server. */
export const DOOR_WAYS = ["no token", "a damaged token", "another room's token"] as const;
export type DoorWay = (typeof DOOR_WAYS)[number];

/** A token whose signature is another. */
const damaged = (token: string): string =>
  token.replace(/\.([^.]*)$/, (_, signature: string) => `.${[...signature].reverse().join("")}`);

export const doorQuery = (
  way: DoorWay,
  room: string,
  token: string,
): Readonly<Record<string, string>> => {
  if (way === "no token") return { room };
  return { room, token: way === "a damaged token" ? damaged(token) : token };
};
