import { rmSync } from "node:fs";
import { join } from "node:path";
import { cloudOf } from "../../clouds/known-clouds/index.ts";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import type { Finding } from "../../common/findings/index.ts";
import { BadInput } from "../../common/input/index.ts";
import { buildFolder } from "../../common/toolkit/index.ts";
import { evaluate, type PlanJson, plannedChanges } from "../../policy/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import {
  type ConvergeOptions,
  convergeInstance,
  type HostResult,
  runsOlderFiles,
} from "../converge/index.ts";
import { exclusively } from "../lock/index.ts";
import { type DeployOptions, engine } from "../plan/index.ts";
import { packOf } from "../rules/index.ts";
import { readApplied, writeStacks, writtenInput } from "../working-folder/index.ts";

export interface DriftOptions
  extends DeployOptions,
    Pick<ConvergeOptions, "user" | "identity" | "sshIdentity"> {}

const CLOUD = "cloud-is-as-applied";
const HOSTS = "hosts-are-as-rendered";
/** The policy's own rule, which has the words for what somebody changed. */
const RULE = "drift-is-named";

/**
 * Looks for what differs from the instance's files: in the cloud by a plan that nobody keeps, on the hosts by a converge
 * in check mode. It changes nothing, and leaves a recorded plan as it is. What differs is a fail; what couldn't be looked
 * at is `not-tested` with its reason.
 */
export async function findDrift(loaded: LoadedInstance, options: DriftOptions): Promise<Finding[]> {
  const { instance } = loaded.blueprint;
  return [
    ...(await orNotTested(CLOUD, instance, () => cloudDrift(loaded, options))),
    ...(await orNotTested(HOSTS, instance, async () => {
      const results = await convergeInstance(loaded, {
        ...options,
        check: true,
        limit: [],
      });
      return hostDrift(results);
    })),
  ];
}

/** What a look gives, or one finding that says why there was none. */
async function orNotTested(
  id: string,
  subject: string,
  look: () => Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof BadInput || error instanceof ExternalFailure)) throw error;
    const message = `couldn't be looked at: ${error.message.split("\n").join("; ")}`;
    return [{ id, verdict: "not-tested", subject, message }];
  }
}

async function cloudDrift(loaded: LoadedInstance, options: DriftOptions): Promise<Finding[]> {
  const { blueprint } = loaded;
  const cloud = cloudOf(blueprint, options.testbed);
  await cloud.checkCredential(blueprint);
  const outdir = join(buildFolder(blueprint.instance), "drift");
  process.umask(0o077);
  return exclusively(blueprint.instance, async () => {
    try {
      return await compareCloud(loaded, outdir, options);
    } finally {
      rmSync(outdir, { recursive: true, force: true });
    }
  });
}

async function compareCloud(
  loaded: LoadedInstance,
  outdir: string,
  options: DriftOptions,
): Promise<Finding[]> {
  const { blueprint } = loaded;
  const { instance } = blueprint;
  const fail = (subject: string, message: string): Finding => ({
    id: CLOUD,
    verdict: "fail",
    subject,
    message,
  });
  const plans = new Map<string, PlanJson>();
  const elsewhere: Finding[] = [];
  let isEmpty = true;
  for (const name of writeStacks(loaded, { outdir }, options.synthesis)) {
    const terraform = engine(loaded, name, options, outdir);
    await terraform.init();
    const [{ serial }, applied] = [await terraform.stateMark(), readApplied(loaded).serials[name]];
    isEmpty &&= serial === 0;
    if (serial > 0 && serial !== applied)
      elsewhere.push(
        fail(
          name,
          "its state was last changed by something else than `polder apply`, a change nobody reviewed",
        ),
      );
    const file = join(outdir, `${name}.tfplan`);
    await terraform.plan(file);
    plans.set(name, (await terraform.show(file)) as PlanJson);
  }
  if (isEmpty)
    throw new ExternalFailure("nothing was applied yet, as far as the state goes: `polder apply`");
  const pack = await packOf(loaded);
  const rules = pack.rules.filter(({ id }) => id === RULE);
  const input = writtenInput(loaded, { outdir }, options, plans);
  const byHand = evaluate(input, options.asOf, { ...pack, rules }).map((finding): Finding => {
    const { warns, ...rest } = finding;
    return warns ? { ...rest, verdict: "fail" } : finding;
  });
  const changed = new Set(
    byHand.filter(({ verdict }) => verdict === "fail").map(({ subject }) => subject),
  );
  const cloud = cloudOf(blueprint, options.testbed);
  const { imports, findings } = await cloud.unmanaged(blueprint, plans, false);
  const imported = new Set(imports.map(({ stack, to }) => `${stack}/${to}`));
  const pending = plannedChanges(blueprint, without(plans, new Set([...changed, ...imported])));
  return [
    ...elsewhere,
    ...byHand,
    ...pending.map(({ stack, action, kind, part, detail }) =>
      fail(
        stack,
        `${kind} ${part}: the instance's files ask for what wasn't applied: ${[action, detail].filter(Boolean).join(", ")}`,
      ),
    ),
    ...[...imported].map((subject) =>
      fail(subject, "is in the cloud and in no state: the next `polder plan` imports it"),
    ),
    ...(pending.length === 0
      ? [
          {
            id: CLOUD,
            verdict: "pass",
            subject: instance,
            message: "the files ask for nothing but what was applied",
          } as const,
        ]
      : []),
    ...findings,
  ];
}

/** The plans without what is reported already, by stack and address. */
function without(
  plans: ReadonlyMap<string, PlanJson>,
  reported: ReadonlySet<string>,
): Map<string, PlanJson> {
  return new Map(
    [...plans].map(([stack, plan]) => {
      const changes = (plan["resource_changes"] ?? []) as readonly { readonly address: string }[];
      const rest = changes.filter(({ address }) => !reported.has(`${stack}/${address}`));
      return [stack, { ...plan, resource_changes: rest }];
    }),
  );
}

/** What a converge in check mode found, a finding a line. */
export const hostDrift = (results: readonly HostResult[]): Finding[] =>
  results.flatMap(({ host, outcome, lines, left, lacks, pending }) => {
    const finding = (verdict: Finding["verdict"], message: string): Finding => ({
      id: HOSTS,
      verdict,
      subject: host,
      message,
    });
    if (outcome === "failed")
      return [finding("not-tested", `couldn't be looked at: ${lines.join("; ")}`)];
    const differs = [
      ...lines,
      ...left,
      ...lacks.map(
        (name) => `lacks ${name}, a security update that isn't in the folder of packages`,
      ),
      ...pending.map(runsOlderFiles),
    ];
    return outcome === "unchanged" && pending.length === 0
      ? [finding("pass", "as it was rendered")]
      : (differs.length > 0 ? differs : ["isn't as it was rendered"]).map((line) =>
          finding("fail", line),
        );
  });
