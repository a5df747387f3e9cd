export {
  applyWaivers,
  type Finding,
  fail,
  formatFinding,
  isCurrent,
  judge,
  notTested,
  type Outcome,
  pass,
  tally,
  type Verdict,
  type Waiver,
} from "./finding.ts";
