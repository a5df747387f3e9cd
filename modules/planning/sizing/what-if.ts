import { badInput, didYouMean, explain, pathText } from "../../common/input/index.ts";
import { type Instance, instanceSchema } from "../instance/index.ts";

type Demand = Instance["demand"];

const WHOLE = ["growth", "behindFirewalls", "codecs"];
const MEETING =
  "simultaneous participants cameras screenShare resolution layout lastN microphones".split(" ");

/** A value as the instance file would hold it. */
function read(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return /^[+-]?(\d|\.\d)/.test(text) || /^[+-]?(nan|inf)/i.test(text) ? Number(text) : text;
}

/** `AV1` or `AV1:0.6,VP8:0.4`. */
function readCodecs(text: string): Record<string, unknown> {
  return Object.fromEntries(
    text.split(",").map((part) => {
      const [codec = "", share] = part.split(":");
      return [codec, share === undefined ? 1 : read(share)];
    }),
  );
}

/**
 * The demand with changes such as `cameras=all`, `growth=0.5`, `simultaneous=x2` (twice as many) or
 * `overleg.participants=12` (one kind of meeting alone). Held against the schema of the file.
 *
 * @throws BadInput with what was got and what is allowed.
 */
export function whatIf(demand: Demand, changes: readonly string[]): Demand {
  let changed: Record<string, unknown> & { meetings: Record<string, unknown>[] } = structuredClone({
    ...demand,
  });
  for (const change of changes) {
    const asked = `--what-if ${change}`;
    const at = change.indexOf("=");
    if (at < 1) throw badInput(asked, "a key, = and a value are allowed, such as cameras=all");
    const [name, text] = [change.slice(0, at).trim(), change.slice(at + 1).trim()];
    if (WHOLE.includes(name)) {
      changed = { ...changed, [name]: name === "codecs" ? readCodecs(text) : read(text) };
      continue;
    }
    const dot = name.lastIndexOf(".");
    const [kind, key] = dot < 0 ? [undefined, name] : [name.slice(0, dot), name.slice(dot + 1)];
    if (!MEETING.includes(key))
      throw badInput(asked, `no "${key}" in a demand; ${didYouMean(key, [...MEETING, ...WHOLE])}`);
    const kinds = changed.meetings.map((meeting) => String(meeting["kind"]));
    if (kind !== undefined && !kinds.includes(kind)) {
      const hint = didYouMean(kind, kinds, `there are: ${[...new Set(kinds)].join(", ")}`);
      throw badInput(asked, `no meeting "${kind}"; ${hint}`);
    }
    const times = /^x(.+)$/.exec(text)?.[1];
    changed = {
      ...changed,
      meetings: changed.meetings.map((meeting) => {
        if (kind !== undefined && meeting["kind"] !== kind) return meeting;
        const value =
          times === undefined ? read(text) : Math.ceil(Number(meeting[key]) * Number(times));
        return { ...meeting, [key]: value };
      }),
    };
  }
  const result = instanceSchema.shape.demand.safeParse(changed, { reportInput: true });
  const [issue] = result.error?.issues ?? [];
  if (!result.success || issue) {
    const path = pathText(["demand", ...((issue?.path ?? []) as (string | number)[])]);
    throw badInput("--what-if", `${path}: ${issue ? explain(issue, issue.input) : "not allowed"}`);
  }
  const shares = Object.values(result.data.codecs).reduce((sum, share) => sum + (share ?? 0), 0);
  if (Math.abs(shares - 1) > 0.001)
    throw badInput(
      "--what-if",
      `demand.codecs: the shares add up to ${Number(shares.toFixed(3))}, they must add up to 1`,
    );
  return result.data;
}
