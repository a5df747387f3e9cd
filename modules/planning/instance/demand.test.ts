import { refuses } from "./testing.ts";

refuses([
  [
    "simultaneous: 2",
    "simultaneous: 0",
    ["f.yaml:11:38: demand.meetings[0].simultaneous: got 0, at least 1 is allowed"],
  ],
  [
    "simultaneous: 2",
    "simultaneous: -3",
    ["f.yaml:11:38: demand.meetings[0].simultaneous: got -3, at least 1 is allowed"],
  ],
  [
    "simultaneous: 2",
    "simultaneous: .nan",
    ["f.yaml:11:38: demand.meetings[0].simultaneous: got .nan, a number is allowed"],
  ],
  [
    "simultaneous: 2",
    "simultaneous: .inf",
    ["f.yaml:11:38: demand.meetings[0].simultaneous: got .inf, a number is allowed"],
  ],
  [
    "simultaneous: 2",
    "simultaneous: 1e9",
    ["f.yaml:11:38: demand.meetings[0].simultaneous: got 1000000000, at most 10000 is allowed"],
  ],
  [
    "participants: 4",
    "participants: 1",
    ["f.yaml:11:55: demand.meetings[0].participants: got 1, at least 2 is allowed"],
  ],
  [
    "participants: 4",
    "participants: 4.5",
    ["f.yaml:11:55: demand.meetings[0].participants: got 4.5, a whole number is allowed"],
  ],
  [
    "cameras: all",
    "cameras: some",
    [
      'f.yaml:11:67: demand.meetings[0].cameras: got "some", allowed: all, none, or a whole number of people',
    ],
  ],
  [
    "cameras: all",
    "cameras: .nan",
    [
      "f.yaml:11:67: demand.meetings[0].cameras: got .nan, allowed: all, none, or a whole number of people",
    ],
  ],
  [
    "cameras: all",
    "cameras: -1",
    ["f.yaml:11:67: demand.meetings[0].cameras: got -1, at least 0 is allowed"],
  ],
  [
    "cameras: all",
    "cameras: 5",
    ["f.yaml:11:67: demand.meetings[0].cameras: got 5 cameras for 4 participants"],
  ],
  [
    ", cameras: all",
    "",
    [
      "f.yaml:11:7: demand.meetings[0].cameras: missing, allowed: all, none, or a whole number of people",
    ],
  ],
  ["cameras: all", "camera: all", ['f.yaml:11:58: unknown key "camera"; did you mean "cameras"?']],
  [
    "demand:\n",
    "demand:\n  growth: 20%\n",
    ['f.yaml:10:11: demand.growth: got "20%", a number is allowed'],
  ],
  [
    "demand:\n",
    "demand:\n  growth: -1\n",
    ["f.yaml:10:11: demand.growth: got -1, at least 0 is allowed"],
  ],
  [
    "demand:\n",
    "demand:\n  codecs: { VP8: 0.5 }\n",
    ["f.yaml:10:11: demand.codecs: the shares add up to 0.5, they must add up to 1"],
  ],
  [
    "demand:\n",
    "demand:\n  codecs: {}\n",
    ["f.yaml:10:11: demand.codecs: the shares add up to 0, they must add up to 1"],
  ],
  [
    "demand:\n",
    "demand:\n  codecs: { vp8: 1 }\n",
    ['f.yaml:10:13: unknown key "vp8"; did you mean "VP8"?'],
  ],
]);
