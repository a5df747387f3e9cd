import { createHmac, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ALPHABET, checkOf } from "./alphabet.ts";
import {
  display,
  makeRoom,
  type RoomKey,
  readRoom,
  readRoomKeys,
  roomKeysText,
  rotateRoomKeys,
} from "./index.ts";

const DOMAIN = "vergaderen.voorbeeld.example";
const KEY: RoomKey = { index: 3, key: randomBytes(32) };
const at = (text: string): number => Date.parse(text) / 1000;
const NOW = at("2026-11-25T10:00:00Z");
const make = (until = NOW, key = KEY) => makeRoom(DOMAIN, until, key, randomBytes).name;
const read = (name: string, now = NOW, keys = [KEY]) => readRoom(name, DOMAIN, keys, now);
const many = (count: number) => Array.from({ length: count }, () => make());
const bitsOf = (character: string): number => ALPHABET.indexOf(character);

describe("a name", () => {
  it("has 47 characters of an alphabet of 32, without those that are taken for others", () => {
    expect(new Set(ALPHABET).size).toBe(32);
    expect(ALPHABET).toBe([...ALPHABET].sort().join(""));
    expect(ALPHABET).not.toMatch(/[ilouA-Z]/);
    for (const name of many(100)) expect(name).toMatch(new RegExp(`^[${ALPHABET}]{47}$`));
  });

  it("stays the same under what XMPP and browsers do to it", () => {
    for (const name of many(100)) {
      expect(name.normalize("NFKC").toLowerCase()).toBe(name);
      expect(new URL(`https://${DOMAIN}/${name}`).pathname).toBe(`/${name}`);
    }
  });

  it("is read again, also as a person types it", () => {
    const name = make();
    const typed = [
      display(name),
      name.toUpperCase(),
      name.replaceAll("0", "O").replaceAll("1", "I"),
      name.replaceAll("1", "l"),
      name.replace(/(.{5})/g, "$1-"),
    ];
    for (const text of [name, ...typed]) expect(read(text)).toMatchObject({ name, key: 3 });
    expect(display(name)).toMatch(/^(.{4} ){11}.{3}$/);
  });
});

describe("its chance", () => {
  // 26 places, each with 31 degrees of freedom. 0.001 for all of them together is 0.001/26 for each:
  // 72.5 by Wilson and Hilferty (z = 3.95). With 20,000 draws a character that is a third likelier
  // at one place (non-centrality 69) is seen with a power of 0.9.
  it("has no place where a character is likelier than another (chi-square, 0.001)", () => {
    const draws = 20_000;
    const counts = Array.from({ length: 26 }, () => new Array<number>(32).fill(0));
    for (const name of many(draws))
      counts.forEach((count, place) => {
        const value = bitsOf(name[place] as string);
        count[value] = (count[value] as number) + 1;
      });
    const expected = draws / 32;
    const worst = Math.max(
      ...counts.map((count) => count.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0)),
    );
    expect(worst).toBeLessThan(72.5);
  });

  it("takes 26 bytes of the source and uses five bits of each", () => {
    const asked: number[] = [];
    const { name } = makeRoom(DOMAIN, NOW, KEY, (n) => {
      asked.push(n);
      return Buffer.alloc(n, 0b11100101);
    });
    expect(asked).toEqual([26]);
    expect(name.slice(0, 26)).toBe("5".repeat(26));
  });
});

describe("its MAC", () => {
  it("is the first 80 bits of HMAC-SHA256 over all before it, and no bit is lost", () => {
    const name = make();
    const whole = createHmac("sha256", KEY.key)
      .update(`polder room 1\0${DOMAIN}\0${name.slice(0, 30)}`)
      .digest("hex");
    const bits = [...name.slice(30, 46)].reduce((sum, c) => sum * 32n + BigInt(bitsOf(c)), 0n);
    expect(bits.toString(16).padStart(20, "0")).toBe(whole.slice(0, 20));
  });

  it("covers each character before it, and each of its own counts", () => {
    const name = make();
    for (let place = 0; place < 46; place++) {
      const other = ALPHABET[(bitsOf(name[place] as string) + 1) % 32];
      const text = name.slice(0, place) + other + name.slice(place + 1, 46);
      expect([place, read(text + checkOf(text))]).toEqual([place, "unknown"]);
    }
  });

  it("is of this domain, by a key that is here", () => {
    const name = make();
    expect(readRoom(name, "andere.example", [KEY], NOW)).toBe("unknown");
    expect(read(name, NOW, [{ index: 3, key: randomBytes(32) }])).toBe("unknown");
    expect(read(name, NOW, [{ ...KEY, index: 4 }])).toBe("unknown");
    const next: RoomKey = { index: 4, key: randomBytes(32) };
    const both = [KEY, next];
    for (const key of both)
      expect(read(make(NOW, key), NOW, both)).toMatchObject(
        key.index === 3 ? { key: 3 } : { key: 4 },
      );
  });
});

describe("its day", () => {
  const zone = process.env["TZ"];
  afterEach(() => {
    // Assigning undefined would set the text "undefined".
    if (zone === undefined) delete process.env["TZ"];
    else process.env["TZ"] = zone;
  });

  it.each(["UTC", "Europe/Amsterdam", "Pacific/Kiritimati", "America/Anchorage"])(
    "ends at midnight UTC, wherever the computer is: %s",
    (name) => {
      process.env["TZ"] = name;
      for (const until of ["2026-12-01T00:00:00Z", "2026-12-01T23:59:59Z"]) {
        const made = make(at(until));
        expect(read(made, at("2026-12-01T23:59:59Z"))).toMatchObject({
          until: at("2026-12-02T00:00:00Z"),
        });
        expect(read(made, at("2026-12-02T00:00:00Z"))).toBe("ended");
      }
    },
  );

  it("holds over the ends of months, leap days and years, and before its day", () => {
    for (const day of ["2024-01-01", "2024-02-29", "2026-12-31", "2028-02-29", "2113-09-18"]) {
      const name = make(at(`${day}T12:00:00Z`));
      expect(read(name, at(`${day}T23:59:59Z`))).toMatchObject({ name });
      expect(read(name, at(`${day}T23:59:59Z`) + 1)).toBe("ended");
      expect(read(name, at("2024-01-01T00:00:00Z"))).toMatchObject({ name });
    }
  });

  it.each(["2023-12-31T23:59:59Z", "2113-09-19T00:00:00Z"])("no name holds %s", (day) => {
    expect(() => make(at(day))).toThrow("no name holds the day");
  });
});

describe("its check character", () => {
  it("catches every single wrong character", () => {
    const name = make();
    for (let place = 0; place < 47; place++)
      for (const other of ALPHABET.replace(name[place] as string, ""))
        expect(read(name.slice(0, place) + other + name.slice(place + 1))).toBe("mistyped");
  });

  it("catches 990 of the 992 pairs of neighbours that change places: all but 0 and z", () => {
    let missed = 0;
    for (const a of ALPHABET)
      for (const b of ALPHABET.replace(a, ""))
        for (const place of [20, 21]) {
          const text = (pair: string) => `${"5".repeat(place)}${pair}${"5".repeat(44 - place)}`;
          if (checkOf(text(a + b)) !== checkOf(text(b + a))) continue;
          missed++;
          expect([a, b].sort()).toEqual(["0", "z"]);
        }
    // Two pairs at each of the two places, an even and an odd one.
    expect(missed).toBe(4);
  });

  it.each(["", "x", "0".repeat(46), "0".repeat(48), `${"0".repeat(46)}u`, "é".repeat(47)])(
    "%s is no name",
    (text) => expect(read(text)).toBe("mistyped"),
  );
});

describe("vectors.json, which the gate's own code is held against", () => {
  const { domain, keys, names } = JSON.parse(
    readFileSync(join(import.meta.dirname, "vectors.json"), "utf8"),
  ) as {
    domain: string;
    keys: { index: number; key: string }[];
    names: {
      what: string;
      name: string;
      now: number;
      verdict: string;
      until?: number;
      key?: number;
    }[];
  };
  const known = keys.map(({ index, key }) => ({ index, key: Buffer.from(key, "hex") }));

  it.each(names.map((one) => [one.what, one] as const))("%s", (_, { name, now, ...said }) => {
    const got = readRoom(name, domain, known, now);
    const { verdict, until, key } = said;
    expect(got).toEqual(verdict === "valid" ? { name, until, key } : verdict);
  });
});

describe("keys", () => {
  const first = { index: 31, key: randomBytes(32) };

  it("are written and read again, and nothing else is read", () => {
    const two = [first, { index: 0, key: randomBytes(32) }];
    expect(roomKeysText(two)).toMatch(/^31 [0-9a-f]{64}\n0 [0-9a-f]{64}\n$/);
    expect(readRoomKeys(roomKeysText(two))).toEqual(two);
    const line = roomKeysText([first]);
    for (const text of [
      "",
      "31",
      line.trimEnd(),
      `${line}x`,
      line.replace("31", "32"),
      line.toUpperCase(),
    ])
      expect(() => readRoomKeys(text)).toThrow(/^no keys of rooms$/);
  });

  it("rotate in three steps, in which every name counts from its issue to the third", () => {
    let keys = readRoomKeys(roomKeysText([first]));
    const names: string[] = [];
    const steps: number[] = [];
    const counting: number[] = [];
    for (let i = 0; i < 4; i++) {
      names.push(make(NOW, keys[0]));
      const { step, keys: next } = rotateRoomKeys(keys, randomBytes(32));
      // Before the converge a host has the older keys, and after it somebody's clone may have them.
      const readBy = (known: readonly RoomKey[], by: RoomKey | undefined) =>
        read(make(NOW, by), NOW, [...known]);
      expect(typeof readBy(keys, next[0])).toBe("object");
      expect(typeof readBy(next, keys[0])).toBe("object");
      steps.push(step);
      keys = readRoomKeys(roomKeysText(next));
      counting.push(names.filter((name) => typeof read(name, NOW, keys) === "object").length);
    }
    expect(steps).toEqual([1, 2, 3, 1]);
    // At the third the two names of the old key end.
    expect(counting).toEqual([1, 2, 1, 2]);
    expect(keys.map(({ index }) => index)).toEqual([0, 1]);
  });
});
