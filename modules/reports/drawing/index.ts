export { drawNetwork } from "./draw.ts";
export { element, escapeXml, text } from "./svg.ts";
