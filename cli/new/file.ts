import { dump } from "js-yaml";
import { instanceJsonSchema } from "../../modules/planning/instance/index.ts";
import { wrap } from "../text/table.ts";
import type { Answers } from "./answers.ts";

/** The parts of a JSON Schema that a comment is made from. */
interface Field {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly items?: Field;
}

const field = (schema: Field, ...path: string[]): Field =>
  path.reduce<Field>((at, key) => (key === "[]" ? at.items : at.properties?.[key]) ?? {}, schema);

/** A value on one line, quoted only where YAML would read it as something else. */
const scalar = (value: unknown): string => dump(value, { flowLevel: 0, lineWidth: -1 }).trimEnd();

const comment = (text: string, indent: string): string[] =>
  wrap(text, 98 - indent.length).map((line) => `${indent}# ${line}`);

/** `# key: default   what it is`, for what the file may say and need not. */
function optional(schema: Field, keys: readonly string[], indent: string): string[] {
  return keys.flatMap((key) => {
    const { description = "", default: value } = field(schema, key);
    return [...comment(description, indent), `${indent}# ${key}: ${scalar(value)}`];
  });
}

/**
 * The instance file for these answers: what has no default is set, what has one stands there as a
 * comment, and each field says what it is in the words of the schema.
 *
 * @param cloud the kind of cloud that the location is
 * @param modeline the line that tells editors where the schema is, when it is beside the folder.
 */
export function instanceText(answers: Answers, cloud: string, modeline?: string): string {
  const schema = instanceJsonSchema() as Field;
  const about = (...path: string[]): string[] =>
    comment(
      field(schema, ...path).description ?? "",
      "  ".repeat(path.filter((p) => p !== "[]").length - 1),
    );
  const block = (key: string): string[] => {
    const inner = field(schema, key);
    return [
      ...comment(`${inner.description}. Unless you say otherwise:`, ""),
      `# ${key}:`,
      ...optional(
        inner,
        Object.keys(inner.properties ?? {}).filter((k) => field(inner, k).default !== undefined),
        "",
      ).map((line) => line.replace(/^# /, "#   ").replace(/^# {3}([^:]+)$/, "#   # $1")),
    ];
  };
  const meeting = field(schema, "demand", "meetings", "[]");
  const lines = [
    ...(modeline ? [modeline] : []),
    ...comment(
      `${answers.organisation}. What it will be, and why: polder show ${answers.name}. Every field: docs/instance.md.`,
      "",
    ),
    "",
    ...about("name"),
    `name: ${scalar(answers.name)}`,
    ...about("organisation"),
    `organisation: ${scalar(answers.organisation)}`,
    ...about("domain"),
    `domain: ${scalar(answers.domain)}`,
    "",
    ...about("classification"),
    "classification:",
    ...about("classification", "marking"),
    `  marking: ${scalar(answers.marking)}`,
    ...about("classification", "tbb"),
    `  tbb: ${answers.tbb}`,
    "",
    ...about("residency"),
    `residency: ${scalar(answers.residency)}`,
    ...about("cloud"),
    `cloud: ${scalar(cloud)}`,
    ...about("location"),
    `location: ${scalar(answers.location)}`,
    "",
    ...about("size"),
    `size: ${answers.size}`,
    "",
    ...about("chat"),
    `chat: "${answers.chat}"`,
    "",
    ...about("demand"),
    "demand:",
    ...about("demand", "meetings"),
    "  meetings:",
    ...answers.meetings.flatMap((m, i) => {
      const first = i === 0;
      const say = (key: string): string[] =>
        first ? comment(field(meeting, key).description ?? "", "      ") : [];
      return [
        `    - kind: ${scalar(m.kind)}`,
        ...say("simultaneous"),
        `      simultaneous: ${m.simultaneous}`,
        ...say("participants"),
        `      participants: ${m.participants}`,
        ...say("cameras"),
        `      cameras: ${m.cameras}`,
        ...(first
          ? optional(meeting, ["screenShare", "layout", "lastN", "microphones"], "      ")
          : []),
      ];
    }),
    ...optional(field(schema, "demand"), ["growth", "behindFirewalls", "codecs"], "  "),
    "",
    ...about("admins"),
    "admins:",
    `  - name: ${scalar(answers.adminName)}`,
    `    user: ${scalar(answers.adminUser)}`,
    `    key: ${scalar(answers.adminKey)}`,
    ...about("logKeepers"),
    "# logKeepers:",
    '#   - { name: "...", age: age1... }',
    ...about("adminNetworks"),
    `adminNetworks: ${scalar(answers.adminNetworks)}`,
    "",
    ...about("securityContact"),
    `securityContact: ${scalar(answers.securityContact)}`,
    "",
    ...block("meetings"),
    "",
    ...block("retention"),
    "",
    ...comment(`${field(schema, "network").description}. Unless you say otherwise:`, ""),
    "# network:",
    `#   ipv4: ${scalar(field(schema, "network", "ipv4").default)}`,
    "",
    ...comment(
      `${field(schema, "packages").description}. Unless you say otherwise, the projects' own servers:`,
      "",
    ),
    "# packages: { source: upstream }",
    '# packages: { source: mirror, mirror: "https://packages.example/" }',
    "# packages: { source: folder, folder: packages }",
    "",
    ...comment(
      `${field(schema, "state").description}. Unless you say otherwise, a file in this folder:`,
      "",
    ),
    "# state: { backend: local }",
    '# state: { backend: http, address: "https://terraform.example/state" }',
    "",
    ...comment(field(schema, "certificateAuthorities").description ?? "", ""),
    "# certificateAuthorities: []",
    "",
    ...comment(
      "A setting weaker than its default needs a waiver: who carries it, why, until when.",
      "",
    ),
    "# waivers:",
    '#   - { waives: retention.securityDays, reason: "...", owner: "...", expires: 2027-01-31 }',
  ];
  return `${lines.join("\n")}\n`;
}
