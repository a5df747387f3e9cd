import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { explain, parseEvent, type TerraformEvent } from "./events.ts";
import { backendOf, type PlannedBackend } from "./plan-file.ts";
import { type RunResult, run, TerraformFailure } from "./run.ts";

/** One line of progress. */
export type Progress = (line: string) => void;

export interface TerraformOptions {
  /** Folder with a cdk.tf.json. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress: Progress;
  /** What the progress lines begin with: the stack's name. */
  readonly label: string;
  readonly timeoutMinutes: number;
}

/** How often a line of progress is printed, in milliseconds. */
const PROGRESS_EVERY = 2000;

/** Oldest minor version 1.x of Terraform or OpenTofu whose `-json` and `import` blocks are read here. */
const OLDEST_MINOR = 6;

/** How many resources a plan adds, changes and removes. */
export interface ChangeCount {
  readonly add: number;
  readonly change: number;
  readonly remove: number;
  /** Taken into the state, for they exist already. */
  readonly import: number;
}

/** A resource that is in the state but was never seen whole. */
export interface Tainted {
  readonly address: string;
  readonly type: string;
  /** The cloud's id. */
  readonly id: string;
}

/** Which state, and which of its versions. */
export interface StateMark {
  /** Terraform's name of a state, from its first day to its last; empty while there is none. */
  readonly lineage: string;
  readonly serial: number;
}

/** What a state says of one resource. */
export type Attributes = Readonly<Record<string, unknown>>;

/** Where a backend keeps the state: a URL, or a path. */
interface BackendPlace {
  readonly address?: string | null;
  readonly path?: string | null;
}

/** The part of a state that is read here. */
interface State extends Partial<StateMark> {
  readonly resources?: readonly {
    readonly type: string;
    readonly name: string;
    readonly instances: readonly {
      readonly status?: string;
      readonly attributes?: Attributes;
    }[];
  }[];
}

/** Why a run failed that reported no error: the signal that killed it, or its last line. */
function died({ signal, code, stdout, stderr }: RunResult): string {
  if (signal)
    return `killed by ${signal}: not by this command; out of memory? What was made is in the state, run it again to go on`;
  const last = `${stdout}\n${stderr}`.trim().split("\n").at(-1) ?? "";
  return `ended with ${code}: ${parseEvent(last)["@message"] ?? last}`;
}

/** Terraform or OpenTofu in one folder. */
export class Terraform {
  readonly #options: TerraformOptions;
  /** The engine's program: `terraform`, or what TERRAFORM_BINARY_NAME says, as for cdktf. */
  readonly program: string;

  constructor(options: TerraformOptions) {
    this.#options = options;
    this.program = process.env["TERRAFORM_BINARY_NAME"] ?? "terraform";
  }

  /**
   * Name and version of the engine, such as `terraform 1.11.4`.
   *
   * @throws TerraformFailure when it is missing, too old, or something else.
   */
  async version(): Promise<string> {
    const { stdout } = await this.#run(["version", "-json"]);
    const version = /"terraform_version":\s*"([^"]+)"/.exec(stdout)?.[1];
    const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
    if (major < 1 || (major === 1 && minor < OLDEST_MINOR)) {
      const got = version ?? stdout.split("\n")[0]?.slice(0, 80);
      throw new TerraformFailure(
        `${this.program}: got version "${got}", 1.${OLDEST_MINOR} or newer is needed: install it, or name another program in TERRAFORM_BINARY_NAME`,
      );
    }
    return `${this.program} ${version}`;
  }

  /**
   * Prepares the folder: backend and the pinned provider. Never changes the lock file.
   *
   * @throws TerraformFailure when the state lies elsewhere than where the last run had it
   */
  async init(): Promise<void> {
    if (!this.#samePlace())
      throw new TerraformFailure(
        `${this.#options.label}: ${explain([{ severity: "error", summary: "Backend configuration changed" }])}`,
      );
    // What the last run wrote down of the backend isn't taken for it, whatever it says.
    const result = await this.#run([
      "init",
      "-input=false",
      "-no-color",
      "-lockfile=readonly",
      "-reconfigure",
    ]);
    if (result.code !== 0) {
      const detail = result.stderr.replace(/[╷│╵]/g, "").trim() || died(result);
      throw new TerraformFailure(
        `${this.#options.label}: ${explain([{ severity: "error", summary: detail }])}`,
      );
    }
  }

  /** A file of the folder as JSON; empty when it isn't there. */
  #read<T>(name: string): Partial<T> {
    const file = join(this.#options.folder, name);
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Partial<T>) : {};
  }

  /** The backend of the folder's document: its type, and its settings. */
  #backend(): readonly [string, Readonly<Record<string, unknown>>] | undefined {
    const { terraform } = this.#read<{
      terraform: { backend?: Record<string, Record<string, unknown>> };
    }>("cdk.tf.json");
    return Object.entries(terraform?.backend ?? {})[0];
  }

  /**
   * Whether the state lies where the last run had it, if there was one. Terraform asks for a migration at any change of the
   * backend's settings; how locks are asked for moves no state.
   */
  #samePlace(): boolean {
    const { backend } = this.#read<{ backend: { type: string; config: BackendPlace } }>(
      ".terraform/terraform.tfstate",
    );
    if (!backend) return true;
    const [type, wanted] = this.#backend() ?? [];
    return (
      type === backend.type &&
      wanted?.["address"] === (backend.config.address ?? undefined) &&
      wanted?.["path"] === (backend.config.path ?? undefined)
    );
  }

  /**
   * Whether a plan file keeps its state where the folder's document says, which its JSON doesn't tell.
   *
   * @throws TerraformFailure when it can't be read
   */
  keepsStateHere(file: string): boolean {
    const [type, wanted] = this.#backend() ?? [];
    let planned: PlannedBackend;
    try {
      planned = backendOf(readFileSync(file));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new TerraformFailure(`${file}: is no plan file that can be read: ${why}`);
    }
    const names = Object.keys({ ...wanted, ...planned.config });
    return (
      planned.type === type &&
      planned.workspace === "default" &&
      names.every((name) => (wanted?.[name] ?? null) === (planned.config[name] ?? null))
    );
  }

  /** Makes a plan file. @throws TerraformFailure when the cloud or the configuration refuses. */
  async plan(file: string, options: { readonly destroy?: boolean } = {}): Promise<ChangeCount> {
    const destroy = options.destroy ? ["-destroy"] : [];
    let count: ChangeCount = { add: 0, change: 0, remove: 0, import: 0 };
    await this.#stream("plan", [...destroy, `-out=${file}`], (event) => {
      if (event.type === "change_summary" && event.changes) count = event.changes;
    });
    return count;
  }

  /** The plan file as JSON (`terraform show -json`). */
  async show(file: string): Promise<Record<string, unknown>> {
    const result = await this.#run(["show", "-json", "-no-color", file]);
    if (result.code !== 0)
      throw new TerraformFailure(`${this.#options.label}: ${result.stderr.trim()}`);
    return JSON.parse(result.stdout) as Record<string, unknown>;
  }

  /** Applies exactly a plan file. */
  async apply(file: string): Promise<void> {
    await this.#stream("apply", ["-auto-approve"], () => {}, file);
  }

  /** Values of the stack's outputs. */
  async outputs(): Promise<Record<string, unknown>> {
    const result = await this.#run(["output", "-json", "-no-color"]);
    if (result.code !== 0)
      throw new TerraformFailure(`${this.#options.label}: ${result.stderr.trim()}`);
    const outputs = JSON.parse(result.stdout) as Record<string, { value: unknown }>;
    return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
  }

  /** Which state it is and how often it changed, by anyone; serial 0 while there is none. */
  async stateMark(): Promise<StateMark> {
    const { lineage = "", serial = 0 } = (await this.#pull()) ?? {};
    return { lineage, serial };
  }

  /** What was made while its run failed or was interrupted: the next plan would replace it. */
  async tainted(): Promise<Tainted[]> {
    const { resources = [] } = (await this.#pull()) ?? {};
    return resources.flatMap(({ type, name, instances }) =>
      instances
        .filter((instance) => instance.status === "tainted")
        .map((instance) => ({
          address: `${type}.${name}`,
          type,
          // Some providers have numbers.
          id: String(instance.attributes?.["id"] ?? ""),
        })),
    );
  }

  /** What the state says of each resource of a type. */
  async attributesOf(type: string): Promise<Attributes[]> {
    const { resources = [] } = (await this.#pull()) ?? {};
    return resources
      .filter((resource) => resource.type === type)
      .flatMap(({ instances }) => instances.map(({ attributes = {} }) => attributes));
  }

  /** Writes down what is known better of each resource of a type than its state says. */
  async amend(type: string, change: (attributes: Attributes) => Attributes): Promise<void> {
    const state = await this.#pull();
    if (!state) return;
    const amended = {
      ...state,
      serial: (state.serial ?? 0) + 1,
      resources: state.resources?.map((resource) =>
        resource.type === type
          ? {
              ...resource,
              instances: resource.instances.map((instance) => ({
                ...instance,
                attributes: change(instance.attributes ?? {}),
              })),
            }
          : resource,
      ),
    };
    const file = join(this.#options.folder, "amended.tfstate");
    try {
      writeFileSync(file, JSON.stringify(amended), { mode: 0o600 });
      await this.#change("state", "push", "-lock-timeout=10s", file);
    } finally {
      rmSync(file, { force: true });
    }
  }

  /** Takes something out of the state; in the cloud it stays. */
  async forget(address: string): Promise<void> {
    await this.#change("state", "rm", "-lock-timeout=10s", address);
  }

  /** Takes something for whole after all. */
  async untaint(address: string): Promise<void> {
    await this.#change("untaint", "-no-color", "-lock-timeout=10s", address);
  }

  async #change(...args: readonly string[]): Promise<void> {
    const result = await this.#run(args);
    if (result.code !== 0)
      throw new TerraformFailure(
        `${this.#options.label}: ${explain([{ severity: "error", summary: result.stderr }])}`,
      );
  }

  async #pull(): Promise<State | undefined> {
    const result = await this.#run(["state", "pull"]);
    if (result.code !== 0 || result.stdout.trim() === "") return undefined;
    return JSON.parse(result.stdout) as State;
  }

  async #run(args: readonly string[]): Promise<RunResult> {
    const { folder, env, timeoutMinutes } = this.#options;
    const result = await run(this.program, args, { folder, env, timeoutMinutes });
    // It may come between or after applies, and itself changes nothing.
    this.#assertUninterrupted(result, "what was made is in the state");
    return result;
  }

  /** @throws TerraformFailure when somebody asked the run to stop. */
  #assertUninterrupted({ interrupted }: RunResult, state: string): void {
    const { label, timeoutMinutes } = this.#options;
    if (interrupted === "by hand")
      throw new TerraformFailure(`${label}: interrupted; ${state}, run it again to go on`);
    if (interrupted === "by time") {
      throw new TerraformFailure(
        `${label}: stopped after ${timeoutMinutes} minutes without an end (--timeout): does the cloud's API hang? ${state}, run it again to go on`,
      );
    }
  }

  async #stream(
    verb: "plan" | "apply",
    args: readonly string[],
    onEvent: (event: TerraformEvent) => void,
    ...positional: readonly string[]
  ): Promise<void> {
    const { folder, env, progress, label, timeoutMinutes } = this.#options;
    const diagnostics: NonNullable<TerraformEvent["diagnostic"]>[] = [];
    const busy = new Map<string, string>();
    let done = 0;
    let total = 0;
    let last = Date.now();
    const began = last;
    const tell = () => {
      const seconds = Math.round((Date.now() - began) / 1000);
      const at = [...busy].at(-1);
      const now = at ? `, ${at[1]} ${at[0]}` : "";
      const count = verb === "apply" ? `${done} of ${total} done` : "reading the cloud";
      progress(`${label}: ${verb} ${seconds} s, ${count}${now}`);
      last = Date.now();
    };
    const timer = setInterval(
      () => Date.now() - last >= PROGRESS_EVERY && tell(),
      PROGRESS_EVERY / 2,
    );
    try {
      const result = await run(
        this.program,
        [verb, "-json", "-input=false", "-lock-timeout=10s", ...args, ...positional],
        {
          folder,
          env,
          timeoutMinutes,
          outputFile: join(folder, `${verb}.log`),
          onInterrupt: (times) =>
            progress(
              `${label}: ${times === 1 ? "stopping: Terraform ends what it is doing and writes its state" : "still stopping: killing it now would lose what it has made"}`,
            ),
          onLine: (line) => {
            const event = parseEvent(line);
            if (event.diagnostic) diagnostics.push(event.diagnostic);
            if (event.type === "planned_change") total++;
            const address = event.hook?.resource?.addr;
            if (event.type === "apply_start" && address)
              busy.set(address, event.hook?.action ?? "");
            if ((event.type === "apply_complete" || event.type === "apply_errored") && address) {
              busy.delete(address);
              done++;
            }
            if (event.type === "change_summary" && event.changes) {
              total = event.changes.add + event.changes.change + event.changes.remove;
            }
            onEvent(event);
          },
        },
      );
      this.#assertUninterrupted(
        result,
        verb === "apply" ? "what was made is in the state" : "nothing was changed",
      );
      if (result.code !== 0) {
        const text = explain(diagnostics) || died(result);
        throw new TerraformFailure(
          text
            .split("\n")
            .map((line) => `${label}: ${line}`)
            .join("\n"),
        );
      }
    } finally {
      clearInterval(timer);
    }
  }
}
