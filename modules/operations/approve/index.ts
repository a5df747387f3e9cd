export { type Approved, approvePlan, evaluateAgain, notedInput } from "./approve.ts";
export { approvalFault, approvedBy, approvedFinding, demandedApprovals } from "./demanded.ts";
