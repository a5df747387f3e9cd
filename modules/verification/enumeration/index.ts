export { CHECKS, findingId } from "./checks.ts";
export { difference, evaluate, evaluateOccupants, evaluateTiming, sampleSees } from "./evaluate.ts";
export {
  type Invitation,
  type LinkFile,
  type Links,
  type OtherState,
  readLinkFile,
  readLinks,
  withMeeting,
} from "./links.ts";
export {
  drawLikely,
  FORMS,
  type LikelyWords,
  neverIssued,
  neverIssuedBeside,
} from "./names.ts";
export type { Answer, Held, Observed, Occupants, Pair, Planted, Timing } from "./observed.ts";
export { ALPHA, PILOT, POWER, STATES, type State, TIMINGS, unnamed } from "./plan.ts";
export { differences, MOST_PAIRS, plan, type Sample, type Times } from "./power.ts";
export { type Random, seeded } from "./random.ts";
export { median, SHIFT, shiftTest } from "./randomisation-test.ts";
export { report, type Setting } from "./report.ts";
