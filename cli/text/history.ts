import type { Event, Line } from "../../modules/operations/history/index.ts";

type Tally = Extract<Event, { kind: "probe" }>["findings"];

const counted = (findings: Tally): string =>
  Object.entries(findings)
    .filter(([verdict, count]) => count > 0 || verdict === "fail")
    .map(([verdict, count]) => `${count} ${verdict}`)
    .join(", ");

/** What happened, in one line. */
function describe(event: Event): string {
  switch (event.kind) {
    case "plan": {
      const stacks = event.stacks.map(
        ({ name, add, change, remove, import: taken }) =>
          `${name} +${add} ~${change} -${remove}${taken > 0 ? `, ${taken} imported` : ""}`,
      );
      return `plan ${event.plan.slice(0, 16)}${event.destroy ? " of the end" : ""}: ${stacks.join(", ")}; policy: ${counted(event.findings)}`;
    }
    case "approval":
      return `${event.user} approved plan ${event.plan.slice(0, 16)}`;
    case "apply":
      return `apply of plan ${event.plan.slice(0, 16)}: ${event.outcome}; policy: ${counted(event.findings)}`;
    case "changed-elsewhere": {
      const stacks = Object.entries(event.serials).map(
        ([name, serial]) => `${name} (serial ${serial})`,
      );
      return `the state of ${stacks.join(", ")} was changed by something else than polder apply, such as cdktf deploy: nobody reviewed that`;
    }
    case "cdktf":
      return `cdktf ${event.verb} was used`;
    case "converge": {
      const hosts = Object.entries(event.hosts).map(
        ([host, { outcome, digest }]) => `${host} ${outcome} (${digest.slice(0, 8)})`,
      );
      return `converge${event.restart ? " with restarts" : ""}: ${hosts.join(", ")}`;
    }
    case "probe":
      return `probe ${event.what}: ${counted(event.findings)}`;
    case "decommission":
      return `the end: ${event.leftovers} objects are left in the cloud`;
  }
}

/** A line of the history for a person. */
export const historyRow = ({ number, at, by, toolkit, event }: Line): string[] => [
  String(number),
  at,
  by,
  `${toolkit.version}${toolkit.commit ? ` ${toolkit.commit.slice(0, 8)}${toolkit.commit.endsWith("-dirty") ? " with changes" : ""}` : ""}`,
  describe(event),
];
