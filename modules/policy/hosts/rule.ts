import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { PolicyRuleId } from "../../planning/instance/index.ts";
import { defineRule, fail, type Observation, pass } from "../rule.ts";
import type { RenderedHost, Rule } from "../types.ts";

/** What a rule of hosts finds on one of them. */
export interface Looked {
  /** What it has looked at, such as the path of a file; nothing where the host has none of it. */
  readonly at: readonly string[];
  /** What is wrong, and where. */
  readonly wrong: readonly (readonly [path: string, message: string])[];
}

export interface HostRuleProps {
  readonly id: PolicyRuleId;
  readonly what: string;
  readonly why: string;
  readonly norms: readonly string[];
  readonly check: (host: RenderedHost, blueprint: Blueprint) => Looked;
  /** The roles that must have what the rule looks at; where none of the hosts has it, the rule says so. */
  readonly needs?: readonly RenderedHost["role"][];
  /** A host that carries one of these needs none of it, whatever else it carries. */
  readonly exempt?: readonly RenderedHost["role"][];
}

/**
 * A rule over every host's rendered files. It shares no line with what renders them, and reads settings and not bytes:
 * other files, other orders and more services change nothing of what it says.
 */
export const defineHostRule = ({ check, needs = [], exempt = [], ...props }: HostRuleProps): Rule =>
  defineRule({
    ...props,
    level: "error",
    looksAt: "hosts",
    check: ({ hosts, blueprint }) => {
      if (!hosts) return [];
      const isNeeded = ({ roles }: RenderedHost) =>
        roles.some((role) => needs.includes(role)) && !roles.some((role) => exempt.includes(role));
      const seen = hosts.map((host) => ({ host, ...check(host, blueprint) }));
      const fails = seen.flatMap(({ host, at, wrong }): Observation[] => [
        ...wrong.map(([path, message]) => fail(`${host.host}:${path}`, message)),
        ...(at.length === 0 && wrong.length === 0 && isNeeded(host)
          ? [fail(host.host, "has nothing of what this rule reads, and its role needs it")]
          : []),
      ]);
      const read = seen.reduce((sum, { at }) => sum + at.length, 0);
      if (fails.length > 0 || read === 0) return fails;
      const where = seen.filter(({ at }) => at.length > 0).length;
      return [pass("hosts", `${read} places on ${where} of ${hosts.length} hosts read`)];
    },
  });

/** What is wrong in one file; the messages that are undefined aren't. */
export const inFile = (
  path: string | undefined,
  ...messages: readonly (string | undefined | false | readonly string[])[]
): Looked =>
  path === undefined
    ? { at: [], wrong: [] }
    : {
        at: [path],
        wrong: messages.flatMap((message) =>
          message === undefined || message === false
            ? []
            : [message].flat().map((text) => [path, text] as const),
        ),
      };

/** What was found in several places, as one. */
export const together = (looked: readonly Looked[]): Looked => ({
  at: looked.flatMap(({ at }) => at),
  wrong: looked.flatMap(({ wrong }) => wrong),
});

/** Says what is set instead of what is allowed. */
export const unless = (
  holds: boolean,
  what: string,
  got: string | undefined,
  allowed: string,
): string | undefined =>
  holds
    ? undefined
    : `${what}: got ${got === undefined ? "nothing" : `"${got}"`}, allowed: ${allowed}`;
