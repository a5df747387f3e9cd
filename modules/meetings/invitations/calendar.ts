import ical, { ICalEventClass } from "ical-generator";

/** An entry of a calendar. Times in seconds since 1970. */
export interface Appointment {
  /** The token's id: chance, so that two entries never are one. */
  readonly id: string;
  readonly domain: string;
  readonly link: string;
  readonly from: number;
  readonly until: number;
  readonly made: number;
}

/**
 * One entry in iCalendar (RFC 5545), with times in UTC: every calendar shows them in its own zone.
 * The entry holds a link with a token: everybody who reads it can enter the lobby.
 */
export function calendarText({ id, domain, link, from, until, made }: Appointment): string {
  const calendar = ical({ prodId: { company: "polder", product: "invite", language: "EN" } });
  calendar.createEvent({
    id: `${id}@${domain}`,
    stamp: new Date(made * 1000),
    start: new Date(from * 1000),
    end: new Date(until * 1000),
    summary: `Video meeting at ${domain}`,
    description: "The link is yours alone: don't pass it on. A moderator lets you in.",
    location: link,
    url: link,
    class: ICalEventClass.PRIVATE,
  });
  return calendar.toString();
}
