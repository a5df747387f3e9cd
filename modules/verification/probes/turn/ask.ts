import { randomBytes } from "node:crypto";
import { isIPv6 } from "node:net";
import { type Carrier, TurnClient, tlsCarrier, udpCarrier } from "./client.ts";
import { ATTRIBUTE, attributeOf, type Credential, type Endpoint } from "./codec.ts";

/** How a server is reached: by UDP, or by TLS with the certificate checked. */
export interface TurnServer extends Endpoint {
  readonly tls?: { readonly name: string; readonly ca?: string | undefined } | undefined;
}

const carrierOf = (server: TurnServer): Promise<Carrier> =>
  server.tls ? tlsCarrier(server, server.tls.name, server.tls.ca) : udpCarrier(server);

/**
 * A client and the answer to its Allocate. 437 says that the server still knows somebody at our port,
 * such as the probe before; then another port is asked from, as RFC 8656, 7.4 wants, twice at most.
 */
async function allocate(
  server: TurnServer,
  credential?: Credential,
  ...how: Parameters<TurnClient["allocate"]>
) {
  for (let more = 2; ; more--) {
    const client = new TurnClient(await carrierOf(server), credential);
    const answer = await client.allocate(...how);
    if (answer.code !== 437 || more === 0) return { client, answer };
    await client.close();
  }
}

/** Asks for the server's view of our address, which needs no relay. */
async function bind(server: TurnServer, credential?: Credential) {
  const client = new TurnClient(await carrierOf(server), credential);
  return { client, answer: await client.binding() };
}

export interface TurnAsked {
  /** 0: success; absent: no answer. */
  readonly code?: number | undefined;
  /** Text of a SOFTWARE attribute. */
  readonly software?: string | undefined;
  /** Attributes of the answer, in hex. */
  readonly attributes: readonly string[];
  readonly size?: number | undefined;
  readonly failed?: string;
}

/** Asks one thing. `allocate-tcp` asks for a relay by TCP (RFC 6062). Never rejects. */
export async function askTurn(question: {
  readonly server: TurnServer;
  readonly what: "binding" | "allocate" | "allocate-tcp";
  readonly credential?: Credential;
}): Promise<TurnAsked> {
  const { server, what, credential } = question;
  try {
    const { client, answer } = await (what === "binding"
      ? bind(server, credential)
      : allocate(server, credential, what === "allocate" ? 17 : 6));
    await client.close();
    const { code, message, size } = answer;
    const software = message && attributeOf(message, ATTRIBUTE.software);
    return {
      code,
      size,
      software: software?.toString(),
      attributes: (message?.attributes ?? []).map(([type]) => type.toString(16).padStart(4, "0")),
    };
  } catch (error) {
    return { attributes: [], failed: error instanceof Error ? error.message : String(error) };
  }
}

export interface TurnRelayed {
  /** Outcome of the allocation, as in {@link TurnAsked}. */
  readonly allocated?: number | undefined;
  readonly relayed?: Endpoint | undefined;
  /** Codes of CreatePermission and of ChannelBind; absent: no answer. */
  readonly peers: readonly {
    readonly peer: string;
    readonly permission?: number | undefined;
    readonly channel?: number | undefined;
  }[];
  /** Whether what was sent to the peer through the relay came back. */
  readonly echoed?: boolean;
  readonly failed?: string;
}

/**
 * Allocates a relay for each family of the peers, asks it for each peer, and sends something
 * through it. A relay that can't be had for a family refuses that family's peers. Never rejects.
 */
export async function relayTurn(question: {
  readonly server: TurnServer;
  readonly credential: Credential;
  readonly peers: readonly string[];
  readonly echo?: Endpoint;
}): Promise<TurnRelayed> {
  const { server, credential, echo } = question;
  const relay = async (family: 4 | 6, peers: readonly string[]): Promise<TurnRelayed> => {
    const { client, answer } = await allocate(server, credential, 17, family === 6 ? 6 : undefined);
    const { code: allocated, relayed } = answer;
    const answers = [];
    for (const peer of peers) {
      const asked = allocated === 0;
      const permission = asked ? (await client.permit(peer)).code : allocated;
      const channel = asked
        ? (await client.bindChannel({ address: peer, port: DISCARD })).code
        : allocated;
      answers.push({ peer, permission, channel });
    }
    const echoed =
      echo !== undefined &&
      isIPv6(echo.address) === (family === 6) &&
      allocated === 0 &&
      (await client.permit(echo.address)).code === 0 &&
      (await client.echo(echo, `polder-probe ${randomBytes(8).toString("hex")}`));
    await client.close();
    return { allocated, relayed, peers: answers, echoed };
  };
  try {
    const six = question.peers.filter((peer) => isIPv6(peer));
    const four = question.peers.filter((peer) => !isIPv6(peer));
    const first = await relay(4, four);
    const second = six.length > 0 ? await relay(6, six) : undefined;
    return { ...first, peers: [...first.peers, ...(second?.peers ?? [])] };
  } catch (error) {
    return { peers: [], failed: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * The port that channels are asked for (RFC 863). Permission goes by the address alone, and a channel
 * to the port of the echo would bring the echo back as ChannelData.
 */
const DISCARD = 9;

/** Allocates again and again as one user until something else than success comes; gives all codes. */
export async function fillTurn(question: {
  readonly server: TurnServer;
  readonly credential: Credential;
  readonly most: number;
}): Promise<readonly (number | undefined)[]> {
  const clients: TurnClient[] = [];
  const codes: (number | undefined)[] = [];
  try {
    while (codes.length < question.most) {
      const { client, answer } = await allocate(question.server, question.credential);
      clients.push(client);
      codes.push(answer.code);
      if (answer.code !== 0) break;
    }
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
  return codes;
}
