export { type Approved, approvePlan, evaluateAgain } from "./approve.ts";
export { approvedFinding, demandedApprovals } from "./demanded.ts";
