export { randomText } from "./alphabet.ts";
export {
  display,
  KEY_INDEXES,
  makeRoom,
  type NotRead,
  type RoomKey,
  type RoomName,
  readRoom,
} from "./name.ts";
