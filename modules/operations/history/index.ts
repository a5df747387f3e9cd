export { type CdktfCall, cdktfCall } from "./cdktf.ts";
export {
  type History,
  historyFile,
  historyFolder,
  noteInHistory,
  readHistory,
  whoWorks,
} from "./history.ts";
export type { Event, Line } from "./line.ts";
