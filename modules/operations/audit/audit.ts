import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { providerOf } from "../../clouds/known-clouds/index.ts";
import { Terraform, TerraformFailure } from "../../clouds/terraform/index.ts";
import type { Finding } from "../../common/findings/index.ts";
import { badInput } from "../../common/input/index.ts";
import type { Testbed } from "../../common/testbed/index.ts";
import { TOOLKIT } from "../../common/toolkit/index.ts";
import { evaluate, isPlan, type PlanJson, type TerraformJson } from "../../policy/index.ts";
import { INSTANCE_FILE, type LoadedInstance, loadInstance, shown } from "../../workspace/index.ts";
import { digestOf, type PlanRecord, terraformEnvironment } from "../plan/index.ts";
import { packOf } from "../rules/index.ts";
import {
  expectedOf,
  inputOf,
  renderedHosts,
  type Synthesis,
  stateFolderIn,
  writeLockFile,
} from "../working-folder/index.ts";

/** What an audit of a handed-over folder gives. */
export interface Audited {
  readonly loaded: LoadedInstance;
  readonly findings: readonly Finding[];
  /** What couldn't be looked at, and why. */
  readonly notSeen: readonly string[];
}

export interface AuditOptions {
  /** The day to evaluate on, `YYYY-MM-DD`. */
  readonly asOf: string;
  readonly testbed: Testbed;
  readonly synthesis: Synthesis;
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
 * Audits a folder that somebody handed over: the instance's files, and beside them `stacks/<stack>/cdk.tf.json` and
 * `plan/`, as they lie in `build/instances/<name>/`. It needs no credential, connects to nothing, believes no finding
 * that was handed over, and writes nothing into the folder.
 *
 * @throws BadInput for a folder without an instance, or with a file that can't be read
 */
export async function auditFolder(folder: string, options: AuditOptions): Promise<Audited> {
  if (!existsSync(join(folder, INSTANCE_FILE)))
    throw badInput(
      shown(folder),
      `holds no ${INSTANCE_FILE}: hand over the instance's folder, with \`plan\` and \`stacks\` of build/instances/<name>/ in it`,
    );
  const loaded = loadInstance(folder);
  const work = mkdtempSync(join(tmpdir(), "polder-audit-"));
  try {
    return await audit(loaded, work, options);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function audit(
  loaded: LoadedInstance,
  work: string,
  { asOf, testbed, synthesis }: AuditOptions,
): Promise<Audited> {
  const { folder } = loaded;
  const notSeen: string[] = [];
  const plan = join(folder, "plan");
  const recordFile = join(plan, "record.json");
  const record = existsSync(recordFile)
    ? (readDocument(recordFile) as unknown as PlanRecord)
    : undefined;
  const handed = handedDocuments(loaded, notSeen);
  const stateFolder = stateFolderIn(handed);
  const stackOptions = { outdir: work, ...(stateFolder !== undefined && { stateFolder }) };
  const expected = expectedOf(loaded, stackOptions, synthesis);
  // What wasn't handed over is evaluated as it is made anew, with the overrides.
  const made = synthesis.render(loaded, stackOptions);
  const stacks = new Map([...made].map(([name, json]) => [name, handed.get(name) ?? json]));
  for (const [name, json] of handed) stacks.set(name, json);
  const plans = new Map<string, PlanJson>();
  for (const name of stacks.keys()) {
    const file = join(plan, `${name}.json`);
    if (!existsSync(file)) {
      notSeen.push(`plan/${name}.json wasn't handed over: rules over the plan say not-tested`);
      continue;
    }
    const json = readDocument(file);
    if (!isPlan(json)) throw badInput(shown(file), "is no plan of `terraform show -json`");
    plans.set(name, json);
  }
  const rendered = renderedHosts(loaded);
  const input = {
    ...inputOf(loaded, stacks, expected),
    ...(plans.size > 0 && { plans }),
    ...rendered,
  };
  if (!rendered.hosts)
    notSeen.push("the hosts' files: what the instance file asks for can't be rendered yet");
  const findings = [
    ...sums(loaded, record, notSeen),
    ...(await binaryPlans({ loaded, handed, plans, work, testbed }, notSeen)),
    ...evaluate(input, asOf, await packOf(loaded)),
  ];
  notSeen.push(
    "the cloud: what stands in the project beside the plan is listed by `polder plan` alone, with a credential",
    "running hosts: `polder probe` looks at them",
  );
  return { loaded, findings, notSeen };
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
  readonly handed: ReadonlyMap<string, TerraformJson>;
  readonly plans: ReadonlyMap<string, PlanJson>;
  readonly work: string;
  readonly testbed: Testbed;
}

/** Terraform's own reading of each binary plan, against the JSON that the rules evaluate. */
async function binaryPlans(
  { loaded, handed, plans, work, testbed }: BinaryInput,
  notSeen: string[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [name, json] of plans) {
    const file = join(loaded.folder, "plan", `${name}.tfplan`);
    const document = handed.get(name);
    if (!existsSync(file) || !document) {
      notSeen.push(
        `plan/${name}.tfplan ${document ? "wasn't handed over" : "can't be shown without its document"}: that it is the plan of ${name}.json rests on the record`,
      );
      continue;
    }
    const folder = join(work, "shown", name);
    mkdirSync(folder, { recursive: true });
    // Without its backend: to show a plan needs no state, and this folder is none of anybody's.
    const { backend: _, ...terraform } = (document["terraform"] ?? {}) as Record<string, unknown>;
    writeFileSync(join(folder, "cdk.tf.json"), JSON.stringify({ ...document, terraform }));
    writeLockFile(folder, providerOf(loaded.blueprint));
    const engine = new Terraform({
      folder,
      env: terraformEnvironment(testbed),
      progress: () => {},
      label: name,
      timeoutMinutes: 5,
    });
    try {
      await engine.init();
      const seen = await engine.show(file);
      const isSame = JSON.stringify(seen) === JSON.stringify(json);
      findings.push({
        id: BINARY,
        verdict: isSame ? "pass" : "fail",
        subject: basename(file),
        message: isSame
          ? "Terraform shows the very plan that was evaluated"
          : `Terraform shows another plan than ${name}.json: what would be applied isn't what was reviewed`,
      });
    } catch (error) {
      if (!(error instanceof TerraformFailure)) throw error;
      findings.push({
        id: BINARY,
        verdict: "not-tested",
        subject: basename(file),
        message: `Terraform can't show it here: ${error.message.split("\n")[0]}`,
      });
    }
  }
  return findings;
}
