import { type Outcome, passUnless } from "../../../common/findings/index.ts";
import { hostOf } from "../../../planning/blueprint/index.ts";
import { adminAlive } from "../alive.ts";
import { type Context, type Probe, probesWith } from "../probe.ts";
import { hostsOf } from "../services.ts";

/** Seconds: the alarm program runs each minute and calls a host silent after five (modules/hosts/monitor). */
const OLD = 300;

/** Tells the webhook now, as the monitor does each minute, and looks whether an alarm waits. */
async function delivered(subject: string, context: Context): Promise<Outcome> {
  const run = (...command: string[]) => context.admin.run(subject, command);
  const beat = await run("systemctl", "start", "polder-heartbeat.service");
  const shown = await run("systemctl", "show", "-p", "Result", "--value", "polder-alarm.service");
  const ran = await run(
    "journalctl",
    "-q",
    "-o",
    "cat",
    "-n",
    "1",
    "-g",
    "^alarm not delivered",
    "-u",
    "polder-heartbeat.service",
    "-u",
    "polder-alarm.service",
  );
  const why = ran.stdout.trim().split("\n").at(-1) ?? "";
  return passUnless(
    [
      ...(beat.code === 0 ? [] : [`the webhook takes nothing: ${why || beat.stderr.trim()}`]),
      ...(shown.stdout.trim() === "success"
        ? []
        : [
            `the last run of the alarm program failed: ${why || `\`journalctl -u polder-alarm\` on ${subject} says why`}`,
          ]),
    ],
    "the webhook took a word of the monitor just now, and no alarm waits",
  );
}

/** What the alarm program knows, of the parts that are looked at here. */
interface State {
  readonly ran: number;
  readonly heard: Readonly<Record<string, number>>;
  readonly alarms: Readonly<Record<string, { readonly red: boolean; readonly words: string }>>;
}

/** Whether the monitor heard each host's report, and its own of the services, within five minutes. */
async function alive(subject: string, context: Context): Promise<Outcome> {
  const file = "/var/lib/polder-alarm/state.json";
  const [clock, kept] = [
    await context.admin.run(subject, ["date", "+%s"]),
    await context.admin.run(subject, ["cat", file]),
  ];
  if (kept.code !== 0) return passUnless([`${file} can't be read: ${kept.stderr.trim()}`], "");
  const [now, state] = [Number(clock.stdout), JSON.parse(kept.stdout) as State];
  const late = (what: string, at: number | undefined) =>
    at === undefined
      ? [`${what}: never`]
      : now - at > OLD
        ? [`${what}: ${Math.floor((now - at) / 60)} minutes ago`]
        : [];
  const own = hostOf(context.blueprint, subject).name;
  const expected = [
    ...context.blueprint.hosts.map(({ name }) => `polder-watch ${name}`),
    `polder-services ${own}`,
  ];
  const red = Object.entries(state.alarms).filter(([, alarm]) => alarm.red);
  return passUnless(
    [
      ...late("the alarm program's last run", state.ran),
      ...expected.flatMap((by) => late(`the last report of ${by}`, state.heard[by])),
    ],
    `${expected.length} reports within ${OLD / 60} minutes; ${red.length} alarms are red now`,
    red.map(([name, { words }]) => `${name}: ${words}`),
  );
}

const probe = probesWith({
  group: "alarms",
  control: "a named admin's key logs in on the monitor",
  norms: ["ISO 27002 8.15", "ISO 27002 8.16"],
  subjects: (blueprint) =>
    blueprint.alarms ? hostsOf(blueprint, "monitor").map(({ id: host }) => host) : [],
  alive: adminAlive,
});

export const alarmProbes: readonly Probe[] = [
  probe(
    "alarms-delivered",
    "the webhook accepts the monitor's messages",
    "waits until no alarm would arrive: an expired token, a receiver that moved, a full disk",
    delivered,
  ),
  probe(
    "alarms-watch",
    "every host, and the monitor's own check of the services, reported to the monitor in the last five minutes",
    "silences a host's reports, or the program that listens to them",
    alive,
  ),
];
