import type { Text } from "../../common/norms/index.ts";
import type { Blueprint, Flow, Host } from "../../planning/blueprint/index.ts";
import type { Evidence, HistoryLine } from "./evidence.ts";

/** A service that somebody outside may start a connection to (BIO2 5.14.04). */
export interface Exposed {
  /** Names in DNS that lead there; empty where nobody outside needs one. */
  readonly names: readonly string[];
  readonly host: string;
  /** Public addresses; empty until the cloud has chosen them. */
  readonly addresses: readonly string[];
  readonly protocol: "tcp" | "udp";
  readonly ports: string;
  /** Who may connect: `internet`, or ranges. */
  readonly from: readonly string[];
  readonly why: string;
  /** The flow of the Blueprint. */
  readonly flow: string;
}

const namesOf = ({ dns }: Blueprint, addresses: readonly string[]): string[] =>
  dns.zone === null
    ? []
    : [
        ...new Set(
          dns.records
            .filter(({ type }) => type === "A" || type === "AAAA")
            .filter(({ values }) => values.some((value) => addresses.includes(value)))
            .map(({ name }) => name.replace(/\.$/, "")),
        ),
      ];

const fromOf = ({ from }: Flow): readonly string[] =>
  from.kind === "internet" ? ["internet"] : from.kind === "ranges" ? from.ranges : [];

const addressesOf = ({ publicAddress }: Host): string[] =>
  publicAddress
    ? [publicAddress.ipv4, ...(publicAddress.ipv6 === undefined ? [] : [publicAddress.ipv6])]
    : [];

/** Everything that is reached from outside, from the same flows as the cloud's filters. */
export const exposureRegister = (blueprint: Blueprint): Exposed[] =>
  blueprint.hosts.flatMap((host) =>
    blueprint.flows
      .filter((flow) => fromOf(flow).length > 0)
      .filter(({ to }) => to.kind === "role" && to.role === host.role)
      .map((flow): Exposed => {
        const addresses = addressesOf(host);
        const [first, last] = flow.ports;
        return {
          names: namesOf(blueprint, addresses),
          host: host.name,
          addresses,
          protocol: flow.protocol,
          ports: first === last ? `${first}` : `${first}-${last}`,
          from: fromOf(flow),
          why: flow.why,
          flow: flow.id,
        };
      }),
  );

/** A log that the instance makes (BIO2 8.15.03). */
export interface LoggedAt {
  readonly log: Text;
  readonly where: string;
  readonly holds: Text;
  /** Days until it is deleted; absent: as long as the instance's folder. */
  readonly days?: number;
  readonly readers: Text;
  /** Ids of the rules that hold this row. */
  readonly rules: readonly string[];
}

/** Every log, who reads it and when it is deleted. */
export function logRegister({ retention, hosts, logKeepers }: Blueprint): LoggedAt[] {
  const monitor = hosts.find(({ role }) => role === "monitor")?.name ?? "monitor";
  return [
    {
      log: { nl: "journaal van elke host", en: "journal of each host" },
      where: "/var/log/journal",
      holds: {
        nl: "diensten, aanmeldingen, sudo, geweigerde pakketten; geen namen van vergaderingen",
        en: "services, logins, sudo, dropped packets; no names of meetings",
      },
      days: retention.operationsDays,
      readers: { nl: "beheerders", en: "admins" },
      rules: [
        "journals-end",
        "journals-stay-in-one-place",
        "prosody-logs-no-names",
        "logs-hold-no-meeting",
      ],
    },
    {
      log: { nl: "operationeel archief", en: "operations store" },
      where: `${monitor}:/srv/logs/operations`,
      holds: { nl: "hoe diensten draaien, versleuteld", en: "how services run, sealed" },
      days: retention.operationsDays,
      readers: { nl: "beheerders, met de kluis", en: "admins, with the vault" },
      rules: ["journals-go-to-the-monitor", "stores-end-and-are-sealed"],
    },
    {
      log: { nl: "beveiligingsarchief", en: "security store" },
      where: `${monitor}:/srv/logs/security`,
      holds: {
        nl: "wie inlogde en wat beheerders deden, beslissingen van de poort, geweigerde pakketten, dubbel versleuteld",
        en: "who logged in and what admins did, the gate's decisions, dropped packets, sealed twice",
      },
      days: retention.securityDays,
      readers:
        logKeepers.length > 0
          ? {
              nl: `een beheerder samen met een logbewaarder (${logKeepers.map(({ name }) => name).join(", ")})`,
              en: `an admin together with a log keeper (${logKeepers.map(({ name }) => name).join(", ")})`,
            }
          : {
              nl: "beheerders alleen: er is geen logbewaarder",
              en: "admins alone: there is no log keeper",
            },
      rules: [
        "stores-end-and-are-sealed",
        "security-logs-take-two",
        "ssh-logs-who",
        "sudo-is-for-admins",
      ],
    },
    {
      log: { nl: "archief van incidenten", en: "incident store" },
      where: `${monitor}:/srv/logs/incidents`,
      holds: {
        nl: "kopieën van versleutelde logbestanden van een incident",
        en: "copies of sealed logs that belong to an incident",
      },
      days: retention.incidentDays,
      readers: { nl: "als het archief van herkomst", en: "as the store that they came from" },
      rules: ["stores-end-and-are-sealed"],
    },
    {
      log: { nl: "uitgiftelogboek", en: "issue log" },
      where: "issued.jsonl",
      holds: {
        nl: "uitgegeven en ingetrokken links, zonder de links zelf, aaneengeschakeld en ondertekend",
        en: "issued and revoked links, without the links themselves, linked and signed",
      },
      readers: {
        nl: "wie bij de map van de instantie kan",
        en: "whoever has the instance's folder",
      },
      rules: [],
    },
    {
      log: { nl: "historie", en: "history" },
      where: "history/",
      holds: {
        nl: "plannen, goedkeuringen, uitrol, probes, met wie en wanneer",
        en: "plans, approvals, applies, converges, probes, with who and when",
      },
      readers: {
        nl: "wie bij de map van de instantie kan",
        en: "whoever has the instance's folder",
      },
      rules: ["history-is-whole"],
    },
  ];
}

/** Somebody with more rights than a participant (BIO2 8.02.01). */
export interface Entitled {
  readonly person: string;
  /** Login name on the hosts; absent for who has none. */
  readonly user?: string;
  readonly rights: readonly Text[];
}

/** Everybody who manages hosts, opens a vault, issues meetings or keeps logs, for the review of each quarter. */
export const rightsRegister = ({ admins, logKeepers }: Blueprint): Entitled[] => [
  ...admins.map(({ name, user, issuer, age }) => ({
    person: name,
    user,
    rights: [
      { nl: "beheert de hosts", en: "manages the hosts" },
      ...(age ? [{ nl: "opent de kluis", en: "opens the vault" }] : []),
      ...(issuer ? [{ nl: "geeft vergaderingen uit", en: "issues meetings" }] : []),
    ],
  })),
  ...logKeepers.map(({ name }) => ({
    person: name,
    rights: [
      {
        nl: "opent het beveiligingsarchief, samen met een beheerder",
        en: "opens the security store, together with an admin",
      },
    ],
  })),
];

/** A change, with its tests, its risk and who agreed (BIO2 8.32.01). */
export interface Change {
  readonly plan: string;
  readonly planned: { readonly line: number; readonly by: string; readonly at: string };
  readonly changes: { readonly add: number; readonly change: number; readonly remove: number };
  /** What the policy found in the plan. */
  readonly tests?: HistoryLine["event"]["findings"];
  readonly approvals: readonly { readonly by: string; readonly at: string }[];
  readonly applied: readonly {
    readonly by: string;
    readonly at: string;
    readonly outcome: string;
  }[];
  /** Of the plan that this evidence is about: what it does, the gravest first. */
  readonly risk?: Evidence["review"];
}

/** Every plan of the history with what became of it, the newest first. */
export const changeRecord = ({
  history,
  plan,
  review,
}: Pick<Evidence, "history" | "plan" | "review">): Change[] =>
  history
    .filter(({ event }) => event.kind === "plan")
    .map((line): Change => {
      const digest = line.event.plan ?? "";
      const of = (kind: string) =>
        history.filter(({ event }) => event.kind === kind && event.plan === digest);
      const sum = (key: "add" | "change" | "remove") =>
        (line.event.stacks ?? []).reduce((total, stack) => total + stack[key], 0);
      return {
        plan: digest,
        planned: { line: line.number, by: line.by, at: line.at },
        changes: { add: sum("add"), change: sum("change"), remove: sum("remove") },
        ...(line.event.findings && { tests: line.event.findings }),
        approvals: of("approval").map(({ by, at }) => ({ by, at })),
        applied: of("apply").map(({ by, at, event }) => ({ by, at, outcome: event.outcome ?? "" })),
        ...(digest === plan?.digest && { risk: review }),
      };
    })
    .reverse();

/** Data that somebody may trace to a person, and when it goes. */
export interface Retained {
  readonly data: Text;
  /** When it is deleted, in words. */
  readonly until: Text;
  /** Ids of the rules that hold this row. */
  readonly rules: readonly string[];
}

/** What is kept of people and meetings, and how long. */
export function retentionStatement({ retention, meetings }: Blueprint): Retained[] {
  const days = (count: number): Text => ({ nl: `${count} dagen`, en: `${count} days` });
  return [
    {
      data: { nl: "beeld en geluid", en: "video and sound" },
      until: {
        nl: "wordt niet opgeslagen; staat alleen in het geheugen van de bridges zolang de vergadering duurt",
        en: "isn't stored; is in the bridges' memory alone while the meeting lasts",
      },
      rules: ["memory-is-not-dumped", "prosody-loads-few-modules"],
    },
    {
      data: {
        nl: "namen van deelnemers, lobby, vergaderruimte",
        en: "names of participants, lobby, room",
      },
      until: {
        nl: "verdwijnen uit het geheugen als de laatste weggaat; ruimtes staan in geen lijst en op geen schijf",
        en: "go from memory when the last one leaves; rooms are in no list and on no disk",
      },
      rules: ["prosody-rooms-are-closed", "prosody-logs-no-names"],
    },
    {
      data: { nl: "tekstberichten", en: "text chat" },
      until:
        meetings.chat === "off"
          ? { nl: "staan uit", en: "is off" }
          : { nl: "alleen zolang de vergadering duurt", en: "only while the meeting lasts" },
      rules: ["prosody-rooms-are-closed"],
    },
    {
      data: { nl: "operationele logbestanden", en: "operations logs" },
      until: days(retention.operationsDays),
      rules: ["journals-end", "stores-end-and-are-sealed", "retention-has-its-reason"],
    },
    {
      data: { nl: "beveiligingslogbestanden", en: "security logs" },
      until: days(retention.securityDays),
      rules: ["stores-end-and-are-sealed", "retention-has-its-reason"],
    },
    {
      data: { nl: "logbestanden van een incident", en: "logs of an incident" },
      until: days(retention.incidentDays),
      rules: ["stores-end-and-are-sealed", "retention-has-its-reason"],
    },
    {
      data: { nl: "een link", en: "a link" },
      until: {
        nl: `werkt na de vergadering niet meer; die duurt hoogstens ${meetings.maxMinutes} minuten`,
        en: `no longer works after the meeting, which lasts at most ${meetings.maxMinutes} minutes`,
      },
      rules: [],
    },
    {
      data: {
        nl: "historie en uitgiftelogboek, met namen van beheerders en van wie links uitgeeft",
        en: "history and issue log, with names of admins and of who issues links",
      },
      until: {
        nl: "blijven tot de organisatie ze verwijdert, die de termijn bepaalt",
        en: "stay until the organisation, which sets the term, deletes them",
      },
      rules: [],
    },
  ];
}
