import { z } from "zod";

/** What another's tool reported of one subject, as lines; none is well. */
export type Complaints = readonly string[];

const suites = z.object({
  result: z
    .object({
      tls_version_used: z.string(),
      accepted_cipher_suites: z.array(z.object({ cipher_suite: z.object({ name: z.string() }) })),
    })
    .nullable(),
});
const sslyze = z.object({
  server_scan_results: z.array(
    z.object({
      connectivity_status: z.string(),
      scan_result: z
        .object({
          ssl_2_0_cipher_suites: suites,
          ssl_3_0_cipher_suites: suites,
          tls_1_0_cipher_suites: suites,
          tls_1_1_cipher_suites: suites,
          tls_1_2_cipher_suites: suites,
          tls_1_3_cipher_suites: suites,
          heartbleed: z.object({
            result: z.object({ is_vulnerable_to_heartbleed: z.boolean() }).nullable(),
          }),
          tls_compression: z.object({
            result: z.object({ supports_compression: z.boolean() }).nullable(),
          }),
          tls_1_3_early_data: z.object({
            result: z.object({ supports_early_data: z.boolean() }).nullable(),
          }),
          session_renegotiation: z.object({
            result: z
              .object({
                supports_secure_renegotiation: z.boolean(),
                is_vulnerable_to_client_renegotiation_dos: z.boolean(),
              })
              .nullable(),
          }),
        })
        .nullable(),
    }),
  ),
});

/** Reads sslyze's `--json_out`. */
export function readSslyze(text: string): Complaints {
  const [server] = sslyze.parse(JSON.parse(text)).server_scan_results;
  const scan = server?.scan_result;
  if (!scan) return [`sslyze reached nobody: ${server?.connectivity_status}`];
  const old = [
    "ssl_2_0_cipher_suites",
    "ssl_3_0_cipher_suites",
    "tls_1_0_cipher_suites",
    "tls_1_1_cipher_suites",
  ] as const;
  const names = (key: keyof typeof scan) => {
    const { result } = scan[key] as z.infer<typeof suites>;
    return result?.accepted_cipher_suites.map(({ cipher_suite: { name } }) => name) ?? [];
  };
  const renegotiation = scan.session_renegotiation.result;
  const modern = [
    ...names("tls_1_2_cipher_suites" as never),
    ...names("tls_1_3_cipher_suites" as never),
  ];
  return [
    ...old.flatMap((key) => names(key as never).map((name) => `${key}: ${name}`)),
    ...modern
      .filter(
        (name) => !/^TLS_(ECDHE_(ECDSA|RSA)_WITH_)?(AES|CHACHA20).*(GCM|POLY1305|CCM)/.test(name),
      )
      .map((name) => `old suite ${name}`),
    ...(modern.length === 0 ? ["no suite of TLS 1.2 or 1.3"] : []),
    // Early data is asked by our own probe: sslyze gives up when a server closes after its question.
    ...(["heartbleed", "tls_compression", "session_renegotiation"] as const)
      .filter((key) => scan[key].result === null)
      .map((key) => `${key}: sslyze couldn't ask`),
    ...(scan.heartbleed.result?.is_vulnerable_to_heartbleed ? ["Heartbleed"] : []),
    ...(scan.tls_compression.result?.supports_compression ? ["compression"] : []),
    ...(scan.tls_1_3_early_data.result?.supports_early_data ? ["early data"] : []),
    ...(renegotiation && !renegotiation.supports_secure_renegotiation
      ? ["insecure renegotiation"]
      : []),
    ...(renegotiation?.is_vulnerable_to_client_renegotiation_dos
      ? ["a client may renegotiate"]
      : []),
  ];
}

const notes = z.object({
  algorithm: z.string(),
  notes: z
    .object({ fail: z.array(z.string()).optional(), warn: z.array(z.string()).optional() })
    .optional(),
});
const sshAudit = z.object({
  kex: z.array(notes),
  key: z.array(notes),
  enc: z.array(notes),
  mac: z.array(notes),
});

/** Reads `ssh-audit --json`. */
export function readSshAudit(text: string): Complaints {
  const lists = sshAudit.parse(JSON.parse(text));
  if (lists.kex.length === 0) return ["ssh-audit saw no key exchange"];
  return Object.values(lists).flatMap((list) =>
    list.flatMap(({ algorithm, notes: said }) =>
      [...(said?.fail ?? []), ...(said?.warn ?? [])].map((why) => `${algorithm}: ${why}`),
    ),
  );
}

/** Hardening indices of one run of lynis: the share of points in percent, as lynis counts them. */
export interface LynisScore {
  readonly all: number;
  /** Without the tests that the not-tested list names. */
  readonly listedLeftOut: number;
}

/**
 * Reads `/var/log/lynis.log`, where each test writes the points that it gave.
 *
 * @param index what `lynis-report.dat` says, to see that the points were read as lynis counts them
 */
export function readLynis(log: string, index: number, leftOut: readonly string[]): LynisScore {
  let test = "";
  const seen = { points: 0, most: 0 };
  const out = { points: 0, most: 0 };
  for (const line of log.split("\n")) {
    test = /Performing test ID (\S+)/.exec(line)?.[1] ?? test;
    const now = /Currently having (\d+) points \(out of (\d+)\)/.exec(line);
    if (!now) continue;
    const [points, most] = [Number(now[1]), Number(now[2])];
    if (leftOut.includes(test)) {
      out.points += points - seen.points;
      out.most += most - seen.most;
    }
    Object.assign(seen, { points, most });
  }
  const share = (points: number, most: number) => Math.floor((100 * points) / most);
  const all = share(seen.points, seen.most);
  if (all !== index) throw new Error(`lynis says ${index}, its log ${all}`);
  return { all, listedLeftOut: share(seen.points - out.points, seen.most - out.most) };
}
