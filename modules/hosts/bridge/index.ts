export { bridgeFragment } from "./fragment.ts";
export { brewery, bridgesOf, videobridgeFragment } from "./videobridge.ts";
