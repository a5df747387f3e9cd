/** What our own module tells about a host. */
export interface Told {
  readonly same?: boolean;
  readonly digest?: string;
  /** Path to what was done to it by hand. */
  readonly drift?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  readonly packages?: { readonly install: readonly string[]; readonly remove: readonly string[] };
  readonly units?: {
    readonly ask: Readonly<Record<string, string>>;
    readonly enable: readonly string[];
    readonly mask: readonly string[];
  };
  readonly accounts?: {
    readonly missing: readonly { readonly user: string }[];
    readonly former: readonly { readonly user: string }[];
  };
  readonly volume?: { readonly state: string; readonly folder: string } | null;
  readonly pending?: readonly string[];
  readonly asked?: Readonly<Record<string, string>>;
  readonly installed?: readonly string[];
  readonly removed?: readonly string[];
}

/** One line of our callback plugin (ansible/plugins/callback/polder_events.py). */
export type ConvergeEvent =
  | { readonly event: "task"; readonly task: string }
  | { readonly event: "skipped"; readonly host: string; readonly task: string }
  | {
      readonly event: "ok" | "failed" | "unreachable";
      readonly host: string;
      readonly task: string;
      readonly changed: boolean;
      readonly message?: string;
      readonly phase?: string;
      readonly told?: Told;
    }
  | { readonly event: "end" }
  | { readonly event: "text"; readonly text: string };

/** Reads one line; what is no event of ours (a warning, a crash) becomes text. */
export function parseEvent(line: string): ConvergeEvent {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && "event" in value)
      return value as ConvergeEvent;
  } catch {
    // Ansible speaks for itself before the callback is there.
  }
  return { event: "text", text: line };
}

/** How a host came out of it. */
export interface HostResult {
  readonly host: string;
  readonly outcome: "unchanged" | "changed" | "differs" | "failed";
  /** What was found and done, a line each. */
  readonly lines: readonly string[];
  /** Units whose restart waits, for it would cut calls off. */
  readonly pending: readonly string[];
  /** Tasks that ran on the host. */
  readonly tasks: number;
}

/** Names that are shown of a list; a first converge has dozens, and `polder render` lists them. */
const SHOWN = 8;

function list(what: string, names: readonly string[] = []): string[] {
  if (names.length === 0) return [];
  const more = names.length > SHOWN ? [`and ${names.length - SHOWN} more`] : [];
  return [`${what} ${[...names.slice(0, SHOWN), ...more].join(", ")}`];
}

/** What a comparison found, for a person. */
export function found(told: Told): string[] {
  const asks = Object.entries(told.units?.ask ?? {}).map(([unit, verb]) => `${verb} ${unit}`);
  return [
    ...Object.entries(told.drift ?? {}).map(([path, what]) => `drift: ${path}: ${what}`),
    ...list("files:", told.files),
    ...list("packages to install:", told.packages?.install),
    ...list("packages to remove:", told.packages?.remove),
    ...list("units:", [
      ...asks,
      ...(told.units?.enable ?? []).map((unit) => `enable ${unit}`),
      ...(told.units?.mask ?? []).map((unit) => `mask ${unit}`),
    ]),
    ...list(
      "new admins:",
      told.accounts?.missing.map(({ user }) => user),
    ),
    ...list(
      "no admins any more:",
      told.accounts?.former.map(({ user }) => user),
    ),
  ];
}

/** What a person can do about Ansible's own words. First match counts. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /Decryption failed|no vault secrets|vault secret/i,
    "the vault doesn't open with its key: take vault.yaml and vault.key.age from one commit",
  ],
  [
    /Failed to connect|Data could not be sent|Connection (refused|timed out|reset|closed)|Broken pipe|lost connection|mux_client|not responding|Shared connection|unreachable/i,
    "the connection was lost: is the host up? what was begun on it is ended there; run it again to go on",
  ],
  [/No space left/i, "the disk is full: make room and run it again"],
  [
    /sudo: .*(password|not allowed|not in the sudoers)/i,
    "you may not become root there: are you an admin of this instance?",
  ],
  [/not find the requested python|python.*not found/i, "the host has no python3: is it Debian 13?"],
];

/** An error in one line. */
export function explain(message: string): string {
  const text = message.replace(/\s+/g, " ").trim();
  const hint = HINTS.find(([pattern]) => pattern.test(text))?.[1];
  return hint ?? text.replace(/^Task failed: /, "").slice(0, 400);
}

interface State {
  compared?: Told;
  changed: boolean;
  failure?: string;
  pending: readonly string[];
  tasks: number;
  lines: string[];
}

/** Gathers events to one result a host. */
export class Results {
  readonly #hosts: Map<string, State>;
  readonly #check: boolean;
  /** What Ansible said outside of any task: the reason when nothing ran. */
  readonly texts: string[] = [];

  constructor(hosts: readonly string[], check: boolean) {
    this.#hosts = new Map(
      hosts.map((host) => [host, { changed: false, pending: [], tasks: 0, lines: [] }]),
    );
    this.#check = check;
  }

  add(event: ConvergeEvent): void {
    if (event.event === "text") this.texts.push(event.text);
    if (!("host" in event) || event.event === "skipped") return;
    const state = this.#hosts.get(event.host);
    if (!state) return;
    state.tasks++;
    const { told, phase } = event;
    if (event.event !== "ok") state.failure = explain(event.message ?? "failed");
    if (told?.pending) state.pending = told.pending;
    if (phase === "compare" && told) {
      state.compared = told;
      state.lines.push(...found(told));
      if (told.volume?.state === "absent")
        state.lines.push(
          `${told.volume.folder} is a folder of the root disk: no volume of its size is attached`,
        );
    }
    if (phase === "switch" && told?.asked)
      state.lines.push(
        ...list(
          "done:",
          Object.entries(told.asked).map(([unit, verb]) => `${verb} ${unit}`),
        ),
      );
    if (event.changed) state.changed = true;
  }

  all(): HostResult[] {
    return [...this.#hosts].map(([host, state]) => {
      const same = state.compared?.same === true;
      const outcome = state.failure
        ? "failed"
        : same
          ? "unchanged"
          : this.#check
            ? "differs"
            : "changed";
      // A host that no event was about was not looked at: that is no success.
      const silent = !state.compared && !state.failure;
      return {
        host,
        outcome: silent ? "failed" : outcome,
        lines: silent
          ? ["was not looked at"]
          : state.failure
            ? [...state.lines, state.failure]
            : state.lines,
        pending: state.pending,
        tasks: state.tasks,
      };
    });
  }
}
