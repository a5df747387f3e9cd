import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { providerOf } from "../../clouds/known-clouds/index.ts";
import type { Finding } from "../../common/findings/index.ts";
import { BadInput, badInput, type Problem } from "../../common/input/index.ts";
import { TOOLKIT } from "../../common/toolkit/index.ts";
import { evaluate, isPlan, type PlanJson, type TerraformJson } from "../../policy/index.ts";
import { INSTANCE_FILE, type LoadedInstance, loadInstance, shown } from "../../workspace/index.ts";
import { digestOf, type PlanRecord } from "../plan/index.ts";
import { packOf } from "../rules/index.ts";
import {
  type Composition,
  expectedOf,
  inputOf,
  renderedHosts,
  stateFolderIn,
} from "../working-folder/index.ts";
import { historyFindings } from "./history.ts";
import { PlanFiles, type Shown } from "./plan-files.ts";

/** What an audit of a handed-over folder gives. */
export interface Audited {
  /** The instance's name. */
  readonly instance: string;
  readonly findings: readonly Finding[];
  /** What couldn't be looked at, and why. */
  readonly notSeen: readonly string[];
}

export interface AuditOptions extends Composition {
  /** The day to evaluate on, `YYYY-MM-DD`. */
  readonly asOf: string;
}

const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");

/** A JSON file of the folder. @throws BadInput for what is no JSON object */
function readDocument(file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw badInput(shown(file), "is no JSON: hand over the file as polder wrote it");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badInput(shown(file), "is no JSON object: hand over the file as polder wrote it");
  return value as Record<string, unknown>;
}

/**
 * Audits folders that somebody handed over, one after the other: in each the instance's files, and beside them
 * `stacks/<stack>/cdk.tf.json` and `plan/`, as they lie in `build/instances/<name>/`. It needs no credential, connects to
 * nothing, believes no finding that was handed over, and writes nothing into the folders.
 *
 * @returns what was audited, in the order of the folders, and why the others can't be read
 */
export async function auditFolders(
  folders: readonly string[],
  options: AuditOptions,
): Promise<{ readonly audited: readonly Audited[]; readonly unreadable: readonly Problem[] }> {
  const work = mkdtempSync(join(tmpdir(), "polder-audit-"));
  const planFiles = new PlanFiles(work);
  const [audited, unreadable]: [Audited[], Problem[]] = [[], []];
  try {
    for (const folder of folders)
      try {
        audited.push(await audit(folder, work, planFiles, options));
      } catch (error) {
        if (!(error instanceof BadInput)) throw error;
        unreadable.push(...error.problems);
      }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { audited, unreadable };
}

/** @throws BadInput for a folder without an instance, or with a file that can't be read */
async function audit(
  folder: string,
  work: string,
  planFiles: PlanFiles,
  { asOf, synthesis, standIns }: AuditOptions,
): Promise<Audited> {
  if (!existsSync(join(folder, INSTANCE_FILE)))
    throw badInput(
      shown(folder),
      `holds no ${INSTANCE_FILE}: hand over the instance's folder, with \`plan\` and \`stacks\` of build/instances/<name>/ in it`,
    );
  const loaded = loadInstance(folder);
  const notSeen: string[] = [];
  const recordFile = join(folder, "plan", "record.json");
  const record = existsSync(recordFile)
    ? (readDocument(recordFile) as unknown as PlanRecord)
    : undefined;
  const handed = handedDocuments(loaded, notSeen);
  const stateFolder = stateFolderIn(handed);
  const stackOptions = { outdir: work, ...(stateFolder !== undefined && { stateFolder }) };
  const expected = expectedOf(loaded, stackOptions, synthesis);
  // What wasn't handed over is evaluated as it is made anew, with the overrides.
  const made = loaded.overrides ? synthesis.render(loaded, stackOptions) : expected;
  const stacks = new Map([...made].map(([name, json]) => [name, handed.get(name) ?? json]));
  for (const [name, json] of handed) stacks.set(name, json);
  const plans = handedPlans(loaded, [...stacks.keys()], notSeen);
  const binary = await binaryPlans({ loaded, expected, plans, planFiles }, notSeen);
  const rendered = renderedHosts(loaded, standIns);
  const input = {
    ...inputOf(loaded, stacks, expected),
    ...(plans.size > 0 && { plans }),
    ...rendered,
  };
  if (!rendered.hosts)
    notSeen.push("the hosts' files: they can't be rendered; `polder render` says why");
  const evaluated = evaluate(input, asOf, await packOf(loaded));
  const findings = [
    ...sums(loaded, record, notSeen),
    ...historyFindings(loaded, record, asOf, notSeen),
    ...(await binary()),
    ...evaluated,
  ];
  notSeen.push(
    "the cloud: `polder plan` and `polder drift` list what stands in the project beside the plan, with a credential",
    "running hosts: `polder drift` and `polder probe` look at them",
  );
  return { instance: loaded.blueprint.instance, findings, notSeen };
}

/** Terraform's plans of these stacks as JSON, as far as they were handed over. */
function handedPlans(
  { folder }: LoadedInstance,
  stacks: readonly string[],
  notSeen: string[],
): Map<string, PlanJson> {
  const plans = new Map<string, PlanJson>();
  for (const name of stacks) {
    const file = join(folder, "plan", `${name}.json`);
    if (!existsSync(file)) {
      notSeen.push(`plan/${name}.json wasn't handed over: rules over the plan say not-tested`);
      continue;
    }
    const json = readDocument(file);
    if (!isPlan(json)) throw badInput(shown(file), "is no plan of `terraform show -json`");
    plans.set(name, json);
  }
  return plans;
}

/** The documents in `stacks/`, in the form in which the construct library writes them. */
function handedDocuments(
  { folder, blueprint }: LoadedInstance,
  notSeen: string[],
): Map<string, TerraformJson> {
  const found = new Map<string, TerraformJson>();
  for (const name of [`${blueprint.instance}-addresses`, blueprint.instance]) {
    const file = join(folder, "stacks", name, "cdk.tf.json");
    if (!existsSync(file)) {
      notSeen.push(
        `stacks/${name}/cdk.tf.json wasn't handed over: the rules evaluated the document made anew`,
      );
      continue;
    }
    const json = readDocument(file);
    // Terraform reads a key that stands twice as two blocks, JSON.parse only the last of them.
    if (JSON.stringify(json, null, 2) !== readFileSync(file, "utf8").trimEnd())
      throw badInput(
        shown(file),
        "isn't written as polder writes it: a key may stand in it twice, so what Terraform reads isn't what is seen",
      );
    found.set(name, json);
  }
  return found;
}

const RECORD = "plan-record";

/** The record's digest, and its sums of what was handed over. */
function sums(
  { folder, blueprint }: LoadedInstance,
  record: PlanRecord | undefined,
  notSeen: string[],
): Finding[] {
  if (!record) {
    notSeen.push("plan/record.json wasn't handed over: no sum says which files belong together");
    return [];
  }
  const { digest, ...unsigned } = record;
  const wrong: Finding[] = [];
  let read = 0;
  if (digest !== digestOf(unsigned))
    wrong.push({
      id: RECORD,
      verdict: "fail",
      subject: "record.json",
      message: "its digest isn't that of what it says: it was edited",
    });
  for (const [name, sum] of Object.entries(record.sums ?? {})) {
    const got = sumOf(folder, name, JSON.stringify(blueprint));
    if (got === undefined && sum === "absent") read++;
    else if (got === undefined)
      notSeen.push(`${name}: has a sum in the record, wasn't handed over`);
    else if (got === sum) read++;
    else
      wrong.push({
        id: RECORD,
        verdict: "fail",
        subject: name,
        message: `its sum is ${got.slice(0, 16)}, the record says ${sum.slice(0, 16)}: another file than the plan was made with`,
      });
  }
  return wrong.length > 0
    ? wrong
    : [
        {
          id: RECORD,
          verdict: "pass",
          subject: "record.json",
          message: `${read} sums are those of the files, digest ${digest.slice(0, 16)}`,
        },
      ];
}

/** The sum of what a record's name means; undefined where it isn't in the folder. */
function sumOf(folder: string, name: string, blueprint: string): string | undefined {
  if (name === "blueprint") return sha256(blueprint);
  const places = name.startsWith("providers/")
    ? [join(TOOLKIT, name)]
    : [join(folder, name), join(folder, "plan", name), join(folder, "stacks", name)];
  const found = places.find((place) => existsSync(place));
  return found === undefined ? undefined : sha256(readFileSync(found));
}

const BINARY = "binary-plan";

interface BinaryInput {
  readonly loaded: LoadedInstance;
  /** The documents made anew. */
  readonly expected: ReadonlyMap<string, TerraformJson>;
  readonly plans: ReadonlyMap<string, PlanJson>;
  readonly planFiles: PlanFiles;
}

/**
 * Starts Terraform's own reading of each binary plan, against the JSON that the rules evaluate. It goes on while the
 * rules are evaluated.
 *
 * @returns a function that waits for the findings
 */
async function binaryPlans(
  { loaded, expected, plans, planFiles }: BinaryInput,
  notSeen: string[],
): Promise<() => Promise<Finding[]>> {
  const files = [...plans].flatMap(([name, json]) => {
    const file = join(loaded.folder, "plan", `${name}.tfplan`);
    if (existsSync(file)) return [{ name, json, file }];
    notSeen.push(
      `plan/${name}.tfplan wasn't handed over: that it is the plan of ${name}.json rests on the record`,
    );
    return [];
  });
  if (files.length === 0) return async () => [];
  const [document] = expected.values();
  const terraform = document?.["terraform"] as Record<string, unknown> | undefined;
  const required = terraform?.["required_providers"];
  const show = await planFiles.reader(providerOf(loaded.blueprint), required);
  const started = files.map(({ name, json, file }) =>
    show(file).then((seen) => compared(name, json, seen)),
  );
  return () => Promise.all(started);
}

function compared(name: string, json: PlanJson, seen: Shown): Finding {
  const finding = { id: BINARY, subject: `${name}.tfplan` };
  if ("failed" in seen) {
    const message = `Terraform can't show it here: ${seen.failed}`;
    return { ...finding, verdict: "not-tested", message };
  }
  return JSON.stringify(seen.plan) === JSON.stringify(json)
    ? {
        ...finding,
        verdict: "pass",
        message: "Terraform shows the very plan that was evaluated",
      }
    : {
        ...finding,
        verdict: "fail",
        message: `Terraform shows another plan than ${name}.json: what would be applied isn't what was reviewed`,
      };
}
