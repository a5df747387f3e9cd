export {
  applyWaivers,
  type Finding,
  fail,
  formatFinding,
  isCurrent,
  notTested,
  type Outcome,
  pass,
  passUnless,
  tally,
  type Verdict,
  type Waiver,
} from "./finding.ts";
