/** What each of so many shards has of all names, in hundredths of a percent; the last also has what is left. */
export const shareOfShard = (shards: number): number => Math.floor(10_000 / shards);

/** MurmurHash2, by which nginx splits (src/core/ngx_murmurhash.c). Gives 32 bits. */
function hashOf(text: string): number {
  const data = Buffer.from(text);
  const times = (value: number) => Math.imul(value, 0x5bd1e995);
  let hash = data.length;
  const whole = data.length - (data.length % 4);
  for (let at = 0; at < whole; at += 4) {
    const part = times(data.readUInt32LE(at));
    hash = times(hash) ^ times(part ^ (part >>> 24));
  }
  const rest = data.subarray(whole);
  if (rest.length > 0)
    hash = times(hash ^ rest.reduce((sum, byte, i) => sum | (byte << (8 * i)), 0));
  hash = times(hash ^ (hash >>> 13));
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** Which of so many shards a meeting of this name is in, from 0 on, as each nginx finds it. */
export function shardOf(shards: number, room: string): number {
  const hash = hashOf(room);
  const ends = (shard: number) =>
    Math.floor(((shard + 1) * shareOfShard(shards) * 0xffffffff) / 10_000);
  for (let shard = 0; shard < shards - 1; shard++) if (hash < ends(shard)) return shard;
  return shards - 1;
}
