export { randomText } from "./alphabet.ts";
export { readRoomKeys, roomKeysText, rotateRoomKeys } from "./keys.ts";
export {
  display,
  makeRoom,
  type NotRead,
  type RoomKey,
  type RoomName,
  readRoom,
} from "./name.ts";
