import { adminAlive } from "../alive.ts";
import { type Context, judge, type Outcome, type Probe } from "../probe.ts";
import { hostsOf } from "../services.ts";

/** A list of `name value` from lines. */
const table = (text: string): Map<string, string> =>
  new Map(
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        const [name = "", ...value] = line.split(" ");
        return [name, value.join(" ")];
      }),
  );

async function units(subject: string, context: Context): Promise<Outcome> {
  const tree = context.tree(subject);
  const names = [...tree.units.map(({ name }) => name), ...tree.masked];
  const script =
    'for u; do echo "$u $(systemctl is-active "$u") $(systemctl is-enabled "$u" 2>/dev/null)"; done; systemctl --failed --plain --no-legend | sed "s/^/@failed /"';
  const ran = await context.admin.run(subject, ["sh", "-c", script, "units", ...names]);
  const failed = ran.stdout
    .split("\n")
    .filter((line) => line.startsWith("@failed "))
    .map((line) => line.split(" ")[1] ?? "");
  const states = table(ran.stdout.replace(/^@failed .*$/gm, ""));
  return judge(
    [
      ...tree.units
        .filter(({ name }) => !/^active /.test(states.get(name) ?? ""))
        .map(({ name }) => `${name} is ${states.get(name) ?? "unknown"}`),
      ...tree.masked
        .filter((name) => /^active/.test(states.get(name) ?? ""))
        .map((name) => `${name} runs and must not`),
      ...failed.map((name) => `${name} has failed; \`journalctl -u ${name}\` on the host says why`),
    ],
    `${tree.units.length} units run, ${tree.masked.length} don't`,
    names.map((name) => `${name}: ${states.get(name)}`),
  );
}

async function packages(subject: string, context: Context): Promise<Outcome> {
  const { install, absent } = context.tree(subject).packages;
  const ran = await context.admin.run(subject, [
    ...["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\\n"],
  ]);
  const states = table(ran.stdout);
  const there = (name: string) => states.get(name) === "installed";
  return judge(
    [
      ...install.filter((name) => !there(name)).map((name) => `${name} isn't installed`),
      ...absent.filter(there).map((name) => `${name} is installed and must not be`),
    ],
    `${install.length} packages there, ${absent.length} not`,
  );
}

const probe = (id: string, holds: string, attack: string, run: Probe["run"]): Probe => ({
  id,
  group: "drift",
  holds,
  attack,
  control: "a named admin's key logs in on the host",
  norm: "BIO2 8.09.02, 8.19.01",
  subjects: (blueprint) => hostsOf(blueprint).map(({ id: host }) => host),
  alive: adminAlive,
  run,
});

export const driftProbes: readonly Probe[] = [
  probe(
    "drift-files",
    "each file of the host's tree is there as it was shipped, and the tree is the rendered one",
    "edits a file by hand",
    async (subject, context) => judge(await context.drift(subject), "as shipped"),
  ),
  probe(
    "drift-units",
    "what shall run runs, what shall not doesn't, and nothing has failed",
    "stops a service, or starts one",
    units,
  ),
  probe(
    "drift-packages",
    "the planned packages are there, the forbidden ones aren't",
    "installs a tool",
    packages,
  ),
];
