export { brewery, bridgesOf, videobridgeFragment } from "./videobridge.ts";
