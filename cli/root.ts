export { WORKSPACE as ROOT } from "../modules/toolkit/index.ts";
