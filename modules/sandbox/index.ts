export { type Needs, sandbox } from "./sandbox.ts";
