import { type Outcome, passUnless } from "../../../common/findings/index.ts";
import { adminAlive } from "../alive.ts";
import { type Context, type Probe, probesWith } from "../probe.ts";
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

/** A unit as systemd shows it. */
type Shown = Readonly<Record<string, string>>;

/**
 * Whether a unit does what it is for. One that only runs once, and that a condition of its own kept
 * from running (a container's read-only settings), is as it should be.
 */
const runs = (shown: Shown | undefined): boolean =>
  shown?.["ActiveState"] === "active" ||
  (shown?.["Type"] === "oneshot" &&
    shown["ConditionResult"] === "no" &&
    shown["Result"] === "success");

async function units(subject: string, context: Context): Promise<Outcome> {
  const configuration = context.configuration(subject);
  const names = [...configuration.units.map(({ name }) => name), ...configuration.masked];
  const properties = "Id,ActiveState,UnitFileState,Type,Result,ConditionResult";
  const ran = await context.admin.run(subject, ["systemctl", "show", "-p", properties, ...names]);
  const listed = await context.admin.run(subject, [
    "systemctl",
    "list-units",
    "--state=failed",
    "--plain",
    "--no-legend",
  ]);
  const failed = listed.stdout.split("\n").flatMap((line) => line.split(" ")[0] || []);
  const blocks = ran.stdout
    .split(/\n\n+/)
    .map((block): Shown => Object.fromEntries(block.split("\n").map((line) => line.split("=", 2))));
  // In the order in which they were asked for: an alias has another Id.
  const shown = new Map(names.map((name, i) => [name, blocks[i]]));
  const state = (name: string) =>
    `${shown.get(name)?.["ActiveState"] ?? "unknown"}, ${shown.get(name)?.["UnitFileState"] || "no file"}`;
  return passUnless(
    [
      ...configuration.units
        .filter(({ name }) => !runs(shown.get(name)))
        .map(({ name }) => `${name} is ${state(name)}`),
      ...configuration.masked
        .filter((name) => shown.get(name)?.["ActiveState"] === "active")
        .map((name) => `${name} runs and must not`),
      ...failed.map((name) => `${name} has failed; \`journalctl -u ${name}\` on the host says why`),
    ],
    `${configuration.units.length} units run, ${configuration.masked.length} don't`,
    names.map((name) => `${name}: ${state(name)}`),
  );
}

/** Pages and translations, which a small image leaves out on purpose (dpkg.cfg(5), path-exclude). */
const LEFT_OUT = /^\/usr\/share\/(doc|locale|man|info|lintian|bug|groff|linda)\//;

/** Packages' files that aren't what the package brought, by `dpkg --verify`; other probes check the configuration's. */
export const changedFiles = (text: string, ours: ReadonlySet<string>): string[] =>
  text.split("\n").flatMap((line) => {
    const [, how = "", path = ""] = /^(\S+)\s+(?:c\s+)?(\/.*)$/.exec(line) ?? [];
    if (path === "" || ours.has(path)) return [];
    if (how === "missing") return LEFT_OUT.test(path) ? [] : [`${path} of a package is missing`];
    return how.includes("5") ? [`${path} isn't what its package brought`] : [];
  });

async function packages(subject: string, context: Context): Promise<Outcome> {
  const { install, absent } = context.configuration(subject).packages;
  const ran = await context.admin.run(subject, [
    "dpkg-query",
    "-W",
    "-f",
    "${Package} ${db:Status-Status}\\n",
  ]);
  const states = table(ran.stdout);
  const there = (name: string) => states.get(name) === "installed";
  const verified = await context.admin.run(subject, ["dpkg", "--verify"]);
  const ours = new Set(context.configuration(subject).files.map(({ path }) => path));
  return passUnless(
    [
      ...changedFiles(verified.stdout, ours),
      ...install.filter((name) => !there(name)).map((name) => `${name} isn't installed`),
      ...absent.filter(there).map((name) => `${name} is installed and must not be`),
    ],
    `${install.length} packages there, ${absent.length} not, files by dpkg's sums`,
  );
}

const probe = probesWith({
  group: "drift",
  control: "a named admin's key logs in on the host",
  norms: ["BIO2 8.19.01", "ISO 27002 8.9"],
  subjects: (blueprint) => hostsOf(blueprint).map(({ id: host }) => host),
  alive: adminAlive,
});

export const driftProbes: readonly Probe[] = [
  probe(
    "drift-files",
    "each rendered file of the host is there as it was shipped, and what was shipped is what is rendered",
    "edits a file by hand",
    async (subject, context) => passUnless((await context.drift(subject)).files, "as shipped"),
  ),
  probe(
    "drift-running",
    "the settings that the kernel has loaded, and the programs and files that the services run with, are those that the host has",
    "flushes the packet filter, sets a kernel's setting, or uses a service whose restart was never done, so that it runs a replaced program or former settings on",
    async (subject, context) => passUnless((await context.drift(subject)).running, "in force"),
  ),
  probe(
    "drift-beyond",
    "only what was rendered, or came with a package or the image, can start, let somebody in, or run with its owner's rights",
    "leaves a unit, a cron file, a key, an account or a set-uid shell to come back by",
    async (subject, context) => passUnless((await context.drift(subject)).beyond, "nothing beyond"),
  ),
  probe(
    "drift-units",
    "every unit that must run is running, no unit that must not run is, and no unit has failed",
    "stops a service, or starts one",
    units,
  ),
  probe(
    "drift-packages",
    "the planned packages are installed and unchanged, and no forbidden package is",
    "installs a tool, or changes a program of a package",
    packages,
  ),
];
