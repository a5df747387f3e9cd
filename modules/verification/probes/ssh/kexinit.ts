import { converse, type Dial } from "../dial.ts";

/** What an SSH server offers before anybody logs in (RFC 4253, 7.1). */
export interface SshOffer {
  readonly banner: string;
  readonly kex: readonly string[];
  readonly hostKeys: readonly string[];
  readonly ciphers: readonly string[];
  readonly macs: readonly string[];
  readonly compression: readonly string[];
}

/** Reads a banner and a KEXINIT, or nothing while either is incomplete. */
export function readOffer(bytes: Buffer): SshOffer | undefined {
  const text = bytes.toString("latin1");
  const banner = /^(?:(?!SSH-).*\r?\n)*(SSH-2\.0-.*)\r?\n/.exec(text);
  if (!banner) return undefined;
  const packet = bytes.subarray(banner[0].length);
  if (packet.length < 6 || packet.length < 4 + packet.readUInt32BE(0)) return undefined;
  // Length, padding length, message number 20, 16 bytes of cookie, then the lists.
  if (packet.readUInt8(5) !== 20) return undefined;
  let at = 22;
  const list = (): string[] => {
    const length = packet.readUInt32BE(at);
    const names = packet.subarray(at + 4, at + 4 + length).toString();
    at += 4 + length;
    return names.split(",").filter(Boolean);
  };
  const [kex, hostKeys, ciphers, , macs, , compression] = Array.from({ length: 8 }, list);
  return {
    banner: (banner[1] ?? "").trim(),
    kex: kex ?? [],
    hostKeys: hostKeys ?? [],
    ciphers: ciphers ?? [],
    macs: macs ?? [],
    compression: compression ?? [],
  };
}

/** @throws Error when what answers is no SSH server */
export async function askSsh(dial: Dial): Promise<SshOffer> {
  const hello = Buffer.from("SSH-2.0-probe\r\n");
  const got = await converse(dial, hello, (bytes) => readOffer(bytes) !== undefined);
  const offer = readOffer(got);
  if (!offer) throw new Error(`no SSH server answers (${got.length} bytes came)`);
  return offer;
}
