import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect } from "vitest";
import type { Finding } from "../../modules/common/findings/index.ts";
import { buildFolder } from "../../modules/common/toolkit/index.ts";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import { openVault, type Vault } from "../../modules/secrets/vaults/index.ts";
import { defaultFolder } from "../cloud/index.ts";
import { awaitRunning, edgeCounters, inHost } from "../hypervisor/index.ts";
import { addPerson, type Person } from "./person.ts";
import {
  deploy,
  polder,
  type Ran,
  type RunOptions,
  type TestInstance,
  testInstance,
} from "./polder.ts";

export interface Alarm {
  readonly instance: string;
  readonly alarm: string;
  readonly state: "red" | "green";
  readonly text: string;
  readonly token: string | undefined;
}

/** What hosts began to send beyond the edge, or tried to. */
export type Calls = Awaited<ReturnType<typeof edgeCounters>>["refused"];

/** Whose alarms a webhook takes. */
interface AlarmSource {
  readonly name: string;
  readonly blueprint: Blueprint;
  on(host: string, script: string): Promise<string>;
}

/**
 * Where the cluster's alarms go: the example's webhook, at the machine's end of the lab's link. Open from the
 * start: that nobody takes its alarms is a fault of a cluster, and its probes say so.
 */
export class Webhook {
  readonly received: Alarm[] = [];
  private readonly server = createServer((request, response) => {
    let body = "";
    request.on("data", (data: Buffer) => {
      body += data.toString();
    });
    request.on("end", () => {
      this.received.push({ ...(JSON.parse(body) as Alarm), token: request.headers.authorization });
      response.writeHead(204).end();
    });
  });

  private readonly of: AlarmSource;

  constructor(of: AlarmSource) {
    this.of = of;
  }

  async open(): Promise<void> {
    const { hostname, port } = new URL(this.of.blueprint.alarms?.webhook ?? "");
    await new Promise<void>((resolve) => this.server.listen(Number(port), hostname, resolve));
  }
  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  /** Whether the webhook received such an alarm. */
  has(alarm: RegExp, state: Alarm["state"]): boolean {
    return this.received.some(
      (one) => one.instance === this.of.name && alarm.test(one.alarm) && one.state === state,
    );
  }

  /** Forgets the alarms that it received before. */
  forget(): void {
    this.received.length = 0;
  }

  /** Waits until the webhook receives such an alarm; the monitor looks every minute, here it is asked to at once. */
  async heard(alarm: RegExp, state: Alarm["state"]): Promise<void> {
    for (let tries = 0; tries < 40 && !this.has(alarm, state); tries++) {
      await this.of.on("monitor-1", "systemctl start --no-block polder-alarm.service; sleep 1");
    }
    expect(this.has(alarm, state), JSON.stringify(this.received)).toBe(true);
  }

  /**
   * The same, after reports of a host and looks at the services: two in a row are an alarm. A third, since the first may
   * join one that the timer had begun before the fault.
   */
  async reported(host: string, alarms: readonly RegExp[], state: Alarm["state"]): Promise<void> {
    for (const _ of state === "red" ? [1, 2, 3] : [1]) {
      await this.of.on(host, "systemctl start polder-watch.service");
      await this.of.on("monitor-1", "systemctl start polder-services.service");
    }
    for (const alarm of alarms) await this.heard(alarm, state);
  }
}

/**
 * The cluster that all suites of running hosts share, one after the other: to bring one up costs two
 * cores three minutes.
 */
class Cluster {
  readonly webhook = new Webhook(this);
  readonly name = "t-hosts";
  readonly lab = defaultFolder();
  /** What its hosts had begun to send before the first converge. */
  callsBefore: Calls = [];
  private made: { readonly instance: TestInstance; readonly person: Person } | undefined;

  get instance(): TestInstance {
    return this.needed().instance;
  }
  get person(): Person {
    return this.needed().person;
  }
  private needed() {
    if (!this.made) throw new Error("the cluster isn't up");
    return this.made;
  }
  get blueprint() {
    return this.instance.load().blueprint;
  }
  get hosts(): string[] {
    return this.blueprint.hosts.map(({ id }) => id);
  }

  /**
   * Servers that run, as the cloud made them: nothing is converged yet.
   *
   * @param options of the commands that deploy it
   * @returns what these printed
   */
  async bringUp(options?: RunOptions): Promise<string[]> {
    const instance = testInstance("lab", this.name);
    this.made = { instance, person: await addPerson(instance, "testbeheer") };
    const printed = await deploy(instance, options);
    await this.webhook.open();
    this.callsBefore = await this.calls();
    const names = this.hosts.map((id) => `${this.name}-${id}`);
    await awaitRunning(this.lab, names, 120);
    return printed;
  }

  /** @param deletedWithLab that the lab's data is deleted next: what hosts and cloud hold goes with it */
  async takeDown(deletedWithLab = false): Promise<void> {
    await this.webhook.close();
    if (!deletedWithLab) await this.decommission();
    this.instance.forget();
  }

  /** Destroys what is left of it. */
  decommission(): Promise<Ran> {
    const confirmed = ["--confirm", this.name, "--logs", "destroyed"];
    return polder(["decommission", this.instance.folder, ...confirmed]);
  }

  /** Runs `polder <command> <instance> <args>` as its admin. */
  polder(command: string, args: readonly string[] = [], options: RunOptions = {}) {
    return polder([...command.split(" "), this.instance.folder, ...args], {
      ...options,
      env: this.person,
    });
  }

  /** Converges, with what carries calls. @throws when anything is left to do */
  async converge(...args: string[]): Promise<void> {
    const ran = await this.polder("converge", ["--restart", ...args]);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  }

  /** Makes a secret anew, as its admin. */
  rotate(secret: string) {
    return polder(["keys", "rotate", this.instance.folder, secret], { env: this.person });
  }

  /** Runs probes; gives the findings and the exit code. */
  async probe(what: string) {
    const ran = await polder(["probe", what, this.instance.folder, "--no-alarm"], {
      env: this.person,
    });
    if (ran.code > 1) throw new Error(ran.stdout + ran.stderr);
    const file = join(buildFolder(this.name), "probe/findings.json");
    return { ...ran, findings: JSON.parse(readFileSync(file, "utf8")) as Finding[] };
  }

  /** Runs shell as root on a host; gives what it printed. @throws when it fails */
  async on(host: string, script: string): Promise<string> {
    const ran = await inHost(this.lab, `${this.name}-${host}`, ["sh", "-c", script]);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    return ran.stdout;
  }

  vault(kind: "instance" | "issuer" = "instance"): Promise<Vault> {
    return openVault(this.instance.load(), {
      identityFile: this.person.POLDER_AGE_IDENTITY,
      kind,
    });
  }

  /** What hosts of the instance began to send beyond the edge, or tried to; addresses are used again. */
  async calls(): Promise<Calls> {
    const own = this.blueprint.hosts.flatMap(({ ipv4, ipv6, publicAddress }) => [
      ipv4,
      ipv6,
      publicAddress?.ipv4,
      publicAddress?.ipv6,
    ]);
    const { refused, internet } = await edgeCounters(this.lab);
    return [...refused, ...internet].filter(({ from }) => own.includes(from));
  }
}

export const cluster = new Cluster();
