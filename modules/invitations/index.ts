export { calendarText } from "./calendar.ts";
export { localMoment, localText } from "./local-time.ts";
