export {
  type DecommissionRecord,
  decommission,
  fateOfLogs,
  type LogsFate,
  planEnd,
} from "./decommission.ts";
