import { expect, it } from "vitest";
import { differences } from "./rulesets.ts";

const ruleset = (
  elements: string,
  flags = "dynamic,timeout",
  rule = "tcp dport 443 accept",
) => `table inet polder {
	set arrivals {
		type ipv4_addr
		size 65535
		flags ${flags}
		timeout 1m
${elements}	}

	chain input {
		${rule}
	}
}
`;
const some =
  "\t\telements = { 192.0.2.1 limit rate 20/second burst 40 packets timeout 1m expires 59s,\n\t\t\t     192.0.2.2 }\n";

it("takes what rules put into their own sets for no difference", () => {
  expect(differences(ruleset(""), ruleset(some))).toBeUndefined();
});

it("tells elements that somebody put into a set that no rule fills", () => {
  const { missing, extra } = differences(ruleset("", "interval"), ruleset(some, "interval")) ?? {};
  expect([missing, extra?.length]).toEqual([[], 2]);
});

it("tells a rule that is gone, or another one, whatever the sets hold", () => {
  const other = "tcp dport 1-65535 accept";
  expect(differences(ruleset(""), ruleset(some, undefined, other))).toEqual({
    missing: ["tcp dport 443 accept"],
    extra: [other],
  });
});
