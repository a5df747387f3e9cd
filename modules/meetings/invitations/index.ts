export { calendarText } from "./calendar.ts";
export { LONGEST, lifeOf } from "./lifetime.ts";
export { localMoment, localText } from "./local-time.ts";
