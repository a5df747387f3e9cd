import { join } from "node:path";
import { type LoadedInstance, writeAtomically } from "../../workspace/index.ts";
import { readJson } from "./read-json.ts";
import { prepareStateFolder } from "./working-folder.ts";

/** What the last `polder apply` left: what was applied, and the serial of each state after it. */
export interface AppliedRecord {
  readonly digest?: string;
  readonly asOf?: string;
  readonly engine?: string;
  /** SHA-256 of the line that was last added to the history. */
  readonly history?: string;
  readonly serials: Readonly<Record<string, number>>;
}

/**
 * The record's path: beside the state, so that a person who has the one has the other. A state server stores only
 * states; then the record lies in the instance's folder, to be committed like the addresses.
 */
export const appliedFile = ({ folder, instance }: LoadedInstance): string =>
  instance.state.backend === "local"
    ? join(folder, "state", "applied.json")
    : join(folder, "applied.json");

/** The record; empty where nothing was applied yet. */
export const readApplied = (loaded: LoadedInstance): AppliedRecord => {
  const { serials = {}, ...record } = readJson<Partial<AppliedRecord>>(appliedFile(loaded)) ?? {};
  return { ...record, serials };
};

/** Writes down more of it. */
export function noteApplied(loaded: LoadedInstance, more: Partial<AppliedRecord>): void {
  prepareStateFolder(loaded);
  const before = readApplied(loaded);
  const record = { ...before, ...more, serials: { ...before.serials, ...more.serials } };
  writeAtomically(appliedFile(loaded), `${JSON.stringify(record, null, 2)}\n`);
}
