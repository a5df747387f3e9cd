import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { WebSocket } from "ws";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import { internetCommand } from "../hypervisor/index.ts";
import type { WayIn } from "./gate-client.ts";

/** The public web server of a deployed cluster, seen from the lab's internet: TLS, nginx, Prosody. */
export class PublicDoor implements WayIn {
  readonly blueprint: Blueprint;
  private readonly ca: string;
  private readonly folder: string;
  private readonly forwarder: ChildProcess;

  private constructor(blueprint: Blueprint, ca: string, folder: string, forwarder: ChildProcess) {
    this.blueprint = blueprint;
    this.ca = ca;
    this.folder = folder;
    this.forwarder = forwarder;
  }

  /** @param ca the authority of the domain's certificate */
  static async open(lab: string, blueprint: Blueprint, ca: string): Promise<PublicDoor> {
    const folder = mkdtempSync(join(tmpdir(), "polder-internet-"));
    const program = join(import.meta.dirname, "internet-forwarder.ts");
    const command = [process.execPath, "--import", import.meta.resolve("tsx"), program];
    const [name = "", ...args] = internetCommand(lab, [...command, join(folder, "socket")]);
    const forwarder = spawn(name, args, { stdio: ["pipe", "pipe", "inherit"] });
    await Promise.race([
      once(forwarder.stdout, "data"),
      once(forwarder, "exit").then(() => Promise.reject(new Error("no way into the internet"))),
    ]);
    return new PublicDoor(blueprint, ca, folder, forwarder);
  }

  /** A connection from an address of the lab's internet. */
  private dial(from: string): Socket {
    const control = this.blueprint.hosts.find(({ role }) => role === "control");
    const socket = connect(join(this.folder, "socket"));
    socket.write(`${from} ${control?.publicAddress?.ipv4} 443\n`);
    return socket;
  }

  private secure(from: string): TLSSocket {
    const { domain } = this.blueprint;
    return connectTls({ socket: this.dial(from), servername: domain, ca: this.ca });
  }

  socket(query: string, from: string): WebSocket {
    return new WebSocket(`wss://${this.blueprint.domain}/xmpp-websocket${query}`, ["xmpp"], {
      createConnection: () => this.secure(from),
    });
  }

  /** Asks for a path as a browser does; gives the answer's status. */
  page(path: string, from: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const options = {
        host: this.blueprint.domain,
        path,
        createConnection: () => this.secure(from),
      };
      request(options, (response) => {
        response.resume().on("end", () => resolve(response.statusCode ?? 0));
      })
        .on("error", reject)
        .end();
    });
  }

  async close(): Promise<void> {
    this.forwarder.stdin?.end();
    await once(this.forwarder, "exit");
    rmSync(this.folder, { recursive: true, force: true });
  }
}
