export { ALPHABET, bitsAsText, randomText } from "./alphabet.ts";
export { readRoomKeys, roomKeysText, rotateRoomKeys } from "./keys.ts";
export {
  display,
  LENGTH,
  MAC,
  makeRoom,
  type NotRead,
  RANDOM,
  type RoomKey,
  type RoomName,
  readRoom,
} from "./name.ts";
export { shardOf, shareOfShard } from "./shard.ts";
