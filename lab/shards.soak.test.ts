// A cluster of two shards in the lab: people of one meeting who come to different control hosts are in one meeting.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../modules/common/findings/index.ts";
import { buildFolder } from "../modules/common/toolkit/index.ts";
import { controlOf } from "../modules/hosts/nginx/index.ts";
import { type Host, hostsWith, PORTS } from "../modules/planning/blueprint/index.ts";
import { identityFile, openVault } from "../modules/secrets/vaults/index.ts";
import { startWorker, type Worker, workerCommand } from "../modules/verification/probes/index.ts";
import { defaultFolder } from "./cloud/index.ts";
import { awaitRunning, inHost, internetCommand } from "./hypervisor/index.ts";
import { Webhook } from "./testing/cluster.ts";
import { type Link, linksIn, nowForAnHour } from "./testing/links.ts";
import { addPerson, type Person } from "./testing/person.ts";
import { deploy, polder, type TestInstance, testInstance } from "./testing/polder.ts";

const NAME = "t-shards";
const lab = defaultFolder();
let instance: TestInstance;
let person: Person;
let controls: Host[];
let ca: string;
const workers: Worker[] = [];

const run = (command: string, ...more: string[]) =>
  polder([...command.split(" "), instance.folder, ...more], { env: person });
const on = async (host: string, script: string) => {
  const ran = await inHost(lab, `${NAME}-${host}`, ["sh", "-ec", script]);
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  return ran.stdout;
};

/** Somebody takes its alarms. */
const webhook = new Webhook({
  name: NAME,
  get blueprint() {
    return instance.load().blueprint;
  },
  on: (host, script) => on(host, script),
});

/** What some probes found that they shouldn't have. */
async function found(group: string): Promise<string[]> {
  await polder(["probe", group, instance.folder, "--no-alarm"], { env: person });
  const file = join(buildFolder(NAME), "probe/findings.json");
  const findings = JSON.parse(readFileSync(file, "utf8")) as Finding[];
  expect(findings.length).toBeGreaterThan(10);
  return findings
    .filter(({ verdict }) => verdict !== "pass")
    .map(({ id, subject, message }) => `${id} ${subject}: ${message}`);
}

beforeAll(async () => {
  instance = testInstance("lab", NAME);
  // 1,500 people who listen, since hosts for as many cameras are more than the lab has room for.
  const demand = [
    "demand:",
    "  growth: 0",
    "  behindFirewalls: 0.02",
    "  meetings:",
    "    - { kind: luisteren, simultaneous: 60, participants: 25, cameras: none, screenShare: false }",
  ];
  instance.edit((text) => text.replace(/^demand:\n( .*\n)+/m, `${demand.join("\n")}\n`));
  person = await addPerson(instance, "testbeheer");
  await deploy(instance);
  await webhook.open();
  const { blueprint } = instance.load();
  controls = hostsWith(blueprint, "control");
  expect(controls.map(({ shard }) => shard)).toEqual([1, 2]);
  await awaitRunning(
    lab,
    blueprint.hosts.map(({ id }) => `${NAME}-${id}`),
    180,
  );
  const made = await run("keys init");
  expect(made.code, made.stderr).toBe(0);
});
afterAll(async () => {
  for (const worker of workers) await worker.close();
  await webhook.close();
  await polder(["decommission", instance.folder, "--confirm", NAME, "--logs", "destroyed"]);
  instance.forget();
});

describe("a cluster of two shards", () => {
  it("converges, and then there is nothing to do", async () => {
    const first = await run("converge", "--restart");
    expect([first.code, first.stdout]).toEqual([
      0,
      expect.stringMatching(/(\d+) hosts: \1 changed/),
    ]);
    expect((await run("converge")).stdout).toMatch(/(\d+) unchanged/);
    const vault = await openVault(instance.load(), {
      identityFile: identityFile(person.POLDER_AGE_IDENTITY, undefined),
    });
    ca = vault.need("ca/instance.crt");
  });

  it("withstands every probe", async () => {
    expect(await found("all")).toEqual([]);
  });

  it("brings people who come to different control hosts into one meeting, in either shard", async () => {
    const { blueprint } = instance.load();
    /** A moderator's link of a meeting in a shard. */
    const linkTo = async ({ id }: Host): Promise<Link> => {
      for (let i = 0; i < 30; i++) {
        const ran = await run("invite", ...nowForAnHour());
        expect(ran.code, ran.stderr).toBe(0);
        const link = linksIn(ran.stdout).find(({ role }) => role === "moderator");
        if (link && controlOf(blueprint, link.room).id === id) return link;
      }
      throw new Error(`none of 30 meetings is at ${id}`);
    };
    const enter = async (control: Host, { room, token }: Link) => {
      const worker = startWorker(
        `the internet, at ${control.id}`,
        internetCommand(lab, workerCommand),
        () => undefined,
      );
      workers.push(worker);
      const address = control.publicAddress?.ipv4 ?? "";
      const door = { address, port: PORTS.https, domain: blueprint.domain, tls: { ca } };
      await worker.ask("holdMeeting", { door, moderator: { room, token } });
      return { leave: () => worker.ask("leaveMeeting", { room }) };
    };
    for (const shard of controls) {
      const link = await linkTo(shard);
      const people = [];
      for (const control of controls) people.push(await enter(control, link));
      for (const { leave } of people.toReversed())
        expect((await leave()).seen.length, shard.id).toBeGreaterThanOrEqual(controls.length);
    }
  });

  it("alarms while the way between control hosts is closed", async () => {
    const seen = "journalctl -q -o cat --since '-2 min' -u polder-services";
    const look = () => on("monitor-1", `systemctl start polder-services || true; ${seen}`);
    const other = `${controls[1]?.ipv4}/32`;
    expect(await look()).not.toContain("at another control host");
    await on("control-1", `ip route add unreachable ${other}`);
    expect(await look()).toMatch(/for a meeting at another control host, answers 50\d/);
    await on("control-1", `ip route del unreachable ${other}`);
  });

  it("is red where one control host thinks that a meeting is elsewhere", async () => {
    await on(
      "control-1",
      "sed -i 's/  50.00% 1;/  0.01% 1;/' /etc/nginx/polder-site.conf; systemctl reload nginx",
    );
    const red = await found("http");
    expect(red).toEqual([
      expect.stringMatching(
        /^http-shard control-1: a meeting of control-1 doesn't come to its gate by /,
      ),
    ]);
    const again = await run("converge");
    expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/1 changed/)]);
    expect(await found("http")).toEqual([]);
  });
});
