export { type Approved, approvePlan, evaluateAgain } from "./approve.ts";
export { approvalFault, approvedBy, approvedFinding, demandedApprovals } from "./demanded.ts";
