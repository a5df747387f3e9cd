import { describe, expect, it } from "vitest";
import { BadInput } from "../../common/input/index.ts";
import { someInstance } from "../blueprint/testing.ts";
import { whatIf } from "./index.ts";

const { demand } = someInstance({
  demand: {
    meetings: [
      { kind: "overleg", simultaneous: 3, participants: 8, cameras: 2 },
      { kind: "zaal", simultaneous: 1, participants: 100, cameras: 4 },
    ],
  },
});

describe("what if", () => {
  it("changes every kind of meeting, one kind alone, or the whole demand", () => {
    const changed = whatIf(demand, [
      "cameras=all",
      "zaal.participants=120",
      "simultaneous=x2",
      "growth=0.5",
      "screenShare=false",
      "codecs=AV1:0.6,VP8:0.4",
    ]);
    expect(changed.meetings).toMatchObject([
      { simultaneous: 6, participants: 8, cameras: "all", screenShare: false },
      { simultaneous: 2, participants: 120, cameras: "all", screenShare: false },
    ]);
    expect(changed).toMatchObject({ growth: 0.5, codecs: { AV1: 0.6, VP8: 0.4 } });
    expect(demand.meetings[0]?.cameras).toBe(2);
  });

  it.each([
    ["cameras", /a key, = and a value/],
    ["camera=all", /did you mean "cameras"\?/],
    ["zal.lastN=5", /no meeting "zal"; did you mean "zaal"\?/],
    ["cameras=some", /demand\.meetings\[0\]\.cameras: got "some", allowed: all, none/],
    ["participants=0", /participants: got 0, at least 2/],
    ["participants=-4", /participants: got -4/],
    ["lastN=NaN", /lastN: got \.nan/],
    ["simultaneous=x", /simultaneous: got "x"/],
    ["simultaneous=xyz", /simultaneous: got \.nan/],
    ["growth=.inf", /growth: got/],
    ["behindFirewalls=1.5", /behindFirewalls: got 1.5, at most 1/],
    ["codecs=AV1:0.5", /add up to 0.5/],
    ["codecs=H265", /H265/],
  ])("%s is refused", (change, message) => {
    expect(() => whatIf(demand, [change])).toThrow(BadInput);
    expect(() => whatIf(demand, [change])).toThrow(message);
  });
});
