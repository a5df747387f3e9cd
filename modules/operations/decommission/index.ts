export {
  type DecommissionRecord,
  decommission,
  fateOfLogs,
  type LogsFate,
  planEnd,
  recordsOfMachines,
} from "./decommission.ts";
