import { fail, type Outcome, pass, passUnless } from "../../../common/findings/index.ts";
import { type Blueprint, hostOf, PORTS } from "../../../planning/blueprint/index.ts";
import { type Context, type Probe, probesWith } from "../probe.ts";
import { authorityOf, hostsOf, publicAddresses, serviceOf } from "../services.ts";
import type { HttpAnswer } from "./ask.ts";
import { readHeaders } from "./headers.ts";
import { CLOSED_PATHS } from "./paths.ts";
import { readSecurityText } from "./security-text.ts";
import { shards } from "./shards.ts";

/** Asks the web service of a control host at each of its public addresses. */
async function ask(
  subject: string,
  context: Context,
  question: {
    path: string;
    plain?: boolean;
    host?: string;
    name?: string;
    method?: string;
    socket?: boolean;
    /** One of its addresses; absent: all. */
    at?: string;
  },
): Promise<HttpAnswer[]> {
  const { domain } = context.blueprint;
  const service = serviceOf(context.blueprint, `${subject} web`);
  const tls = { name: question.name ?? domain, ca: authorityOf(service, context) };
  const answers: HttpAnswer[] = [];
  const addresses = publicAddresses(hostOf(context.blueprint, subject));
  for (const address of question.at === undefined ? addresses : [question.at])
    answers.push(
      await context.vantagePoint.ask("askHttp", {
        address,
        port: question.plain ? 80 : PORTS.https,
        tls: question.plain ? undefined : tls,
        host: question.host ?? domain,
        path: question.path,
        ...(question.method ? { method: question.method } : {}),
        ...(question.socket ? { socket: true } : {}),
      }),
    );
  return answers;
}

const outcomeOf = ({ status, failed }: HttpAnswer): string => failed ?? `status ${status}`;

const page = (subject: string, context: Context): Promise<HttpAnswer[]> =>
  context.once(`page ${subject}`, () => ask(subject, context, { path: "/" }));

async function alive(subject: string, context: Context): Promise<string | undefined> {
  const answers = await page(subject, context);
  if (answers.length === 0) return "it has no public address";
  const dead = answers.find(({ status }) => status !== 200);
  return dead && `the page doesn't come: ${outcomeOf(dead)}`;
}

/** A name in the host's domain that nobody gave it: RFC 2606 reserves the ending. */
const UNKNOWN = "nobody.invalid";

async function redirect(subject: string, context: Context): Promise<Outcome> {
  const { domain } = context.blueprint;
  const path = "/room?x=1";
  const wanted = `https://${domain}${path}`;
  const answers = await ask(subject, context, { path, plain: true });
  return passUnless(
    answers
      .filter(
        ({ status, headers }) => ![301, 308].includes(status) || headers["location"] !== wanted,
      )
      .map(
        (one) =>
          `port 80 answers ${outcomeOf(one)} to ${one.headers["location"] ?? "nowhere"}, not ${wanted}`,
      ),
    `to ${wanted}`,
  );
}

async function nothingElse(subject: string, context: Context): Promise<Outcome> {
  const wrong: string[] = [];
  const [first] = await ask(subject, context, { path: "/polder-probe-no-such-path" });
  if (first?.status !== 404)
    return fail(`an unknown path answers ${first ? outcomeOf(first) : "nothing"}`);
  for (const path of CLOSED_PATHS) {
    for (const answer of await ask(subject, context, { path })) {
      // A path that isn't well-formed may be called so, by the same page.
      if (answer.status !== 404 && !(answer.status === 400 && path.includes("%")))
        wrong.push(`${path} answers ${outcomeOf(answer)}`);
      else if (answer.digest !== first.digest)
        wrong.push(`${path} is refused with another body than an unknown path`);
    }
  }
  for (const method of ["POST", "PUT", "DELETE", "TRACE", "OPTIONS"])
    for (const answer of await ask(subject, context, { path: "/", method }))
      if (answer.status < 400) wrong.push(`${method} / answers ${outcomeOf(answer)}`);
  return passUnless(wrong, `${CLOSED_PATHS.length} known paths answer 404, all alike`);
}

async function unknownName(subject: string, context: Context): Promise<Outcome> {
  const [plain, named, mixed] = await Promise.all([
    ask(subject, context, { path: "/", plain: true, host: UNKNOWN }),
    ask(subject, context, { path: "/", host: UNKNOWN, name: UNKNOWN }),
    ask(subject, context, { path: "/", host: UNKNOWN }),
  ]);
  const served = (what: string, answers: readonly HttpAnswer[]) =>
    answers
      .filter(({ status }) => status > 0 && status < 400)
      .map((one) => `${what} answers ${outcomeOf(one)}`);
  return passUnless(
    [
      ...served("port 80 for another name", plain),
      // By a certificate of another name the handshake must not even succeed.
      ...named
        .filter(({ status, failed }) => status > 0 || /ALTNAME/.test(failed ?? ""))
        .map((one) => `TLS for another name answers: ${outcomeOf(one)}`),
      ...served("another name in TLS of ours", mixed),
    ],
    "another name gets no page and no certificate",
  );
}

async function version(subject: string, context: Context): Promise<Outcome> {
  const answers = [
    ...(await page(subject, context)),
    ...(await ask(subject, context, { path: "/polder-probe-no-such-path" })),
    ...(await ask(subject, context, { path: "/", plain: true })),
  ];
  const revealing = answers.flatMap(({ headers, body }) => [
    ...["server", "x-powered-by", "via"]
      .map((name) => headers[name] ?? "")
      .filter((value) => /\d/.test(value)),
    ...(body.match(/nginx\/[\d.]+/g) ?? []),
  ]);
  return passUnless(
    [...new Set(revealing)].map((text) => `it reveals ${text}`),
    "no version is revealed",
  );
}

const probe = (
  id: string,
  holds: string,
  attack: string,
  norms: Probe["norms"],
  run: Probe["run"],
  subjects = (blueprint: Blueprint) => hostsOf(blueprint, "control").map(({ id: host }) => host),
) =>
  probesWith({
    group: "http",
    control: "the page comes over HTTPS, with a trusted certificate",
    norms,
    subjects,
    alive,
  })(id, holds, attack, run);

export const httpProbes: readonly Probe[] = [
  probe(
    "http-redirect",
    "port 80 only redirects to HTTPS on the same name",
    "listens in on a browser's first request",
    ["internet.nl https_forced", "Besluit beveiligde verbinding HTTPS", "BIO2 5.14.01"],
    redirect,
  ),
  probe(
    "http-hsts",
    "the page tells browsers to use HTTPS alone, for a year at least",
    "makes a browser fall back to HTTP",
    ["internet.nl https_hsts", "Besluit beveiligde verbinding HTTPS", "BIO2 5.14.01"],
    async (subject, context) => {
      const values = (await page(subject, context)).map(
        ({ headers }) => headers["strict-transport-security"] ?? "",
      );
      const age = (value: string) => Number(/max-age=(\d+)/i.exec(value)?.[1] ?? 0);
      const short = values.find((value) => age(value) < 31_536_000);
      return short === undefined
        ? pass(values[0] ?? "")
        : fail(`Strict-Transport-Security is "${short}", a year is 31536000`);
    },
  ),
  probe(
    "http-headers",
    "the page tells browsers to run no foreign code, to show it in no frame, and to send no referrer",
    "runs code of its own in the page",
    ["NCSC-NL web U/PW.03", "internet.nl security options", "BIO2 5.14.01"],
    async (subject, context) => {
      const wrong = (await page(subject, context)).flatMap(({ headers }) => readHeaders(headers));
      return passUnless([...new Set(wrong)], "all as internet.nl rates good");
    },
  ),
  probe(
    "http-security-txt",
    "security.txt says where to report, and hasn't expired",
    "uses a weakness for longer, because somebody who found it doesn't know whom to tell",
    ["RFC 9116", "BIO2 5.14.01", "BIO2 5.24.08"],
    async (subject, context) => {
      const answers = await ask(subject, context, { path: "/.well-known/security.txt" });
      const wrong = answers.flatMap((one) =>
        one.status === 200
          ? readSecurityText(one.body, one.headers["content-type"] ?? "", context.now)
          : [`/.well-known/security.txt answers ${outcomeOf(one)}`],
      );
      return passUnless([...new Set(wrong)], "valid");
    },
  ),
  probe(
    "http-nothing-else",
    "nothing is served but what is planned; all else answers one and the same 404",
    "asks for each path by which Jitsi, Prosody, a bridge or a web server ever revealed too much",
    ["NCSC-NL web U/PW.03", "ISO 27002 8.26"],
    nothingElse,
  ),
  probe(
    "http-unknown-name",
    "whoever asks for another name gets no page and no certificate",
    "scans addresses to learn whose they are",
    ["NCSC-NL web U/PW.03"],
    unknownName,
  ),
  probe(
    "http-version",
    "no answer tells a program's version",
    "looks for versions with known holes",
    ["NCSC-NL web U/PW.03"],
    version,
  ),
  probe(
    "http-shard",
    "a meeting's signalling comes to one Prosody, by whichever control host, with the address of who asks",
    "uses the limits of a link once more at each control host, or comes under another's address",
    ["ISO 27002 8.26"],
    (subject, context) =>
      shards(subject, context, (at, path) => ask(subject, context, { path, socket: true, at })),
    (blueprint) => {
      const controls = hostsOf(blueprint, "control");
      return controls.length > 1 ? controls.map(({ id }) => id) : [];
    },
  ),
];
