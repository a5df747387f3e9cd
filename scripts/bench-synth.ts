// What of `cdktf synth` is polder's own: its app beside one that makes the same resources from the
// finished JSON and does nothing else. Part of `make bench`; alone: `node --import tsx
// scripts/bench-synth.ts [PAIRS]`. No test evaluates a time.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { addressesFor } from "../lab/testing/examples.ts";
import { CDKTF } from "../lab/testing/polder.ts";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";
import { median } from "../modules/verification/enumeration/index.ts";
import {
  ADDRESSES_FILE,
  INSTANCE_FILE,
  instanceFolder,
  JITSI_FILE,
  loadInstance,
} from "../modules/workspace/index.ts";

const PAIRS = Number(process.argv[2] ?? 11);
const work = mkdtempSync(join(tmpdir(), "polder-bench-synth-"));

/** A copy of an example, with addresses as a cloud could have chosen them: both its stacks. */
function allocated(example: string): string {
  const folder = join(work, example);
  mkdirSync(folder);
  for (const file of [INSTANCE_FILE, JITSI_FILE]) {
    const from = join(instanceFolder(TOOLKIT, example), file);
    if (existsSync(from)) copyFileSync(from, join(folder, file));
  }
  writeFileSync(
    join(folder, ADDRESSES_FILE),
    JSON.stringify(addressesFor(loadInstance(folder).blueprint)),
  );
  return folder;
}

/** Runs a program; gives its seconds. */
function timed(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): number {
  const began = performance.now();
  execFileSync(command, args, {
    cwd: TOOLKIT,
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    env: { ...process.env, ...env, CHECKPOINT_DISABLE: "1", CI: "true" },
  });
  return (performance.now() - began) / 1000;
}

/** Resources of all stacks of a folder, without cdktf's remarks on where each comes from. */
function resources(outdir: string): { readonly count: number; readonly all: unknown } {
  const stacks = readdirSync(join(outdir, "stacks")).map((name) => {
    const text = readFileSync(join(outdir, "stacks", name, "cdk.tf.json"), "utf8");
    const { resource } = JSON.parse(text, (key, value) => (key === "//" ? undefined : value)) as {
      resource: Record<string, object>;
    };
    return [name, resource] as const;
  });
  const count = stacks
    .flatMap(([, resource]) => Object.values(resource))
    .reduce((sum, ofType) => sum + Object.keys(ofType).length, 0);
  return { count, all: Object.fromEntries(stacks) };
}

try {
  const head = ["synth of", "polder s", "bare app s", "polder's own share", "range"];
  process.stdout.write(`| ${head.join(" | ")} |\n|${" --- |".repeat(head.length)}\n`);
  for (const example of ["lab", "eea-voorbeeld"]) {
    const [own, other] = [join(work, `${example}-own`), join(work, `${example}-bare`)];
    const ours = { POLDER_INSTANCE: allocated(example), CDKTF_OUTDIR: own };
    const bare = { BARE_FROM: join(own, "stacks"), CDKTF_OUTDIR: other };
    const app = (file: string) => ["--import", "tsx", file];
    const [OUR_APP, BARE_APP] = ["stacks/main.ts", "scripts/bench-bare-app.ts"];
    timed(process.execPath, app(OUR_APP), ours);
    timed(process.execPath, app(BARE_APP), bare);
    const made = resources(own);
    if (!isDeepStrictEqual(made.all, resources(other).all))
      throw new Error(`${example}: the bare app's resources are not the same`);
    // Through the CLI, as a user runs it, and the app alone; in turn, so that a busy minute is both's.
    const cli = (file: string, outdir: string) => [
      "synth",
      "--app",
      `${process.execPath} --import tsx ${file}`,
      "--output",
      outdir,
      "--no-check-code-maker-output",
    ];
    const ways = {
      "`cdktf synth`": (file: string, env: Readonly<Record<string, string>>) =>
        timed(CDKTF, cli(file, env["CDKTF_OUTDIR"] ?? ""), env),
      "the app alone": (file: string, env: Readonly<Record<string, string>>) =>
        timed(process.execPath, app(file), env),
    };
    for (const [way, run] of Object.entries(ways)) {
      const pairs = Array.from(
        { length: PAIRS },
        () => [run(OUR_APP, ours), run(BARE_APP, bare)] as const,
      );
      const [a, b] = [median(pairs.map(([x]) => x)), median(pairs.map(([, y]) => y))];
      const shares = pairs.map(([x, y]) => (100 * (x - y)) / x).sort((x, y) => x - y);
      process.stdout.write(
        `| ${example} (${made.count} resources), ${way} | ${a.toFixed(2)} | ${b.toFixed(2)} | ${median(shares).toFixed(0)} % | ${shares[0]?.toFixed(0)} to ${shares.at(-1)?.toFixed(0)} % |\n`,
      );
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
