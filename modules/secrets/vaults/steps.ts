import { createHash } from "node:crypto";
import { readRoomKeys, rotateRoomKeys } from "../../meetings/rooms/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import { secretsOf } from "../keyring/index.ts";
import { type Hosts, loadHosts, saveHosts } from "./hosts-file.ts";
import {
  ACCEPTED_RELAY_SECRETS,
  NEXT_RELAY_SECRET,
  PREVIOUS_RELAY_SECRET,
  RELAY_SECRET,
} from "./relay-secrets.ts";
import {
  loadTokenKeys,
  NEXT_TOKEN_KEY,
  PREVIOUS_TOKEN_KEY,
  TOKEN_KEY,
  TOKEN_KEYS,
} from "./token-keys.ts";

type Values = { get(name: string): string | undefined };

/** What one secret that changes in three steps is known by. */
interface Stepped {
  /** What hosts hold of it, which is another after each step. */
  readonly shown: string;
  /** What else hosts hold that is made of it. */
  readonly made?: readonly string[];
  /** How many steps of the three are done: 0 when no rotation is under way. */
  readonly done: (vault: Values) => 0 | 1 | 2;
}

const byEntries =
  (next: string, previous: string): Stepped["done"] =>
  (vault) =>
    vault.get(previous) !== undefined ? 2 : vault.get(next) !== undefined ? 1 : 0;

/** Secrets of which both sides must know what the other has, at any moment. */
const STEPPED: Readonly<Record<string, Stepped>> = {
  "ca/instance.key": {
    shown: "ca/instance.crt",
    done: byEntries("ca/next.crt", "ca/previous.crt"),
  },
  "gate/rooms.keys": {
    shown: "gate/rooms.keys",
    done: (vault) => {
      const text = vault.get("gate/rooms.keys");
      if (text === undefined) return 0;
      return (rotateRoomKeys(readRoomKeys(text), new Uint8Array(32)).step - 1) as 0 | 1 | 2;
    },
  },
  [TOKEN_KEY]: { shown: TOKEN_KEYS, done: byEntries(NEXT_TOKEN_KEY, PREVIOUS_TOKEN_KEY) },
  [RELAY_SECRET]: {
    shown: ACCEPTED_RELAY_SECRETS,
    made: ["turn/monitor-login"],
    done: byEntries(NEXT_RELAY_SECRET, PREVIOUS_RELAY_SECRET),
  },
};

/** Tells one value from the next, and nobody what it is: all of them hold 256 bits of chance, or are public. */
const digestOf = (value: string): string =>
  createHash("sha256").update(`polder step\0${value}`).digest("hex").slice(0, 16);

/** The hosts that hold a secret, or what belongs to it. */
function holders({ blueprint }: LoadedInstance, name: string): readonly string[] {
  const { shown, made = [] } = STEPPED[name] as Stepped;
  const names = [name, shown, ...made];
  const specs = secretsOf(blueprint).filter(({ name }) => names.includes(name));
  return [...new Set(specs.flatMap(({ hosts }) => hosts))].sort();
}

/** How far a rotation is, and who doesn't have its last step yet. */
export interface Rotation {
  readonly done: 0 | 1 | 2;
  /** Hosts that run, and weren't converged since the last step, or have a daemon that waits for its restart. */
  readonly behind: readonly string[];
}

/**
 * Undefined for a secret that is made anew in one step.
 *
 * @param vault the one that holds the secret
 */
export function rotationOf(
  loaded: LoadedInstance,
  vault: Values,
  name: string,
): Rotation | undefined {
  const stepped = STEPPED[name];
  if (!stepped) return undefined;
  const { shown } = stepped;
  const value = shown === TOKEN_KEYS ? loadTokenKeys(loaded.folder) : (vault.get(shown) ?? "");
  const hosts = loadHosts(loaded.folder);
  const behind = holders(loaded, name).filter((id) => {
    const entry = hosts[id];
    return entry !== undefined && entry.has?.[shown] !== digestOf(value);
  });
  return { done: stepped.done(vault), behind };
}

/** What brings the last step to the hosts that are behind. */
export const wayOn = (instance: string): string =>
  `\`polder converge ${instance}\`, with --restart where it lists a unit as pending`;

/**
 * Writes down, after a converge, what these hosts have now: the next step of a rotation waits for it.
 *
 * @param vault the instance's, as it was shipped
 * @param ids hosts on which no daemon runs with older files
 */
export function recordSteps(loaded: LoadedInstance, vault: Values, ids: readonly string[]): void {
  const hosts = loadHosts(loaded.folder);
  const next: Record<string, Hosts[string]> = { ...hosts };
  for (const [name, { shown }] of Object.entries(STEPPED)) {
    const value = vault.get(shown);
    if (value === undefined) continue;
    for (const id of holders(loaded, name)) {
      const entry = next[id];
      if (entry && ids.includes(id))
        next[id] = { ...entry, has: { ...entry.has, [shown]: digestOf(value) } };
    }
  }
  if (JSON.stringify(next) !== JSON.stringify(hosts)) saveHosts(loaded.folder, next);
}
