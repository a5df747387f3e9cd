export { type Approved, approvePlan, judgeAgain } from "./approve.ts";
export { approvedFinding, demandedApprovals } from "./demanded.ts";
