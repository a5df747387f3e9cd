import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { calendarText, localMoment, localText } from "./index.ts";

const AMSTERDAM = "Europe/Amsterdam";
const at = (text: string): number => Date.parse(text) / 1000;

describe("a time by a zone's clocks", () => {
  it.each([
    ["2026-12-01T10:00", AMSTERDAM, "2026-12-01T09:00:00Z"],
    ["2026-07-01T10:00", AMSTERDAM, "2026-07-01T08:00:00Z"],
    ["2026-03-29T01:59", AMSTERDAM, "2026-03-29T00:59:00Z"],
    ["2026-03-29T03:00", AMSTERDAM, "2026-03-29T01:00:00Z"],
    ["2026-10-25T01:59", AMSTERDAM, "2026-10-24T23:59:00Z"],
    ["2026-10-25T03:00", AMSTERDAM, "2026-10-25T02:00:00Z"],
    ["2028-02-29T00:00", "UTC", "2028-02-29T00:00:00Z"],
    ["2026-12-01T10:00", "Asia/Kathmandu", "2026-12-01T04:15:00Z"],
    ["2026-12-01T10:00", "America/St_Johns", "2026-12-01T13:30:00Z"],
  ])("%s in %s", (text, zone, utc) => {
    expect(localMoment(text, zone)).toBe(at(utc));
    expect(localText(at(utc), zone)).toBe(text.replace("T", " "));
  });

  it("is what the system's own clockwork says, at any moment in any zone", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(AMSTERDAM, "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"),
        fc.integer({ min: at("2024-01-01T00:00Z") / 60, max: at("2030-01-01T00:00Z") / 60 }),
        (zone, minute) => {
          const ran = spawnSync("date", ["-d", `@${minute * 60}`, "+%Y-%m-%d %H:%M"], {
            env: { ...process.env, TZ: zone },
            encoding: "utf8",
          });
          expect(localText(minute * 60, zone)).toBe(ran.stdout.trim());
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each([
    [
      "2026-03-29T02:30",
      AMSTERDAM,
      /--starts: got "2026-03-29T02:30": clocks .* go forward over it/,
    ],
    ["2026-10-25T02:30", AMSTERDAM, /clocks in Europe\/Amsterdam show it twice/],
    ["2026-02-30T10:00", AMSTERDAM, /there is no such day or time/],
    ["2026-12-01T25:00", AMSTERDAM, /there is no such day or time/],
    ["tomorrow", AMSTERDAM, /the form is 2026-12-01T10:00/],
    ["2026-12-01T10:00Z", AMSTERDAM, /the form is/],
    ["2026-12-01T10:00", "Europe/Amsterdan", /--zone: got .* did you mean "Europe\/Amsterdam"\?/],
    ["2026-12-01T10:00", "", /--zone: got "", no time zone/],
  ])("%s in %s is refused", (text, zone, message) => {
    expect(() => localMoment(text, zone)).toThrow(message);
  });
});

describe("a calendar's entry", () => {
  const link = `https://vergaderen.voorbeeld.example/x#jwt=%22${"ey".repeat(400)}%22`;
  const text = calendarText({
    id: "a".repeat(26),
    domain: "vergaderen.voorbeeld.example",
    link,
    from: at("2026-12-01T09:00Z"),
    until: at("2026-12-01T10:30Z"),
    made: at("2026-11-25T10:00Z"),
  });
  const lines = text.split("\r\n");
  const unfolded = text.replaceAll("\r\n ", "").split("\r\n");

  it("has its lines as RFC 5545, 3.1, says: ended by CR LF, at most 75 bytes", () => {
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(75);
  });

  it("says when, in UTC, where, and that it is private", () => {
    expect(unfolded).toEqual(
      expect.arrayContaining([
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        `UID:${"a".repeat(26)}@vergaderen.voorbeeld.example`,
        "DTSTAMP:20261125T100000Z",
        "DTSTART:20261201T090000Z",
        "DTEND:20261201T103000Z",
        "CLASS:PRIVATE",
        `URL;VALUE=URI:${link}`,
        `LOCATION:${link}`,
        "END:VCALENDAR",
      ]),
    );
  });
});
