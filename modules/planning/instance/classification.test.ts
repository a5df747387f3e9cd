import { refuses } from "./testing.ts";

refuses([
  [
    "marking: none",
    "marking: Stg. Geheim",
    [
      'f.yaml:4:28: classification.marking: got "Stg. Geheim": state secrets are refused: only products that the NBV has approved may carry them (VIRBI 2025, BIO2 8.21.04), and this toolkit isn\'t approved; allowed: none, Dep.V',
    ],
  ],
  [
    "marking: none",
    "marking: dep.v",
    [
      'f.yaml:4:28: classification.marking: got "dep.v", allowed: none, Dep.V; did you mean "Dep.V"?',
    ],
  ],
  ["tbb: 4", "tbb: 5", ["f.yaml:4:39: classification.tbb: got 5, allowed: 1, 2, 3, 4"]],
  [
    "tbb: 4",
    'tbb: "4"',
    ['f.yaml:4:39: classification.tbb: got "4", write it without quotes; allowed: 1, 2, 3, 4'],
  ],
]);
