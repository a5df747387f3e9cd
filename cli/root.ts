export { WORKSPACE as ROOT } from "../modules/common/toolkit/index.ts";
