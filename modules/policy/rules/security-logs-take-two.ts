import { defineRule, fail, failsOr } from "../rule.ts";

/** A name as a person reads it, however it is typed. */
const asRead = (name: string): string =>
  name.normalize("NFKC").toLowerCase().split(/\s+/).join(" ");

export const securityLogsTakeTwo = defineRule({
  id: "security-logs-take-two",
  level: "error",
  what: "the security logs are sealed to a log keeper under the admins' seal, and no log keeper is an admin or has the break-glass key",
  why: "The security logs show who met whom, when and from where: nobody may read them without a second person.",
  looksAt: "blueprint",
  check: ({ blueprint }) => {
    const { admins, breakGlass, logKeepers } = blueprint;
    const subject = "security logs";
    if (logKeepers.length === 0)
      return [
        fail(
          subject,
          "any admin opens them alone: logKeepers names nobody, at least one is needed",
        ),
      ];
    const both = logKeepers.flatMap(({ name, age }) => {
      const admin = admins.find((one) => one.age === age || asRead(one.name) === asRead(name));
      if (admin)
        return [fail(subject, `log keeper ${name} is admin ${admin.user}, and opens them alone`)];
      return age === breakGlass
        ? [fail(subject, `log keeper ${name} has the break-glass key, which opens them alone then`)]
        : [];
    });
    const names = logKeepers.map(({ name }) => name).join(" or ");
    return failsOr(both, subject, `an admin opens them with ${names}, neither alone`);
  },
});
