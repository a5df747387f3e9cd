export { type Hocon, hoconFile } from "./hocon.ts";
export { JAVA, javaLogging, javaUnit } from "./java-service.ts";
export { unpacked } from "./unpacked.ts";
