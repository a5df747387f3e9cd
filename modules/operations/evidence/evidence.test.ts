// What a release's evidence takes from an instance's history, with a plan that the stacks' own documents make, and with lines
// that are written as the commands write them.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { composition } from "../../../cli/composition.ts";
import { addressesFor, EXAMPLES } from "../../../lab/testing/examples.ts";
import { type TestInstance, testInstance } from "../../../lab/testing/polder.ts";
import { synthesis } from "../../../stacks/instance-stacks.ts";
import { providerSchema } from "../../clouds/known-clouds/index.ts";
import { type Finding, tally } from "../../common/findings/index.ts";
import { buildFolder, toolkitIdentity } from "../../common/toolkit/index.ts";
import { renderAll } from "../../hosts/render/index.ts";
import { type Loose, planOf } from "../../policy/testing.ts";
import { CHECKS } from "../../verification/enumeration/index.ts";
import { PROBES } from "../../verification/probes/index.ts";
import { loadPrograms } from "../../workspace/index.ts";
import { renderedDigest } from "../converge/index.ts";
import { type Event, historyFolder, noteInHistory } from "../history/index.ts";
import { digestOf, notePlan, type PlanRecord } from "../plan/index.ts";
import { sums } from "../plan/record.ts";
import { packOf, rulesIdentity } from "../rules/index.ts";
import { writeStacks } from "../working-folder/index.ts";
import { collectEvidence } from "./index.ts";

const NAME = "t-bewijs";
const AS_OF = "2026-11-28";
let instance: TestInstance;
let digest = "";

const collect = (asOf = AS_OF) =>
  collectEvidence(instance.load(), { asOf, now: new Date(`${asOf}T12:00:00Z`), ...composition });
type Seen = Pick<Awaited<ReturnType<typeof collect>>, "findings">;
const of = ({ findings }: Seen, id: string) => findings.filter((finding) => finding.id === id);
const verdicts = (seen: Seen, id: string) => [
  ...new Set(of(seen, id).map(({ verdict }) => verdict)),
];
const findingsOf = async (id: string): Promise<readonly Finding[]> => of(await collect(), id);
const verdictsOf = async (id: string) => verdicts(await collect(), id);
const note = (event: Event, files: Record<string, string> = {}) =>
  noteInHistory(instance.load(), { by: "samdevries", event, files });
const none = { pass: 0, fail: 0, "not-tested": 0, waived: 0 };

/** What `polder plan` leaves, with a plan that no Terraform made. */
async function plan(): Promise<string> {
  const loaded = instance.load();
  const outdir = buildFolder(NAME);
  const stacks = writeStacks(loaded, { outdir }, synthesis);
  const folder = join(outdir, "plan");
  mkdirSync(folder, { recursive: true });
  for (const stack of stacks) {
    const document = JSON.parse(readFileSync(join(outdir, "stacks", stack, "cdk.tf.json"), "utf8"));
    const json = planOf(document as Loose, providerSchema("hcloud"));
    writeFileSync(join(folder, `${stack}.json`), JSON.stringify(json));
  }
  writeFileSync(join(folder, "findings.json"), "[]");
  writeFileSync(join(folder, "blueprint.json"), JSON.stringify(loaded.blueprint));
  const count = { add: 3, change: 0, remove: 0, import: 0, forget: 0 };
  const unsigned = {
    instance: NAME,
    asOf: AS_OF,
    engine: "terraform 1.11.4",
    stacks: stacks.map((name) => ({ name, ...count })),
    toolkit: toolkitIdentity(),
    rules: rulesIdentity(await packOf(loaded)),
    sums: sums(loaded, stacks),
    destroys: false,
    states: {},
    stateChangedElsewhere: [],
  };
  const record = { ...unsigned, digest: digestOf(unsigned as never) } as unknown as PlanRecord;
  writeFileSync(join(folder, "record.json"), JSON.stringify(record));
  await notePlan(loaded, record, []);
  return record.digest;
}

const applied = (outcome: "applied" | "failed" = "applied") =>
  note({ kind: "apply", plan: digest, asOf: AS_OF, outcome, findings: none });

/** As after a converge of every host; `change` is of one host's outcome or digest. */
function converged(change: { host?: string; outcome?: string; digest?: string } = {}) {
  const { host, ...other } = change;
  const hosts = renderAll(instance.load().blueprint, loadPrograms(), "no stand-ins").map((one) => [
    one.host,
    { outcome: "changed", digest: renderedDigest(one), ...(one.host === host ? other : {}) },
  ]);
  return note({ kind: "converge", restart: false, hosts: Object.fromEntries(hosts) });
}

function probed(findings: readonly Finding[]) {
  return note(
    {
      kind: "probe",
      what: [...PROBES.map(({ id }) => id), "enumeration"].join(","),
      findings: tally(findings),
    },
    { "findings.json": JSON.stringify(findings) },
  );
}

const allPass = (): Finding[] => {
  const { blueprint } = instance.load();
  return [
    ...PROBES.flatMap(({ id, group, subjects }) =>
      subjects(blueprint).map((subject) => ({
        id,
        group,
        subject,
        verdict: "pass" as const,
        message: "seen",
      })),
    ),
    ...CHECKS.filter(({ id }) => id !== "enumeration-unasked").map(({ id }) => ({
      id,
      group: "enumeration",
      subject: NAME,
      verdict: "pass" as const,
      message: "seen",
    })),
  ];
};

beforeAll(() => {
  instance = testInstance("eea-voorbeeld", NAME);
});
beforeEach(async () => {
  instance.forget();
  instance = testInstance("eea-voorbeeld", NAME);
  const { blueprint } = instance.load();
  writeFileSync(join(instance.folder, "addresses.yaml"), JSON.stringify(addressesFor(blueprint)));
});
afterAll(() => instance.forget());

describe.each(EXAMPLES)("the example %s", (example) => {
  it("fails nowhere, and every norm that a machine serves has something that bears on it", async () => {
    const own = testInstance(example, "t-voorbeeld");
    try {
      const { blueprint } = own.load();
      writeFileSync(join(own.folder, "addresses.yaml"), JSON.stringify(addressesFor(blueprint)));
      const now = new Date(`${AS_OF}T12:00:00Z`);
      const { findings, norms, checks } = await collectEvidence(own.load(), {
        asOf: AS_OF,
        now,
        ...composition,
      });
      expect(findings.filter(({ verdict }) => verdict === "fail")).toEqual([]);
      const seen = new Set(findings.map(({ id }) => id));
      const bare = norms.filter(
        ({ id, by }) =>
          by !== "owner" && !checks.some((check) => check.norms.includes(id) && seen.has(check.id)),
      );
      // Where nobody gets alarms, there is no alarm to be tested.
      expect(bare.map(({ id }) => id)).toEqual(blueprint.alarms ? [] : ["ISO 27002 8.16"]);
    } finally {
      own.forget();
    }
  });
});

describe("an instance without a history", () => {
  it("has rules that pass, and what the history would show is not tested, with the reason", async () => {
    const seen = await collect();
    const { findings, notSeen, plan: planned } = seen;
    expect(findings.filter(({ verdict }) => verdict === "fail")).toEqual([]);
    expect(planned).toBeUndefined();
    expect(notSeen.map(({ report }) => report).join()).toContain(
      "no plan of t-bewijs is in its history",
    );
    for (const id of [
      "history-is-whole",
      "plan-is-approved",
      "plan-is-applied",
      "hosts-are-converged",
    ])
      expect([id, verdicts(seen, id)]).toEqual([id, ["not-tested"]]);
    const [first] = of(seen, "tls-versions");
    expect(first?.message).toBe("it never ran: `polder probe tls t-bewijs`");
  });

  it("says something of every probe that has a subject, and of the attack by guessed names", async () => {
    const { findings } = await collect();
    const ids = new Set(findings.map(({ id }) => id));
    const { blueprint } = instance.load();
    const asked = PROBES.filter(({ subjects }) => subjects(blueprint).length > 0);
    expect(asked.filter(({ id }) => !ids.has(id))).toEqual([]);
    expect(ids).toContain("enumeration-guess");
  });
});

describe("an instance that was planned, applied, converged and probed", () => {
  /** What all of it left: in the instance's folder, and in build/. */
  const kept = mkdtempSync(join(tmpdir(), "polder-bewijs-"));
  const places = () =>
    [
      [join(kept, "instance"), instance.folder],
      [join(kept, "build"), buildFolder(NAME)],
    ] as const;
  afterAll(() => rmSync(kept, { recursive: true }));

  beforeEach(async () => {
    if (digest !== "") {
      for (const [copy, place] of places()) cpSync(copy, place, { recursive: true });
      return;
    }
    digest = await plan();
    await applied();
    await converged();
    await probed(allPass());
    for (const [copy, place] of places()) cpSync(place, copy, { recursive: true });
  });

  it("shows it, with nothing that fails and no rule over the plan untested", async () => {
    const seen = await collect();
    const { findings, plan: planned, history, review } = seen;
    expect(findings.filter(({ verdict }) => verdict === "fail")).toEqual([]);
    expect(planned).toMatchObject({ digest });
    expect(history).toHaveLength(4);
    expect(review.length).toBeGreaterThan(0);
    for (const id of [
      "history-is-whole",
      "plan-is-approved",
      "plan-is-applied",
      "hosts-are-converged",
      "plan-is-read-whole",
      "tls-versions",
      "enumeration-guess",
    ])
      expect([id, verdicts(seen, id)]).toEqual([id, ["pass"]]);
  });

  it("fails where a probe failed, with what it saw", async () => {
    const [first, ...others] = allPass();
    await probed([
      { ...(first as Finding), verdict: "fail", message: "port 8443 answers" },
      ...others,
    ]);
    expect(await findingsOf(first?.id ?? "")).toContainEqual(
      expect.objectContaining({ verdict: "fail", message: "port 8443 answers" }),
    );
  });

  it("takes no probe's word from before the last converge", async () => {
    await converged();
    const [first] = await findingsOf("tls-versions");
    expect(first?.verdict).toBe("not-tested");
    expect(first?.message).toContain("line 4 of the history");
    expect(first?.message).toContain("came before the last converge (line 5)");
    expect(first?.message).toContain("it said pass: seen");
  });

  it("fails for a host that got another configuration, or whose converge failed", async () => {
    await converged({ host: "control-1", digest: "0".repeat(64) });
    await converged({ host: "edge-1", outcome: "failed" });
    const { findings } = await collect();
    const failing = findings.filter(({ verdict }) => verdict === "fail");
    expect(failing.map(({ id, subject }) => `${id} ${subject}`)).toEqual([
      "hosts-are-converged edge-1",
    ]);
    await converged({ host: "control-1", digest: "0".repeat(64) });
    expect(
      (await findingsOf("hosts-are-converged")).filter(({ verdict }) => verdict === "fail"),
    ).toEqual([expect.objectContaining({ subject: "control-1" })]);
  });

  it("fails when the apply ended half way, or somebody changed the cloud since", async () => {
    await note({ kind: "changed-elsewhere", serials: { [NAME]: 3 } });
    expect(await findingsOf("plan-is-applied")).toEqual([
      expect.objectContaining({
        verdict: "fail",
        message: "line 5: something else than polder changed the cloud since",
      }),
    ]);
    await applied("failed");
    expect(await verdictsOf("plan-is-applied")).toEqual(["fail"]);
    await applied();
    expect(await verdictsOf("plan-is-applied")).toEqual(["pass"]);
  });

  it("fails when a line or a file of the history was changed", async () => {
    const log = join(historyFolder(instance.folder), "log.jsonl");
    const text = readFileSync(log, "utf8");
    writeFileSync(log, text.replace('"by":"samdevries"', '"by":"noorbakker"'));
    expect(await verdictsOf("history-is-whole")).toEqual(["fail"]);
  });

  it("believes no findings of probes that aren't as they were noted", async () => {
    const files = join(historyFolder(instance.folder), "files");
    for (const name of readdirSync(files)) {
      const text = readFileSync(join(files, name), "utf8");
      if (text.includes('"tls-versions"'))
        writeFileSync(join(files, name), text.replace('"seen"', '"fine"'));
    }
    const seen = await collect();
    expect(verdicts(seen, "history-is-whole")).toEqual(["fail"]);
    for (const id of ["tls-versions", "ports-tcp"])
      expect(of(seen, id)).toEqual([
        expect.objectContaining({
          verdict: "not-tested",
          message: expect.stringContaining("findings.json of line 4 isn't as it was noted"),
        }),
      ]);
    // A later run counts again.
    await probed(allPass().map((finding) => ({ ...finding, message: "seen again" })));
    expect(await verdictsOf("tls-versions")).toEqual(["pass"]);
  });

  it("fails where an approval isn't as it was noted", async () => {
    await note({ kind: "approval", plan: digest, user: "willemmulder" });
    expect(await findingsOf("plan-is-approved")).toEqual([
      expect.objectContaining({
        verdict: "fail",
        message: expect.stringContaining("approval.txt of line 5 isn't as it was noted"),
      }),
    ]);
  });

  it("has no plan any more when the instance file changed, and says so", async () => {
    instance.edit((text) =>
      text.replace(/^securityContact: .*$/m, "securityContact: mailto:a@b.nl"),
    );
    const seen = await collect();
    const { plan: planned, notSeen } = seen;
    expect(planned).toBeUndefined();
    expect(notSeen.map(({ report }) => report).join()).toContain(
      "changed since the last plan was made: blueprint, instance.yaml",
    );
    expect(verdicts(seen, "plan-is-applied")).toEqual(["not-tested"]);
  });
});
