/** What the attack by guessed names looks at; its findings' ids are `enumeration-` and the check's. */
const HOLDS = {
  control: "the attack had a live meeting: its moderator joined, and its guest was told to wait",
  planted: "the attack finds each oracle that it planted itself",
  state: "a live, ended, revoked or coming meeting is answered like a name that was never issued",
  guess: "a guessed name is answered like a name that was never issued",
  timing: "the time of an answer tells no name apart",
  entry: "no guess gets into a meeting",
  bridge: "a guest gets into no room of the bridges",
  hidden: "everybody whom the server has in a meeting is seen by the others in it",
  unasked: "the server sends nothing that nobody asked for",
} as const;

export type Check = keyof typeof HOLDS;

export const findingId = (check: Check): string => `enumeration-${check}`;

/** What each finding of the attack says, and the ids of the norms that it serves. */
export const CHECKS = Object.entries(HOLDS).map(([check, holds]) => ({
  id: findingId(check as Check),
  holds,
  norms: ["BIO2 8.08.04", "BIO2 8.08.05", "BIO2 8.29.01", "ISO 27002 8.3"],
}));
