export { renderAll, renderHost } from "./render.ts";
