import { fail, notTested, type Outcome, pass, passUnless } from "../../../common/findings/index.ts";
import type { Context, Probe } from "../probe.ts";
import {
  authorityOf,
  dialInner,
  publicAddresses,
  type Service,
  serviceOf,
  services,
  subjectOf,
} from "../services.ts";
import { loadTlsNorm, type Row, rate } from "./norm.ts";
import { type CertificateFacts, type TlsSession, tlsSession } from "./session.ts";
import { surveyTls, type TlsSurvey } from "./survey.ts";

const norm = loadTlsNorm();
const TLS12 = 0x0303;
const TLS13 = 0x0304;

/** What a service shows at one of its addresses. */
interface Seen {
  readonly address: string;
  readonly survey: TlsSurvey;
  readonly session: TlsSession;
}

/** At each public address, or at the private one where only a host may connect. */
export const seenTls = (subject: string, context: Context): Promise<Seen[]> =>
  context.once(`tls ${subject}`, async () => {
    const service = serviceOf(context.blueprint, subject);
    const ca = authorityOf(service, context);
    const has = ({ versions }: TlsSurvey) => ({
      v12: versions.includes(TLS12),
      v13: versions.includes(TLS13),
    });
    if (service.from) {
      const dial = dialInner(service, context);
      const survey = await surveyTls(dial, service.tlsName);
      const want = { name: service.tlsName, ca };
      const session = await tlsSession(dial, want, has(survey));
      return [{ address: service.host.ipv4, survey, session }];
    }
    const { port, tlsName: name } = service;
    const all: Seen[] = [];
    for (const address of publicAddresses(service.host)) {
      const survey = await context.vantagePoint.ask("surveyTls", { address, port, name });
      const session = await context.vantagePoint.ask("tlsSession", {
        address,
        port,
        name,
        ca,
        ...has(survey),
      });
      all.push({ address, survey, session });
    }
    return all;
  });

async function alive(subject: string, context: Context): Promise<string | undefined> {
  const seen = await seenTls(subject, context);
  if (seen.length === 0) return "it has no address to ask";
  const dead = seen.find(({ survey }) => survey.versions.length === 0);
  if (dead) return `no TLS answers at ${dead.address}`;
  const failed = seen.find(({ session }) => session.failed !== undefined);
  return failed && `no handshake at ${failed.address}: ${failed.session.failed}`;
}

/** All values of a row must be good or sufficient. */
function rated(row: Row, values: readonly (number | string)[]): Outcome {
  const ratings = [...new Set(values)].map((value) => rate(row, value));
  const bad = ratings.filter(({ rating }) => rating === "phase out" || rating === "insufficient");
  const listed = ratings.map(({ name, rating }) => `${name} (${rating})`);
  return passUnless(
    bad.map(({ name, rating }) => `${name} is ${rating}`),
    listed.join(", ") || "none",
  );
}

function certificate(facts: CertificateFacts): string[] {
  const { curves, edwards, rsaBits, digests } = norm.certificate;
  const [kind = "", detail = ""] = facts.key.split(" ");
  const key =
    kind === "rsa"
      ? Number(detail) >= rsaBits.sufficient
      : kind === "ec"
        ? curves.includes(detail)
        : edwards.includes(kind);
  const digest = facts.signature.split(" ").at(-1) ?? "";
  return [
    ...(key ? [] : [`key ${facts.key} of ${facts.subject} is not sufficient`]),
    ...(digests.includes(digest)
      ? []
      : [`signature ${facts.signature} of ${facts.subject} is not sufficient`]),
  ];
}

/** The certificates to check: a root that the server sends along proves nothing and is left out. */
const sent = ({ chain }: TlsSession): CertificateFacts[] => chain.filter((one) => !one.selfSigned);

type Evaluate = (seen: Seen, service: Service) => Outcome;

const row = (id: string, holds: string, attack: string, verdict: Evaluate): Probe => ({
  id,
  group: "tls",
  holds,
  attack,
  control: "a handshake with the service succeeds",
  norms: ["NCSC-NL TLS 2025-05", "BIO2 8.24.04"],
  subjects: (blueprint) => services(blueprint).map(subjectOf),
  alive,
  run: async (subject, context) => {
    const service = serviceOf(context.blueprint, subject);
    const all = (await seenTls(subject, context)).map((seen) => verdict(seen, service));
    return all.find((one) => one.verdict !== "pass") ?? all[0] ?? fail("nothing was asked");
  },
});

const has12 = ({ survey }: Seen): boolean => survey.versions.includes(TLS12);

export const tlsProbes: readonly Probe[] = [
  row(
    "tls-versions",
    "only good or sufficient versions",
    "asks for SSL 3 and each TLS",
    ({ survey }) => rated(norm.versions, survey.versions),
  ),
  row(
    "tls-suites",
    "only good or sufficient cipher suites",
    "offers every code point in which a suite was ever registered, until the service refuses",
    ({ survey }) => {
      const [new13, old12] = [
        rated(norm.suites13, survey.suites13),
        rated(norm.suites12, survey.suites12),
      ];
      return (
        [new13, old12].find(({ verdict }) => verdict === "fail") ??
        pass(`TLS 1.3: ${new13.message}; TLS 1.2: ${old12.message}`)
      );
    },
  ),
  row(
    "tls-groups",
    "only good or sufficient groups for the key exchange",
    "offers each curve, finite field and hybrid, until the service refuses",
    ({ survey }) => rated(norm.groups, [...survey.groups13, ...survey.groups12]),
  ),
  row(
    "tls-signatures",
    "the key exchange is signed with SHA-2 or by an Edwards curve",
    "offers nothing but MD5, SHA-1 and SHA-224",
    ({ survey }) => {
      const weak = survey.weakSignatures.map(
        ({ scheme, version }) =>
          `0x${scheme.toString(16).padStart(4, "0")} is taken in TLS 1.${version - 0x0301}`,
      );
      return weak.length > 0 ? fail(weak.join("; ")) : rated(norm.signatures, survey.signatures12);
    },
  ),
  row(
    "tls-certificate",
    "keys and signatures of all certificates that are sent are sufficient",
    "looks for a key or a digest that can be forged",
    ({ session }) =>
      passUnless(
        sent(session).flatMap(certificate),
        sent(session)
          .map(({ key, signature }) => `${key} signed by ${signature}`)
          .join(", "),
        session.chain.map(({ subject, issuer }) => `${subject} by ${issuer}`),
      ),
  ),
  row(
    "tls-trust",
    "the certificate is trusted, and was issued for the service's name",
    "puts itself in the middle with a certificate of its own",
    ({ session }, { tlsName }) =>
      session.untrusted === undefined
        ? pass(`trusted for ${tlsName}`)
        : fail(`not trusted for ${tlsName}: ${session.untrusted}`),
  ),
  row(
    "tls-renegotiation",
    "renegotiation is secure, and a client may ask for it at most ten times",
    "renegotiates again and again in TLS 1.2",
    (seen) => {
      if (!has12(seen)) return pass("TLS 1.3 has none");
      const { renegotiations } = seen.session;
      if (renegotiations === undefined) return notTested("no handshake by TLS 1.2 succeeded");
      return passUnless(
        [
          ...(seen.survey.secureRenegotiation ? [] : ["renegotiation isn't secure (RFC 5746)"]),
          ...(renegotiations > norm.renegotiations.sufficient
            ? [`a client renegotiated ${renegotiations} times`]
            : []),
        ],
        `secure; a client got ${renegotiations}`,
      );
    },
  ),
  row(
    "tls-compression",
    "no compression",
    "offers DEFLATE, to guess secrets by the length",
    ({ survey }) => (survey.compression ? fail("DEFLATE is taken") : pass("none is taken")),
  ),
  row(
    "tls-early-data",
    "no early data, which can be replayed",
    "asks for a session ticket and what it allows",
    ({ session }) =>
      session.earlyData > 0
        ? fail(`a ticket allows ${session.earlyData} bytes of early data`)
        : pass("no ticket allows any"),
  ),
  row(
    "tls-master-secret",
    "TLS 1.2 binds its secret to the whole handshake (Extended Master Secret)",
    "joins two sessions to one secret",
    (seen) => {
      if (!has12(seen)) return pass("TLS 1.3 always does");
      return seen.survey.extendedMasterSecret
        ? pass("TLS 1.2 uses Extended Master Secret")
        : fail("TLS 1.2 doesn't use Extended Master Secret (RFC 7627)");
    },
  ),
];

/** How many half handshakes one look begins: enough to see a rule, too few to be a burden. */
const HALVES = 20;
/** ms that one may take: nginx ends it after 5 s, coturn after 6 s, and a busy machine a little later. */
const HALF_LASTS = 10_000;

export const halfHandshakeProbe: Probe = {
  id: "tls-half-handshake",
  group: "tls",
  holds: "an unfinished handshake ends within ten seconds",
  attack: `begins ${HALVES} handshakes at once and leaves them: without a limit, one address takes all connections`,
  control: "a handshake with the service succeeds",
  norms: ["BIO2 8.21.01"],
  subjects: (blueprint) =>
    services(blueprint)
      .filter(({ from }) => !from)
      .map(subjectOf),
  alive,
  run: async (subject, context) => {
    const { host, port } = serviceOf(context.blueprint, subject);
    const wrong: string[] = [];
    let longest = 0;
    for (const address of publicAddresses(host)) {
      const question = { address, port, count: HALVES, patience: HALF_LASTS };
      const took = await context.vantagePoint.ask("halfHandshakes", question);
      const open = took.filter((one) => one === null).length;
      if (open > 0)
        wrong.push(
          `${open} of ${HALVES} stand open at ${address} after ${HALF_LASTS / 1_000} s; converge puts the time-outs right`,
        );
      longest = Math.max(longest, ...took.map((one) => one ?? 0));
    }
    return passUnless(wrong, `${HALVES} ended within ${(longest / 1_000).toFixed(1)} s`);
  },
};

/** Days before the end at which a certificate is a finding: this project's choice, two weekly looks. */
const LEAST_DAYS = 14;

export const certificateProbes: readonly Probe[] = [
  {
    id: "certificate-expiry",
    group: "certificates",
    holds: `each service's certificates are valid for more than ${LEAST_DAYS} days`,
    attack: "waits: when a certificate ends and nobody notices, people click warnings away",
    control: "a handshake with the service succeeds",
    norms: ["ISO 27002 8.24"],
    subjects: (blueprint) => services(blueprint).map(subjectOf),
    alive,
    run: async (subject, context) => {
      const facts = (await seenTls(subject, context)).flatMap(({ session }) => session.chain);
      const left = facts.map(({ subject: name, notAfter }) => ({
        name,
        days: Math.floor((Date.parse(notAfter) - context.now.getTime()) / 86_400_000),
      }));
      return passUnless(
        left
          .filter(({ days }) => days <= LEAST_DAYS)
          .map(({ name, days }) => `${name} ends in ${days} days; renew it`),
        `${Math.min(...left.map(({ days }) => days))} days left`,
        left.map(({ name, days }) => `${name}: ${days} days`),
      );
    },
  },
];
