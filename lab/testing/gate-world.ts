import { WebSocket } from "ws";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import { AccountClient, type Cookies, GateClient, type Refusal } from "./gate-client.ts";
import { Issuer } from "./gate-issuer.ts";
import { type Change, GateServer } from "./gate-server.ts";

/** Limits that a suite from one address needs; what limits do is tested on the rendered ones. */
export const raised = (config: string): string =>
  config
    .replace(
      /(handshakes|signatures|joins|requests|sockets|link|occupants|refused|refusals) = \d+/g,
      "$1 = 100000",
    )
    .replace('rate = "10kb/s"', 'rate = "10mb/s"');

/** The one answer to what the table of stanzas doesn't have. */
export const REFUSED = "cancel service-unavailable";

/** Whether a socket opened; it is let go of. */
export const closed = (answer: WebSocket | Refusal): "admitted" | "refused" => {
  if (!(answer instanceof WebSocket)) return "refused";
  answer.terminate();
  return "admitted";
};

/** A server with Jicofo's stand-in logged in, that opens what it is asked to. */
export class World {
  readonly issuer: Issuer;
  readonly server: GateServer;
  readonly focus: AccountClient;
  private readonly clients: { close(): void }[] = [];

  private constructor(issuer: Issuer, server: GateServer, focus: AccountClient) {
    this.issuer = issuer;
    this.server = server;
    this.focus = focus;
    void focus.serve();
  }

  /** @param change of what is rendered; none given: only limits are raised, since all comes from one address */
  static async start(
    blueprint: Blueprint,
    change: Change = { config: raised },
    issuer = new Issuer(blueprint.domain),
  ): Promise<World> {
    const server = await GateServer.start(blueprint, issuer, change);
    return new World(issuer, server, await AccountClient.login(server, "focus"));
  }

  async client(
    room: string,
    role: "guest" | "moderator",
    token?: string,
    from?: string,
    cookies?: Cookies,
  ) {
    const held = token ?? (await this.issuer.token(room, role));
    const one = await GateClient.login(this.server, room, held, from, cookies);
    this.clients.push(one);
    return one;
  }

  async account(user: string): Promise<AccountClient> {
    const one = await AccountClient.login(this.server, user);
    this.clients.push(one);
    return one;
  }

  /** A moderator in a room that Jicofo has opened. */
  async meeting(room = this.issuer.room()): Promise<GateClient> {
    const moderator = await this.client(room, "moderator");
    const opened = await this.focus.openRoom(moderator.at("conference"));
    const joined = await moderator.join();
    if (opened !== "joined" || joined !== "joined")
      throw new Error(`no meeting: Jicofo ${opened}, moderator ${joined}`);
    return moderator;
  }

  async stop(): Promise<void> {
    for (const one of this.clients) one.close();
    this.focus.close();
    await this.server.stop();
  }
}
