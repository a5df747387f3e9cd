export { configScript, interfaceScript } from "./config.ts";
