export {
  applyWaivers,
  type Finding,
  formatFinding,
  isCurrent,
  tally,
  type Verdict,
  type Waiver,
} from "./finding.ts";
