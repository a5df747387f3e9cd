export { packOf } from "./pack.ts";
