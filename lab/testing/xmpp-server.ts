import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { StanzaReader } from "../../modules/verification/probes/index.ts";

/** How a server is that a bridge might meet in place of its own. */
export interface XmppServerOptions {
  readonly domain: string;
  /** Absent: it offers no TLS, as when somebody on the way takes the offer out. */
  readonly pair?: { readonly key: string; readonly certificate: string };
}

/** A login that came, and whether by TLS: the client took the server for its own. */
export interface Attempt {
  readonly mechanism: string;
  readonly text: string;
  readonly overTls: boolean;
}

/** An XMPP server up to the login (RFC 6120), on loopback. It lets nobody in, and offers the one mechanism that reveals a password. */
export class XmppServer {
  readonly attempts: Attempt[] = [];
  readonly port: number;
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start({ domain, pair }: XmppServerOptions): Promise<XmppServer> {
    const tcp = createServer();
    await once(tcp.listen(0, "127.0.0.1"), "listening");
    const server = new XmppServer(tcp);
    tcp.on("connection", (socket) => server.serve(socket, domain, pair, false));
    return server;
  }

  private serve(
    socket: Socket,
    domain: string,
    pair: XmppServerOptions["pair"],
    overTls: boolean,
  ): void {
    const reader = new StanzaReader();
    const features =
      pair && !overTls
        ? "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
        : "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>";
    const read = (data: Buffer): void => {
      for (const { name, attributes, text } of reader.read(data.toString())) {
        if (name === "stream:stream")
          socket.write(
            `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='s' from='${domain}' version='1.0'><stream:features>${features}</stream:features>`,
          );
        else if (name === "starttls" && pair) {
          socket.off("data", read);
          socket.write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
          const { key, certificate: cert } = pair;
          this.serve(new TLSSocket(socket, { isServer: true, key, cert }), domain, pair, true);
        } else if (name === "auth") {
          const mechanism = attributes["mechanism"] ?? "";
          this.attempts.push({ mechanism, text: Buffer.from(text, "base64").toString(), overTls });
          socket.end(
            "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure></stream:stream>",
          );
        }
      }
    };
    socket.on("error", () => undefined).on("data", read);
  }

  stop(): void {
    this.server.close();
  }
}
