import type { Blueprint } from "../../planning/blueprint/index.ts";
import { type PlanJson, type PlannedChange, plannedChanges } from "../../policy/index.ts";
import { namesOf, type Opening, openingsOf } from "./exposure.ts";
import { fileChanges } from "./file-changes.ts";
import { type ReviewLine, RISKS } from "./line.ts";

type Role = Blueprint["hosts"][number]["role"];

/** What ends with a host of a role. */
const ENDS_WITH: Readonly<Record<Role, string>> = {
  bridge: "the calls on it are cut at that moment",
  turn: "the calls that it relays are cut at that moment",
  control: "every meeting ends, and nobody gets in until it is made and converged anew",
  edge: "nobody gets to the hosts by it, no admin and no converge",
  monitor: "alarms stop, and what it keeps on its own disk is lost",
};

const numeric = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });

/** What ends with a host; of one that the Blueprint no longer has, the name says the role. */
export function endsWith({ hosts }: Blueprint, part: string): string {
  const roles = hosts.find(({ id }) => id === part)?.roles ?? [part.replace(/-\d+$/, "") as Role];
  return roles.map((role) => ENDS_WITH[role] ?? "what runs on it stops").join("; ");
}

function hostLine(
  blueprint: Blueprint,
  { action, part, detail, loses }: PlannedChange,
): ReviewLine {
  const ends = endsWith(blueprint, part);
  switch (action) {
    case "create":
      return {
        risk: "low",
        text: `${part} is made${detail ? `, a machine of type ${detail}` : ""}`,
      };
    case "destroy":
      return loses
        ? { risk: "high", text: `${part} goes: ${ends}` }
        : { risk: "low", text: `${part}, which never started, goes` };
    case "replace":
      return loses
        ? {
            risk: "high",
            text: `${part} is replaced by a new machine with an empty disk: ${ends}; converge it afterwards`,
          }
        : { risk: "low", text: `${part}, which never started, is made anew` };
    case "rebuild":
      return {
        risk: "high",
        text: `${part} gets an empty system disk: ${ends}; converge it afterwards`,
      };
    case "restart":
      return { risk: "high", text: `${part} is restarted (${detail}): ${ends}` };
    case "let go":
      return {
        risk: "high",
        text: `${part} is no longer managed: it runs on, and nobody looks after it`,
      };
    case "import":
      return { risk: "medium", text: `${part} is imported into the state as it is in the cloud` };
    default:
      return { risk: "low", text: `${part} is changed while it runs: ${detail}` };
  }
}

function volumeLine({ action, part, detail }: PlannedChange): ReviewLine {
  const [, from, to] = /^size: (\d+) -> (\d+)$/.exec(detail) ?? [];
  if (action === "change" && from && to)
    return { risk: "low", text: `volume ${part} grows from ${from} to ${to} GiB` };
  if (action === "create") return { risk: "low", text: `volume ${part} is made (${detail})` };
  if (action === "destroy" || action === "replace")
    return {
      risk: "high",
      text: `volume ${part} ${action === "replace" ? "is replaced by an empty one" : "goes"}: all that is on it is lost`,
    };
  if (action === "import")
    return {
      risk: "medium",
      text: `volume ${part} is imported into the state as it is in the cloud`,
    };
  return {
    risk: action === "change" ? "low" : "high",
    text: `volume ${part}: ${action === "change" ? "" : action} ${detail}`
      .replace(/ +/g, " ")
      .trimEnd(),
  };
}

function addressLine({ action, part, detail }: PlannedChange): ReviewLine {
  if (action === "create") return { risk: "low", text: `${part} gets a public address` };
  if (action === "destroy" || action === "replace")
    return {
      risk: "high",
      text: `the public address ${detail} of ${part} goes back to the cloud, for anybody to get`,
    };
  return {
    risk: action === "import" ? "medium" : "low",
    text: `the public address of ${part}: ${action} ${detail}`.trimEnd(),
  };
}

/** Kinds whose meaning is shown by what they let through, or where a name leads. */
const TOLD_ELSEWHERE = new Set(["firewall", "security rule", "security group", "DNS record"]);

/** What belongs to the cloud's inner parts, many on a line. */
function otherLines(changes: readonly PlannedChange[]): ReviewLine[] {
  const groups = new Map<string, PlannedChange[]>();
  for (const change of changes) {
    if (["host", "volume", "public address"].includes(change.kind)) continue;
    if (TOLD_ELSEWHERE.has(change.kind) && !change.loses) continue;
    const key = `${change.action} ${change.kind} ${change.loses}`;
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  const made = [...groups.values()].filter(([first]) => first?.action === "create");
  const rest = [...groups.values()].filter(([first]) => first?.action !== "create");
  const lines = rest.map((group): ReviewLine => {
    const [{ action, kind, loses }] = group as [PlannedChange];
    const parts = [...new Set(group.map(({ part }) => part))].sort(numeric).join(", ");
    const what = `${kind} of ${parts}`;
    if (loses)
      return { risk: "high", text: `${what}: ${action}; the hosts that need it are cut off` };
    const goes = action === "destroy" || action === "replace" || action === "let go";
    return { risk: goes ? "medium" : "low", text: `${what}: ${action}` };
  });
  if (made.length === 0) return lines;
  const kinds = made.map((group) => `${group.length} × ${group[0]?.kind}`).sort(numeric);
  return [
    ...lines,
    { risk: "low", text: `inner parts of the cloud are made: ${kinds.join(", ")}` },
  ];
}

const ANYWHERE = new Set(["0.0.0.0/0", "::/0"]);

/** Whom ranges are, as people call them. */
function whoIs({ adminNetworks }: Blueprint, remotes: readonly string[]): string {
  const admins = new Set(
    adminNetworks.flatMap((range) => [range, range.includes("/") ? range : `${range}/32`]),
  );
  const own = remotes.filter((remote) => admins.has(remote)).sort();
  const named = remotes.map((remote) => {
    if (ANYWHERE.has(remote)) return "the internet";
    if (admins.has(remote)) return `the admins' networks (${own.join(", ")})`;
    const [, role] = /^role (.+)$/.exec(remote) ?? [];
    return role ? `the ${role} hosts` : remote;
  });
  return [...new Set(named)].sort().join(", ");
}

/** What people know a port by, where hosts send to it. On our own hosts a port may be another service's. */
const SENT_TO: Readonly<Record<string, string>> = {
  53: "DNS",
  80: "HTTP",
  123: "time",
  443: "HTTPS",
};

function portText({ protocol, ports, direction }: Opening): string {
  if (ports === "") return `all of ${protocol}`;
  const known = ports === "22" ? "SSH" : direction === "out" ? SENT_TO[ports] : undefined;
  return `${protocol} ${ports}${known ? ` (${known})` : ""}`;
}

const keyOf = (one: Opening): string => JSON.stringify(one);

/** What opens, or closes: ports of one role and protocol to the same others are one line. */
function openingLines(
  blueprint: Blueprint,
  openings: readonly Opening[],
  opens: boolean,
): ReviewLine[] {
  const groups = new Map<string, Opening[]>();
  for (const one of openings) {
    const key = [one.role, one.direction, one.protocol, one.ports].join(" ");
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const merged = new Map<
    string,
    { readonly roles: Set<string>; direction: string; who: string; ports: string[] }
  >();
  for (const group of groups.values()) {
    const [first] = group as [Opening];
    const { role, direction } = first;
    const remotes = group.map(({ remote }) => remote);
    // The internet has a line of its own: nothing beside it shall hide it.
    for (const some of [
      remotes.filter((one) => ANYWHERE.has(one)),
      remotes.filter((one) => !ANYWHERE.has(one)),
    ]) {
      if (some.length === 0) continue;
      const who = whoIs(blueprint, some);
      const key = [role, direction, who].join(" ");
      const entry = merged.get(key) ?? { roles: new Set([role]), direction, who, ports: [] };
      entry.ports.push(portText(first));
      merged.set(key, entry);
    }
  }
  return acrossRoles([...merged.values()]).map(({ roles, direction, who, ports }) => {
    const where = hostsOf(blueprint, [...roles]);
    const many = ports.length > 1 || ports[0]?.startsWith("all");
    const what = `${many ? "ports" : "port"} ${ports.join(", ")}`;
    const open = who.includes("the internet");
    if (direction === "out")
      return {
        risk: "low",
        text: opens
          ? `${where} may send to ${who}: ${what}`
          : `${where} may no longer send to ${who}: ${what}`,
      };
    return opens
      ? {
          risk: open ? "high" : "medium",
          text: `${what} ${many ? "open" : "opens"} to ${who} on ${where}`,
        }
      : { risk: "medium", text: `${what} ${many ? "close" : "closes"} to ${who} on ${where}` };
  });
}

/** What several roles may send alike is one line; what opens stays one for each role. */
function acrossRoles<
  T extends { roles: Set<string>; direction: string; who: string; ports: string[] },
>(entries: readonly T[]): T[] {
  const found = new Map<string, T>();
  for (const entry of entries) {
    entry.ports.sort();
    const same = entry.direction === "out" ? "" : [...entry.roles].join();
    const key = [entry.direction, entry.who, entry.ports.join(), same].join(" ");
    const first = found.get(key);
    if (first) for (const role of entry.roles) first.roles.add(role);
    else found.set(key, entry);
  }
  return [...found.values()];
}

/** The hosts of roles, as a person calls them. */
function hostsOf({ hosts }: Blueprint, roles: readonly string[]): string {
  const known = new Set<string>(hosts.map(({ role }) => role));
  if (roles.length > 1 && [...known].every((role) => roles.includes(role))) return "every host";
  const named = roles.flatMap((role) =>
    known.has(role)
      ? hosts.filter((host) => host.role === role).map(({ id }) => id)
      : [`the ${role} hosts`],
  );
  return named.join(", ");
}

/** What a plan changes of what the cloud's filters let through. */
function exposureLines(blueprint: Blueprint, plans: readonly PlanJson[]): ReviewLine[] {
  const all = plans.map(openingsOf);
  const [before, after] = [all.flatMap((one) => one.before), all.flatMap((one) => one.after)];
  const [were, are] = [new Set(before.map(keyOf)), new Set(after.map(keyOf))];
  return [
    ...openingLines(
      blueprint,
      after.filter((one) => !were.has(keyOf(one))),
      true,
    ),
    ...openingLines(
      blueprint,
      before.filter((one) => !are.has(keyOf(one))),
      false,
    ),
  ];
}

/** Where names lead from then on. */
const nameLines = (domain: string, plans: readonly PlanJson[]): ReviewLine[] =>
  plans
    .flatMap((plan) => namesOf(plan, domain))
    .map(({ name, type, before, after }) => {
      if (before.length === 0)
        return {
          risk: "low",
          text: `the name ${name} gets its ${type} record: ${after.join(", ")}`,
        };
      if (after.length === 0)
        return {
          risk: "high",
          text: `the name ${name} loses its ${type} record: ${before.join(", ")}`,
        };
      return {
        risk: "high",
        text: `the ${type} record of ${name} becomes ${after.join(", ")}; it was ${before.join(", ")}`,
      };
    });

/**
 * What a plan does to an instance, in the words of those who use it, the gravest first.
 *
 * @param applied the Blueprint that was applied last; undefined before the first apply
 */
export function reviewOf(
  blueprint: Blueprint,
  plans: ReadonlyMap<string, PlanJson>,
  applied?: Blueprint,
): ReviewLine[] {
  const changes = plannedChanges(blueprint, plans);
  const documents = [...plans.values()];
  const lines = [
    ...changes.filter(({ kind }) => kind === "host").map((one) => hostLine(blueprint, one)),
    ...changes.filter(({ kind }) => kind === "volume").map(volumeLine),
    ...changes.filter(({ kind }) => kind === "public address").map(addressLine),
    ...exposureLines(blueprint, documents),
    ...fileChanges(blueprint, applied),
    ...nameLines(blueprint.domain, documents),
    ...otherLines(changes),
  ];
  const once = new Map(lines.map((line) => [line.text, line]));
  return [...once.values()].sort((a, b) => RISKS.indexOf(a.risk) - RISKS.indexOf(b.risk));
}
