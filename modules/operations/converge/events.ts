/** The state of a host's volume when converge looked. */
interface VolumeReport {
  readonly state: "absent" | "blank" | "unmounted" | "grown" | "ready";
  readonly folder: string;
  readonly sizeGiB?: number;
  readonly wantedGiB?: number;
  /** Disks that are attached and aren't it. */
  readonly seen?: readonly string[];
}

/** What the Ansible module polder_release reports about a host. */
export interface HostReport {
  readonly same?: boolean;
  readonly digest?: string;
  /** Path to what was done to it by hand. */
  readonly drift?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  readonly packages?: { readonly install: readonly string[]; readonly remove: readonly string[] };
  /** Packages that aren't there as they were unpacked. */
  readonly unpacked?: readonly {
    readonly name: string;
    readonly version: string;
    readonly why: string;
  }[];
  /** Why what the host has of the folder of Debian's packages isn't what the folder has. */
  readonly archive?: string | null;
  /** Security updates for it that the folder doesn't hold. */
  readonly lacks?: readonly string[];
  readonly units?: {
    readonly ask: Readonly<Record<string, string>>;
    readonly enable: readonly string[];
    readonly mask: readonly string[];
  };
  readonly accounts?: {
    readonly missing: readonly { readonly user: string }[];
    readonly former: readonly { readonly user: string }[];
  };
  readonly volume?: VolumeReport | null;
  /** apt was kept from starting services, by a run that was killed. */
  readonly leftover?: boolean;
  /** A file that is as it should be, to how the kernel has loaded something else. */
  readonly idle?: Readonly<Record<string, string>>;
  /** A unit of the configuration, to the program that it runs and that a package has replaced since. */
  readonly old?: Readonly<Record<string, string>>;
  /** What comes from neither configuration, package nor image, to what it is. */
  readonly beyond?: Readonly<Record<string, string>>;
  /** The same at the first converge: it is the image's. */
  readonly brought?: Readonly<Record<string, string>>;
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
      readonly report?: HostReport;
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
  /** What is not as rendered and converge leaves to a person, a line each. */
  readonly left: readonly string[];
  /** Security updates that the folder of packages doesn't hold. */
  readonly lacks: readonly string[];
  /** Lines of what is loaded or runs otherwise than its files say, units whose restart or reload is due included, for the probes. */
  readonly running: readonly string[];
  /** Units whose restart waits, for it would cut calls off. */
  readonly pending: readonly string[];
  /** Tasks that ran on the host. */
  readonly tasks: number;
}

/** Names that are shown of a list; a first converge has dozens, and `polder render` lists them. */
const SHOWN = 8;

function list(what: string, names: readonly string[] = [], shown = SHOWN): string[] {
  if (names.length === 0) return [];
  const more = names.length > shown ? [`and ${names.length - shown} more`] : [];
  return [`${what} ${[...names.slice(0, shown), ...more].join(", ")}`];
}

const lines = (what: string, report: Readonly<Record<string, string>> = {}): string[] =>
  Object.entries(report).map(([name, how]) => `${what}: ${name}: ${how}`);

/** What holds of a unit whose restart or reload is due. */
export const runsOlderFiles = (unit: string): string => `${unit} runs with older files than it has`;

/** What is loaded or runs, and isn't what the files say. */
const running = ({ idle, old }: HostReport): string[] => [
  ...lines("not in force", idle),
  ...Object.entries(old ?? {}).map(
    ([unit, what]) => `old program: ${unit} runs ${what}, which was replaced since`,
  ),
];

/** The report on a volume; nothing where all is well. */
function volumeLines(volume: VolumeReport | null | undefined): string[] {
  if (!volume) return [];
  const { state, folder, sizeGiB = 0, wantedGiB = 0, seen = [] } = volume;
  const size =
    sizeGiB < wantedGiB
      ? [
          `volume: the disk at ${folder} has ${sizeGiB} GiB, not ${wantedGiB}: \`polder plan\` and \`apply\` grow it; where they have, the host sees it after a reboot`,
        ]
      : sizeGiB > wantedGiB
        ? [`volume: the disk at ${folder} has ${sizeGiB} GiB, more than the ${wantedGiB} planned`]
        : [];
  switch (state) {
    case "absent":
      return [
        `${folder} is a folder of the root disk: no volume of ${wantedGiB} GiB is attached${seen.length > 0 ? `, only ${seen.join(", ")}` : ""}`,
      ];
    case "blank":
      return [`volume: ${folder}: a blank disk, to be formatted and mounted`];
    case "unmounted":
      return [`volume: ${folder}: its disk isn't mounted`, ...size];
    case "grown":
      return [`volume: ${folder}: its file system is smaller than its disk`, ...size];
    case "ready":
      return size;
  }
}

/** What a comparison found, for a person. */
export function found(report: HostReport): string[] {
  const asks = Object.entries(report.units?.ask ?? {}).map(([unit, verb]) => `${verb} ${unit}`);
  return [
    ...lines("drift", report.drift),
    ...running(report),
    // Whole: what is in it counts as known from now on.
    ...list("the image brought:", Object.keys(report.brought ?? {}), Number.POSITIVE_INFINITY),
    ...(report.leftover
      ? ["packages: a run that was killed left /usr/sbin/policy-rc.d, which keeps services down"]
      : []),
    ...volumeLines(report.volume),
    ...list("files:", report.files),
    ...(report.archive ? [`folder of packages: ${report.archive}`] : []),
    ...list("packages to install:", report.packages?.install),
    ...list("packages to remove:", report.packages?.remove),
    ...list(
      "packages to unpack:",
      report.unpacked?.map(({ name, version, why }) => `${name} ${version} (${why})`),
    ),
    ...list("units:", [
      ...asks,
      ...(report.units?.enable ?? []).map((unit) => `enable ${unit}`),
      ...(report.units?.mask ?? []).map((unit) => `mask ${unit}`),
    ]),
    ...list(
      "new admins:",
      report.accounts?.missing.map(({ user }) => user),
    ),
    ...list(
      "no admins any more:",
      report.accounts?.former.map(({ user }) => user),
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
  compared?: HostReport;
  changed: boolean;
  failure?: string;
  pending: readonly string[];
  tasks: number;
  lines: string[];
  left: readonly string[];
  lacks: readonly string[];
  running: readonly string[];
}

/** Gathers events to one result a host. */
export class Results {
  readonly #hosts: Map<string, State>;
  readonly #check: boolean;
  /** What Ansible printed outside of any task: the reason when nothing ran. */
  readonly texts: string[] = [];

  constructor(hosts: readonly string[], check: boolean) {
    this.#hosts = new Map(
      hosts.map((host) => [
        host,
        { changed: false, pending: [], tasks: 0, lines: [], left: [], lacks: [], running: [] },
      ]),
    );
    this.#check = check;
  }

  add(event: ConvergeEvent): void {
    if (event.event === "text") this.texts.push(event.text);
    if (!("host" in event) || event.event === "skipped") return;
    const state = this.#hosts.get(event.host);
    if (!state) return;
    state.tasks++;
    const { report, phase } = event;
    if (event.event !== "ok") state.failure = explain(event.message ?? "failed");
    if (report?.pending) state.pending = report.pending;
    if (report?.lacks) state.lacks = report.lacks;
    if (phase === "compare" && report) {
      state.compared = report;
      state.lines.push(...found(report));
      const due = Object.entries(report.units?.ask ?? {}).filter(([, verb]) => verb !== "start");
      state.running = [...running(report), ...due.map(([unit]) => runsOlderFiles(unit))];
      state.left = lines("beyond", report.beyond);
    }
    if (phase === "switch" && report?.asked) {
      state.lines.push(
        ...list(
          "done:",
          Object.entries(report.asked).map(([unit, verb]) => `${verb} ${unit}`),
        ),
      );
      state.left = [...state.left, ...lines("still not in force", report.idle)];
    }
    if (event.changed) state.changed = true;
  }

  all(): HostResult[] {
    return [...this.#hosts].map(([host, state]) => {
      const same = state.compared?.same === true;
      const outcome = state.failure
        ? "failed"
        : state.left.length > 0 || state.lacks.length > 0 || (!same && this.#check)
          ? "differs"
          : same && !state.changed
            ? "unchanged"
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
        left: state.left,
        lacks: state.lacks,
        running: [...state.running, ...state.pending.map(runsOlderFiles)],
        pending: state.pending,
        tasks: state.tasks,
      };
    });
  }
}
