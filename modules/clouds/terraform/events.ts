/** One line of `terraform -json`, the fields that we read. */
export interface TerraformEvent {
  readonly type?: string;
  readonly "@message"?: string;
  readonly hook?: {
    readonly resource?: { readonly addr?: string };
    readonly action?: string;
    readonly elapsed_seconds?: number;
  };
  readonly changes?: {
    readonly add: number;
    readonly change: number;
    readonly remove: number;
    readonly import: number;
  };
  readonly diagnostic?: {
    readonly severity: string;
    readonly summary: string;
    readonly detail?: string;
    readonly address?: string;
  };
}

/** Reads one line; what is no JSON (an old engine, a crash) becomes a message. */
export function parseEvent(line: string): TerraformEvent {
  try {
    return JSON.parse(line) as TerraformEvent;
  } catch {
    return { type: "text", "@message": line };
  }
}

/** What a person can do about an error, by what the cloud answered. First match counts. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  // Before the state's lock, which can't be taken then either.
  [/no space left/i, "the disk is full: make room and run it again"],
  [/read-only file system/i, "this lies on a read-only file system: make it writable"],
  [/permission denied/i, "this may not be written: run it as its owner"],
  [
    /Inconsistent dependency lock file|checksums|locked.*hash/i,
    "the provider is not the pinned one: run `polder setup` (in a checkout `make providers`)",
  ],
  [
    /Failed to query available provider packages|provider registry/i,
    "the provider is not in the mirror: run `polder setup` (in a checkout `make providers`)",
  ],
  [
    /quota|OverLimit|VolumeLimitExceeded|Maximum number of ports|resource_limit_exceeded/i,
    "the project's quota is used up: ask the cloud for more, or delete what isn't needed",
  ],
  [
    /Authentication failed|\b401\b|Unauthorized/i,
    "the cloud refuses the credential: look at the entry in clouds.yaml (at Hetzner: at HCLOUD_TOKEN)",
  ],
  [
    /could not find|cloud .* does not exist|clouds\.yaml/i,
    "no such entry in clouds.yaml: `credentials` in the instance file names it, OS_CLIENT_CONFIG_FILE the file",
  ],
  [/saved plan is stale/i, "something changed since the plan was made: run `polder plan` again"],
  [
    /HTTP response code 405|\b405\b.*lock|lock.*\b405\b/i,
    "the state's server knows another method for locks: set `lockMethod` and `unlockMethod` of `state` in the instance file (GitLab: POST and DELETE)",
  ],
  [
    /Backend configuration changed/i,
    "`state` in the instance file names another place than the last run's: docs/deploy.md shows how to move the state there",
  ],
  [
    /state lock|Error acquiring the state lock/i,
    "another run holds the state: wait for it; if it is surely dead, `terraform force-unlock`",
  ],
  [
    /connection refused|no such host|i\/o timeout|network is unreachable|EOF|deadline exceeded|no route to host|OpenStack connection error/i,
    "the cloud's API can't be reached: is the network up (for the lab: `polder lab status`)?",
  ],
  [
    /\b(429|503)\b|Too Many Requests|rate_limit_exceeded/i,
    "the API is overloaded: try again in a minute, nothing is lost",
  ],
  [
    /\b5\d\d\b|Internal Server Error/i,
    "the cloud's API failed: try again; what was made is in the state",
  ],
  [
    /ERROR state|unexpected state 'ERROR'|status ERROR|became ERROR|in error state/i,
    "the cloud could not start a server: plan and apply again to replace it; a protected one must be deleted in the cloud first",
  ],
  [
    /\b409\b|Conflict|already (exists|in use)|uniqueness_error/i,
    "something with this name or address is there already, outside this state",
  ],
  [
    /Instance cannot be destroyed|prevent_destroy|\(protected\b/i,
    "it holds state and is protected: `polder decommission` is the way out",
  ],
];

/** Resources that one line names before it only counts. */
const NAMED = 3;
/** Lines before the rest is only counted: an API that fails does so for every resource. */
const LINES = 8;

/** What makes two errors the same fault: all but the ids, the kind of resource and the request. */
const fault = (text: string): string =>
  text
    .replace(/[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}/gi, "*")
    .replace(/(openstack|hcloud)_\w+/g, "*")
    .replace(/(https?:\/\/[^/\s"]+)[^\s\]"]*/g, "$1")
    .replace(/\b(Error|Unable to) \w+/g, "*");

/** Errors, one line each: where, what, and what to do. The same fault of many resources is one line. */
export function explain(diagnostics: readonly NonNullable<TerraformEvent["diagnostic"]>[]): string {
  const faults = new Map<string, { text: string; at: string[] }>();
  for (const d of diagnostics.filter((d) => d.severity === "error")) {
    const text = [d.summary, d.detail].filter(Boolean).join(": ").replace(/\s+/g, " ").trim();
    const key = fault(text);
    const known = faults.get(key) ?? { text, at: [] };
    if (d.address) known.at.push(d.address);
    faults.set(key, known);
  }
  const lines = [...faults.values()].map(({ text, at }) => {
    const hint = HINTS.find(([pattern]) => pattern.test(text))?.[1];
    const more = at.length > NAMED ? ` and ${at.length - NAMED} more` : "";
    const where = at.length > 0 ? `${at.slice(0, NAMED).join(", ")}${more}: ` : "";
    const what = text.length > 400 ? `${text.slice(0, 400)}...` : text;
    return where + what + (hint ? ` → ${hint}` : "");
  });
  const rest = lines.length - LINES;
  return [...lines.slice(0, LINES), ...(rest > 0 ? [`and ${rest} other errors`] : [])].join("\n");
}
