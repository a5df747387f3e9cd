import { converse, type Dial } from "../dial.ts";
import { type Answer, isComplete, readAnswer, readMessages } from "./answer.ts";
import { encodeHello, type Offer, TLS12, TLS13 } from "./hello.ts";

/** All that a server accepts, found by asking until it refuses. Code points are IANA's. */
export interface TlsSurvey {
  /** Versions with which it went on: 0x0300 … 0x0304. */
  readonly versions: readonly number[];
  readonly suites13: readonly number[];
  readonly suites12: readonly number[];
  readonly groups13: readonly number[];
  readonly groups12: readonly (number | string)[];
  /** Signature schemes of its TLS 1.2 key exchange. */
  readonly signatures12: readonly number[];
  /** Weak schemes (MD5, SHA-1, SHA-224) with which it went on when nothing else was offered. */
  readonly weakSignatures: readonly { readonly version: number; readonly scheme: number }[];
  /** TLS 1.2: Extended Master Secret; absent when it speaks no 1.2. */
  readonly extendedMasterSecret?: boolean;
  readonly secureRenegotiation?: boolean;
  readonly compression: boolean;
}

const span = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

// Every code point of the blocks in which suites were ever registered: what is accepted needs no
// table of ours to be noticed. Not 0x00ff and 0x5600, which are signals and no suites.
const SUITES12 = [...span(0x0001, 0x00fe), ...span(0xc000, 0xc0ff), ...span(0xcc00, 0xccff)];
const SUITES13 = span(0x1300, 0x13ff);
// Curves 1–41, finite fields 256–260, hybrids with ML-KEM 0x11eb–0x11ee, ML-KEM alone 512–514.
const GROUPS = [...span(1, 41), ...span(256, 260), ...span(512, 514), ...span(0x11eb, 0x11ee)];
const ECDHE12 = [0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9, 0xc009, 0xc00a, 0xc013, 0xc014];
// Schemes of RFC 8446, 4.2.3, brainpool's of RFC 8734, and the old pairs of RFC 5246.
const STRONG = [
  0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401,
  0x0501, 0x0601, 0x081a, 0x081b, 0x081c,
];
const WEAK = [0x0101, 0x0103, 0x0201, 0x0203, 0x0301, 0x0303];

/**
 * Asks a TLS server what it accepts, by ClientHellos of our own making: what OpenSSL of this
 * machine can't or won't offer is asked, too, such as SSL 3, DES, or a hybrid of ML-KEM. It asks as seldom as that goes,
 * since each question is a connection, and hosts count those by address.
 */
export async function surveyTls(dial: Dial, serverName?: string): Promise<TlsSurvey> {
  const ask = async (offer: Offer): Promise<Answer> => {
    const got = await converse(dial, encodeHello({ ...offer, serverName }), (bytes) =>
      isComplete(readMessages(bytes)),
    );
    return readAnswer(got);
  };
  const all12: Offer = {
    versions: [TLS12],
    suites: SUITES12,
    groups: GROUPS,
    signatures: [...STRONG, ...WEAK],
  };
  const all13: Offer = { ...all12, versions: [TLS13], suites: SUITES13 };

  const versions: number[] = [];
  for (const version of [0x0300, 0x0301, 0x0302, TLS12, TLS13]) {
    const answer = await ask(version === TLS13 ? all13 : { ...all12, versions: [version] });
    if (answer.refused === undefined && answer.version === version) versions.push(version);
  }
  /** Offers less and less, until the server refuses. */
  async function eliminate<T>(
    offered: readonly number[],
    offer: (left: readonly number[]) => Offer,
    taken: (answer: Answer) => T | undefined,
  ): Promise<T[]> {
    const found: T[] = [];
    for (let left = offered; left.length > 0; ) {
      const answer = await ask(offer(left));
      const value = answer.refused === undefined ? taken(answer) : undefined;
      // Named a second time, or never offered: it doesn't choose from what is offered.
      if (value === undefined || found.includes(value)) break;
      found.push(value);
      left = left.filter((one) => one !== value);
    }
    return found;
  }
  const has12 = versions.includes(TLS12);
  const has13 = versions.includes(TLS13);
  const suites13 = has13
    ? await eliminate(
        SUITES13,
        (suites) => ({ ...all13, suites }),
        (a) => a.suite,
      )
    : [];
  const groups13 = has13
    ? await eliminate(
        GROUPS,
        (groups) => ({ ...all13, groups }),
        (a) => (typeof a.group === "number" ? a.group : undefined),
      )
    : [];
  const suites12 = has12
    ? await eliminate(
        SUITES12,
        (suites) => ({ ...all12, suites }),
        (a) => a.suite,
      )
    : [];
  const groups12 = has12
    ? await eliminate<number | string>(
        GROUPS,
        (groups) => ({ ...all12, suites: ECDHE12, groups }),
        (a) => a.group,
      )
    : [];
  // A server with an ECDSA key refuses once its key's own curve isn't offered: all that is left, and that curve last.
  const curves = groups12.filter((one) => typeof one === "number");
  const others = GROUPS.filter((one) => !groups12.includes(one));
  if (has12)
    groups12.push(
      ...(await eliminate(
        others,
        (groups) => ({ ...all12, suites: ECDHE12, groups: [...groups, ...curves] }),
        ({ group }) => (typeof group === "number" && others.includes(group) ? group : undefined),
      )),
    );
  const signatures12 = has12
    ? await eliminate(
        [...STRONG, ...WEAK],
        (signatures) => ({ ...all12, suites: ECDHE12, signatures }),
        (a) => a.signature,
      )
    : [];
  const weakSignatures: { version: number; scheme: number }[] = [];
  for (const version of [TLS12, TLS13].filter((one) => versions.includes(one))) {
    const offer: Offer =
      version === TLS13 ? { ...all13, share: 0x001d } : { ...all12, suites: ECDHE12 };
    // Who refuses all of them together takes none: asked one by one is only who doesn't.
    if ((await ask({ ...offer, signatures: WEAK })).refused !== undefined) continue;
    for (const scheme of WEAK) {
      const answer = await ask({ ...offer, signatures: [scheme] });
      if (answer.refused === undefined) weakSignatures.push({ version, scheme });
    }
  }
  const plain = has12 ? await ask({ ...all12, compression: true }) : undefined;
  return {
    versions,
    suites13,
    suites12,
    groups13,
    groups12,
    signatures12,
    weakSignatures,
    compression: (plain?.compression ?? 0) !== 0,
    ...(plain
      ? {
          extendedMasterSecret: plain.extensions.includes(23),
          secureRenegotiation: plain.extensions.includes(0xff01),
        }
      : {}),
  };
}
