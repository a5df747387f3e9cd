export {
  type DecommissionRecord,
  decommission,
  fateOfLogs,
  type LogsFate,
} from "./decommission.ts";
