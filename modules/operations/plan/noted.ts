import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TerraformFailure } from "../../clouds/terraform/index.ts";
import { type Finding, tally } from "../../common/findings/index.ts";
import { buildFolder } from "../../common/toolkit/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { PlanJson, TerraformJson } from "../../policy/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import {
  type History,
  historyFile,
  type Line,
  noteInHistory,
  readHistory,
  whoWorks,
} from "../history/index.ts";
import { stackFolder } from "../working-folder/index.ts";
import { digestOf, type PlanRecord, planFolder, RECORD, sums } from "./record.ts";

/** What the history keeps of a plan: all that the record names but the plan files, which only Terraform reads. */
function filesOf({ blueprint }: LoadedInstance, { stacks }: PlanRecord): Record<string, string> {
  const folder = planFolder(blueprint.instance);
  const text = (file: string) => readFileSync(file, "utf8");
  const own = [
    RECORD,
    "findings.json",
    "blueprint.json",
    ...stacks.map(({ name }) => `${name}.json`),
  ];
  const documents = stacks.map(({ name }) => [
    `${name}/cdk.tf.json`,
    text(join(stackFolder(buildFolder(blueprint.instance), name), "cdk.tf.json")),
  ]);
  return Object.fromEntries([...own.map((name) => [name, text(join(folder, name))]), ...documents]);
}

/** The plan's line of a history; undefined when it isn't there. */
const lineOf = ({ lines }: History, digest: string): Line | undefined =>
  lines.findLast(({ event }) => event.kind === "plan" && event.plan === digest);

/** What somebody changed beside polder, once for each change. */
async function noteChangedElsewhere(loaded: LoadedInstance, record: PlanRecord): Promise<void> {
  const serials = Object.fromEntries(
    record.stateChangedElsewhere.map((name) => [name, record.states[name]?.serial ?? 0]),
  );
  const known = readHistory(loaded).lines.some(
    ({ event }) =>
      event.kind === "changed-elsewhere" &&
      JSON.stringify(event.serials) === JSON.stringify(serials),
  );
  if (record.stateChangedElsewhere.length > 0 && !known)
    await noteInHistory(loaded, {
      by: whoWorks(),
      event: { kind: "changed-elsewhere", serials },
    });
}

/** Notes a plan in the history, unless it is there: an apply may get one that was made elsewhere. */
export async function notePlan(
  loaded: LoadedInstance,
  record: PlanRecord,
  findings: readonly Finding[],
): Promise<void> {
  await noteChangedElsewhere(loaded, record);
  if (lineOf(readHistory(loaded), record.digest)) return;
  const { digest, asOf, destroys } = record;
  await noteInHistory(loaded, {
    by: whoWorks(),
    event: {
      kind: "plan",
      plan: digest,
      asOf,
      destroy: destroys,
      stacks: record.stacks.map(({ name, add, change, remove, import: taken }) => ({
        name,
        add,
        change,
        remove,
        import: taken,
      })),
      findings: tally(findings),
    },
    files: filesOf(loaded, record),
  });
}

/** The Blueprint that was applied last, as far as the history goes. @throws ExternalFailure when its file was changed */
export function appliedBlueprint(loaded: LoadedInstance): Blueprint | undefined {
  const history = readHistory(loaded);
  const applied = history.lines.findLast(
    ({ event }) => event.kind === "apply" && event.outcome === "applied",
  )?.event;
  const line = applied?.kind === "apply" ? lineOf(history, applied.plan) : undefined;
  if (!line || (line.event.kind === "plan" && line.event.destroy)) return undefined;
  return JSON.parse(historyFile(loaded.folder, line, "blueprint.json")) as Blueprint;
}

/**
 * A plan's record in the history.
 *
 * @returns the record, and the names of what isn't as it says: of itself, or of the files that the history keeps with it
 * @throws ExternalFailure when the record's file isn't as it was noted
 */
export function notedRecord(
  folder: string,
  line: Line,
): { readonly record: PlanRecord; readonly edited: readonly string[] } {
  const record = JSON.parse(historyFile(folder, line, RECORD)) as PlanRecord;
  const { digest, ...unsigned } = record;
  const isPlan = line.event.kind === "plan" && line.event.plan === digest;
  const files = Object.entries(line.files).filter(([name]) => name !== RECORD);
  return {
    record,
    edited: [
      ...(isPlan && digest === digestOf(unsigned) ? [] : [RECORD]),
      ...files.flatMap(([name, sum]) => (unsigned.sums[name] === sum ? [] : [name])),
    ],
  };
}

/** A plan as the history has it: nobody needs the plan file or a credential to read it. */
export interface NotedPlan {
  readonly record: PlanRecord;
  /** Who made it, by the name that they gave, and when. */
  readonly by: string;
  readonly at: string;
  readonly plans: ReadonlyMap<string, PlanJson>;
  readonly documents: ReadonlyMap<string, TerraformJson>;
  readonly findings: readonly Finding[];
}

/**
 * The last plan in an instance's history, if it is of the instance's files as they are.
 *
 * @throws TerraformFailure when there is none, or it isn't of what lies here
 */
export function lastPlan(loaded: LoadedInstance): NotedPlan {
  const { instance } = loaded.blueprint;
  const again = `run \`polder plan ${instance}\` again`;
  const line = readHistory(loaded).lines.findLast(({ event }) => event.kind === "plan");
  if (!line)
    throw new TerraformFailure(
      `no plan of ${instance} is in its history: run \`polder plan ${instance}\` first`,
    );
  const read = (name: string) => historyFile(loaded.folder, line, name);
  const { record, edited } = notedRecord(loaded.folder, line);
  if (edited.includes(RECORD)) throw new TerraformFailure(`the plan's record was edited: ${again}`);
  const stacks = record.stacks.map(({ name }) => name);
  const here = sums(loaded, stacks);
  // Of the history: what it keeps. Of the folder: what the plan was made from.
  const elsewhere = Object.entries(record.sums).flatMap(([name, sum]) => {
    const isMade = stacks.some(
      (stack) => name.startsWith(`${stack}/`) || name.startsWith(`${stack}.`),
    );
    return line.files[name] !== undefined || isMade || here[name] === sum ? [] : [name];
  });
  const changed = [...edited, ...elsewhere];
  if (changed.length > 0)
    throw new TerraformFailure(
      `changed since the last plan was made: ${changed.join(", ")}; ${again}`,
    );
  const json = (name: string) => JSON.parse(read(name));
  return {
    record,
    by: line.by,
    at: line.at,
    plans: new Map(stacks.map((stack) => [stack, json(`${stack}.json`)])),
    documents: new Map(stacks.map((stack) => [stack, json(`${stack}/cdk.tf.json`)])),
    findings: json("findings.json"),
  };
}
