import { isCurrent } from "../../common/findings/index.ts";
import { WEAKENINGS } from "../../planning/instance/index.ts";
import { defineRule, fail, type Observation, pass } from "../rule.ts";

/** Days. A yearly review, with a month to hold it in. */
const MAX_DAYS = 400;
const DAY = 24 * 60 * 60 * 1000;

export const waiversInDate = defineRule({
  id: "waivers-in-date",
  level: "error",
  what: "every waiver is still in date and ends within 400 days",
  why: "Nobody would ever have to look again at a waiver without an end.",
  looksAt: "blueprint",
  check: ({ blueprint }, asOf) => {
    const { waivers, instance } = blueprint;
    if (waivers.length === 0) return [pass(instance, "no waiver")];
    return waivers.map((waiver): Observation => {
      const { waives: subject, expires, owner, reason } = waiver;
      const days = (dayOf(expires) - dayOf(asOf)) / DAY;
      if (Number.isNaN(days))
        return fail(subject, `got "${expires}" on "${asOf}", dates like 2027-01-31 are allowed`);
      if (!isCurrent(waiver, asOf))
        return fail(
          subject,
          `the waiver ended on ${expires}: strengthen the setting, or have ${owner} decide again`,
        );
      if (days > MAX_DAYS)
        return fail(
          subject,
          `ends on ${expires}, in ${days} days, at most ${MAX_DAYS} are allowed`,
        );
      const message = `waived until ${expires} by ${owner}: ${reason}`;
      // A weakened setting must never read as a pass. A waived rule's own finding names its waiver.
      return WEAKENINGS.some((weakening) => weakening.id === subject)
        ? { verdict: "waived", subject, message, waiver }
        : pass(subject, message);
    });
  },
});

/** Milliseconds; NaN for what is no day of the calendar. */
function dayOf(text: string): number {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return Number.NaN;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text) ? time : Number.NaN;
}
