export { exclusively } from "./lock.ts";
