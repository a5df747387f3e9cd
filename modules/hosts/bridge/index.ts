export { brewery, bridgesOf, channelAddress, videobridgeFragment } from "./videobridge.ts";
