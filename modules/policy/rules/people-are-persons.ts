import { defineRule, fail, pass } from "../rule.ts";

/** Words that name a desk, a function or a machine; in a person's name none of them stands. */
const NOBODY = new Set(
  "account accounts admin administrator afdeling alle algemeen beheer beheerder beheerders bot ci department desk dienst dienstverlening directie dummy functioneel gebruiker group groep helpdesk ict info infra it kantoor ministerie netwerk noc ops operations operator platform root secretariaat security servicedesk service shared soc support systeem system team technisch test user werkplek".split(
    " ",
  ),
);

/** What is wrong with a name as a person's; undefined when nothing is. `Sam de Vries, head of operations` is one. */
function problem(name: string): string | undefined {
  const own = name.split(/[,(]/)[0]?.trim() ?? "";
  const words = own.split(/\s+/);
  const nobody = words.find((word) => NOBODY.has(word.toLowerCase().replace(/[^\p{L}]/gu, "")));
  if (nobody !== undefined)
    return `got "${own}", "${nobody}" is a function or a group: a person's first and last name is allowed`;
  if (words.length < 2) return `got "${own}", a person's first and last name is allowed`;
  return /[\d_@]/.test(own) ? `got "${own}", a login or an address: a name is allowed` : undefined;
}

export const peopleArePersons = defineRule({
  id: "people-are-persons",
  level: "error",
  what: "whoever manages hosts, opens logs or answers for a waiver or an override is named as a person, by first and last name",
  why: "If a log names a team, nobody knows who acted; and somebody who leaves the team keeps its key.",
  norms: ["BIO2 5.16.02"],
  looksAt: "blueprint",
  check: ({ blueprint }) => {
    const people = [
      ...blueprint.admins.map(({ name, user }) => [`admin ${user}`, name] as const),
      ...blueprint.logKeepers.map(({ name }) => ["log keeper", name] as const),
      ...blueprint.waivers.map(({ waives, owner }) => [`waiver ${waives}`, owner] as const),
      ...blueprint.overrides.map(({ resource, owner }) => [`override ${resource}`, owner] as const),
    ];
    const fails = people.flatMap(([subject, name]) => {
      const wrong = problem(name);
      return wrong === undefined ? [] : [fail(subject, wrong)];
    });
    return fails.length > 0
      ? fails
      : [pass("people", `${people.length} names read: each a person's`)];
  },
});
