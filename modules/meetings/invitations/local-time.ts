import { badInput, didYouMean } from "../../common/input/index.ts";

const LOCAL = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})$/;
const HOUR = 3600;

/** Seconds that a zone's clocks are ahead of UTC at a moment. */
function aheadAt(zone: string, moment: number): number {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
  const name = parts.formatToParts(moment * 1000).find(({ type }) => type === "timeZoneName");
  const [, sign, hours, minutes] = /^GMT([+-])(\d{2}):(\d{2})$/.exec(name?.value ?? "") ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * HOUR + Number(minutes ?? 0) * 60);
}

function assertZone(zone: string): void {
  try {
    aheadAt(zone, 0);
    return;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  const names = ["UTC", ...Intl.supportedValuesOf("timeZone")];
  const hint = didYouMean(zone, names, "such as Europe/Amsterdam or UTC");
  throw badInput("--zone", `got "${zone}", no time zone; ${hint}`);
}

/**
 * The moment that clocks in a zone show.
 *
 * @param text such as `2026-12-01T10:00`
 * @param zone a name of the IANA database, such as `Europe/Amsterdam`
 * @returns seconds since 1970
 * @throws BadInput for what is no date, no zone, or a time that clocks skip or show twice.
 */
export function localMoment(text: string, zone: string): number {
  assertZone(zone);
  const refuse = (message: string): never => {
    throw badInput("--starts", `got "${text}": ${message}`);
  };
  if (!LOCAL.test(text)) refuse("the form is 2026-12-01T10:00, by the clocks of --zone");
  const shown = Date.parse(`${text}:00Z`) / 1000;
  // Date.parse takes 30 February for 2 March, or for nothing.
  if (Number.isNaN(shown) || new Date(shown * 1000).toISOString().slice(0, 16) !== text)
    refuse("there is no such day or time");
  // Clocks change at most once a day.
  const offsets = new Set([shown - 24 * HOUR, shown + 24 * HOUR].map((at) => aheadAt(zone, at)));
  const moments = [...offsets]
    .map((ahead) => [shown - ahead, ahead] as const)
    .filter(([moment, ahead]) => aheadAt(zone, moment) === ahead);
  if (moments.length === 0) refuse(`clocks in ${zone} go forward over it: choose another time`);
  if (moments.length > 1) refuse(`clocks in ${zone} show it twice: choose another time`);
  return (moments[0] as readonly [number, number])[0];
}

/** A moment as clocks in a zone show it: `2026-12-01 10:00`. */
export function localText(moment: number, zone: string): string {
  const shown = new Date((moment + aheadAt(zone, moment)) * 1000);
  return shown.toISOString().slice(0, 16).replace("T", " ");
}
