import { AGE, refuses } from "./testing.ts";

refuses([
  [
    "",
    `logKeepers:\n  - { name: A B, age: ${AGE} }\n  - { name: C D, age: ${AGE} }\n`,
    ["f.yaml:23:23: logKeepers[1].age: the same age as logKeepers[0]: each person has their own"],
  ],
  [
    "",
    `logKeepers:\n  - { name: A B, age: ${AGE.replace("q", "p")} }\n`,
    [
      `f.yaml:22:23: logKeepers[0].age: "${AGE.replace("q", "p")}" has a letter wrong: its checksum doesn't fit, copy it again`,
    ],
  ],
]);
