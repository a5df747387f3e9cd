import type { Finding } from "../../common/findings/index.ts";
import type { HostConfiguration } from "../../hosts/configuration/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import { renderedDigest } from "../converge/index.ts";
import type { History, Line } from "../history/index.ts";
import type { NotedPlan } from "../plan/index.ts";
import type { RecordId } from "../rules/index.ts";

interface Read {
  readonly loaded: LoadedInstance;
  readonly history: History;
  readonly plan: NotedPlan | undefined;
  /** Whether the plan has its approvals. */
  readonly approval: Finding | undefined;
  readonly hosts: readonly HostConfiguration[];
}

const say = (
  id: RecordId,
  verdict: Finding["verdict"],
  subject: string,
  message: string,
): Finding => ({ id, verdict, subject, message });

/** What the history says of the release: that it is whole, who approved, what was applied, what the hosts got. */
export const recordFindings = (read: Read): Finding[] => [
  ...whole(read),
  read.approval ??
    say("plan-is-approved", "not-tested", read.loaded.blueprint.instance, "there is no plan"),
  applied(read),
  ...converged(read),
];

function whole({ history: { lines, problems, head }, loaded }: Read): Finding[] {
  const { instance } = loaded.blueprint;
  if (problems.length > 0)
    return problems.map(({ file, at, message }) =>
      say("history-is-whole", "fail", at ? `${file}:${at.line}` : file, message),
    );
  return lines.length === 0
    ? [say("history-is-whole", "not-tested", instance, "nothing was noted yet")]
    : [
        say(
          "history-is-whole",
          "pass",
          instance,
          `${lines.length} lines and their files, the last has SHA-256 ${head}`,
        ),
      ];
}

function applied({ history: { lines }, plan, loaded }: Read): Finding {
  const { instance } = loaded.blueprint;
  const as = (verdict: Finding["verdict"], message: string) =>
    say(
      "plan-is-applied",
      verdict,
      plan ? `plan ${plan.record.digest.slice(0, 16)}` : instance,
      message,
    );
  if (!plan) return as("not-tested", "there is no plan of the instance's files");
  const index = lines.findLastIndex(
    ({ event }) => event.kind === "apply" && event.outcome !== "refused",
  );
  const last = lines[index];
  if (last?.event.kind !== "apply") return as("not-tested", "nothing was applied yet");
  const other = lines.slice(index + 1).find(isForeign);
  if (other)
    return as("fail", `line ${other.number}: something else than polder changed the cloud since`);
  if (last.event.plan !== plan.record.digest)
    return as(
      "not-tested",
      `not applied yet: what stands is plan ${last.event.plan.slice(0, 16)}, line ${last.number}`,
    );
  return last.event.outcome === "applied"
    ? as("pass", `applied by ${last.by} at ${last.at}, line ${last.number}`)
    : as("fail", `line ${last.number}: the apply ended half way`);
}

const isForeign = ({ event }: Line): boolean =>
  event.kind === "changed-elsewhere" || event.kind === "cdktf";

function converged({ history: { lines }, hosts, loaded }: Read): Finding[] {
  const { instance } = loaded.blueprint;
  if (hosts.length === 0)
    return [say("hosts-are-converged", "not-tested", instance, "no host can be rendered yet")];
  return hosts.map((configuration) => {
    const { host } = configuration;
    const line = lines.findLast(
      ({ event }) => event.kind === "converge" && event.hosts[host] !== undefined,
    );
    const seen = line?.event.kind === "converge" ? line.event.hosts[host] : undefined;
    if (!line || !seen)
      return say("hosts-are-converged", "not-tested", host, "it was never converged");
    if (seen.outcome === "failed")
      return say("hosts-are-converged", "fail", host, `line ${line.number}: its converge failed`);
    return seen.digest === renderedDigest(configuration)
      ? say("hosts-are-converged", "pass", host, `converged by ${line.by} at ${line.at}`)
      : say(
          "hosts-are-converged",
          "fail",
          host,
          `it got another configuration (line ${line.number}, ${line.at}) than the one that was evaluated: converge it`,
        );
  });
}
