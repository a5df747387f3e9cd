import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildFolder, TOOLKIT } from "../../modules/common/toolkit/index.ts";
import { type LoadedInstance, loadInstance } from "../../modules/workspace/index.ts";

/** cdktf's own command, which `make cdktf` installs. */
export const CDKTF = join(TOOLKIT, "scripts/cdktf/node_modules/.bin/cdktf");

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** By default the checkout. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the running process, to watch or to interrupt it. */
  readonly onStart?: (child: ChildProcess) => void;
  readonly onLine?: (line: string, child: ChildProcess) => void;
}

/** Runs a program in the checkout and gives what it printed. */
export function program(
  name: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(name, args, {
      cwd: options.cwd ?? TOOLKIT,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    options.onStart?.(child);
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (data: Buffer) => {
      stdout += data;
    });
    child.stderr.on("data", (data: Buffer) => {
      stderr += data;
      for (const line of String(data).split("\n").filter(Boolean)) options.onLine?.(line, child);
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

/** Runs `polder` as a user would. */
export const polder = (args: readonly string[], options?: RunOptions): Promise<Ran> =>
  program(join(TOOLKIT, "cli/polder"), args, options);

/** Runs `polder`. @throws Error with what it printed when it fails */
export async function polderWith(args: readonly string[], options?: RunOptions): Promise<Ran> {
  const ran = await polder(args, options);
  if (ran.code === 0) return ran;
  throw new Error(`polder ${args.join(" ")} exited ${ran.code}:\n${ran.stdout}${ran.stderr}`);
}

/** Runs `polder` and expects it to succeed; gives what it printed. */
export const polderOk = async (...args: string[]): Promise<string> =>
  (await polderWith(args)).stdout;

const parent = mkdtempSync(join(tmpdir(), "polder-instances-"));

/** A copy of an example under another name, so that tests never touch what a user has deployed. */
export interface TestInstance {
  readonly name: string;
  readonly folder: string;
  load(): LoadedInstance;
  /** Changes the instance file. */
  edit(change: (text: string) => string): void;
  /** Forgets all of it on this machine; the cloud is not asked. */
  forget(): void;
}

export function testInstance(example: string, name: string): TestInstance {
  const folder = join(parent, name);
  const file = join(folder, "instance.yaml");
  rmSync(folder, { recursive: true, force: true });
  rmSync(buildFolder(name), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const of = join(TOOLKIT, "instances", example);
  cpSync(join(of, "instance.yaml"), file);
  // What a user has pinned for the lab's own stays theirs.
  if (!example.startsWith("lab")) cpSync(join(of, "jitsi.yaml"), join(folder, "jitsi.yaml"));
  const edit = (change: (text: string) => string) =>
    writeFileSync(file, change(readFileSync(file, "utf8")));
  edit((text) =>
    text
      .replace(/^name: .*$/m, `name: ${name}`)
      .replace(/^domain: .*$/m, `domain: ${name}.vergaderen.example`),
  );
  return {
    name,
    folder,
    edit,
    load: () => loadInstance(folder),
    forget: () => {
      rmSync(folder, { recursive: true, force: true });
      rmSync(buildFolder(name), { recursive: true, force: true });
    },
  };
}

/**
 * From nothing to a deployed cluster, by the commands of docs/deploy.md; gives what each printed.
 *
 * @throws Error when one of them fails
 */
export async function deploy(instance: TestInstance, options?: RunOptions): Promise<string[]> {
  const printed: string[] = [];
  for (const step of ["plan", "apply", "addresses", "plan", "apply"]) {
    const { stdout, stderr } = await polderWith([step, instance.folder], options);
    printed.push(stdout + stderr);
  }
  return printed;
}
