export { nginxPart } from "./part.ts";
