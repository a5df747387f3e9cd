import { randomBytes } from "node:crypto";
import { fail, type Outcome, pass, passUnless } from "../../../common/findings/index.ts";
import { type Host, hostOf, PORTS, privateAddresses } from "../../../planning/blueprint/index.ts";
import { type Context, type Probe, probesWith } from "../probe.ts";
import { authDomain, bridgeOf, hostsOf, publicAddresses } from "../services.ts";
import { XmppClient, XmppRefused } from "./client.ts";
import { childOf } from "./stanzas.ts";

function bridgeOfControl({ blueprint }: Context, control: Host): Host {
  const bridge = bridgeOf(blueprint, control);
  if (!bridge) throw new Error("its shard has no bridge");
  return bridge;
}

/** Ports of Prosody's own defaults: clients, clients by TLS, servers, HTTP, HTTPS, components. */
const PROSODY_PORTS = [PORTS.xmpp, 5223, 5269, 5280, 5281, 5347] as const;

/** Ways to log in that are tried without TLS: those of bridges, and those that need or reveal a password. */
const MECHANISMS = ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "EXTERNAL", "ANONYMOUS"] as const;
/** What a server says that looks at no login before TLS (RFC 6120, 6.5). */
const REFUSED_BEFORE_TLS: readonly string[] = ["encryption-required", "invalid-mechanism"];

/** The domain of accounts of an instance that isn't this one: RFC 2606 reserves the ending. */
const OTHER_INSTANCE = "auth.nobody.invalid";

/**
 * What Jitsi has for recording, dial-in, visitors, live streaming, transcription, file sharing, statistics and the like:
 * the names that upstream's own configuration gives them below the domain.
 */
export const OFF_HOSTS = [
  ...["avmoderation", "breakout", "callcontrol", "conferenceduration", "endconference"],
  ...["filesharing", "hidden", "jibri", "jigasi", "metadata", "polls", "recorder", "speakerstats"],
  ...["transcriber", "transcription", "visitors"],
] as const;
/** Rooms in which its recorders, telephones and the like report, as bridges do in theirs. */
const OFF_BREWERIES = [
  "jibribrewery",
  "jibrisipbrewery",
  "jigasibrewery",
  "transcriberbrewery",
] as const;

/** A client of a control host's Prosody that stands on a bridge of its shard. */
async function client(subject: string, context: Context): Promise<XmppClient> {
  const control = hostOf(context.blueprint, subject);
  const { id } = bridgeOfControl(context, control);
  return new XmppClient(await context.admin.dial(id, control.ipv4, PORTS.xmpp));
}

/** Does something with a client, and closes it whatever comes. */
async function withClient<T>(
  subject: string,
  context: Context,
  work: (client: XmppClient) => Promise<T>,
): Promise<T> {
  const one = await client(subject, context);
  try {
    return await work(one);
  } finally {
    one.close();
  }
}

/** The word with which something was refused, or nothing when it wasn't. */
async function refusal(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof XmppRefused) return error.condition;
    throw error;
  }
}

async function logIn(
  one: XmppClient,
  control: Host,
  context: Context,
  user: string,
  password: string,
): Promise<void> {
  const domain = authDomain(context.blueprint);
  await one.open(domain);
  await one.startTls();
  await one.secure(control.name, context.secret("ca/instance.crt"));
  await one.login(await one.open(domain), user, password);
}

const login = (control: Host, context: Context, user: string, password: string) =>
  withClient(control.id, context, (one) => logIn(one, control, context, user, password));

const alive = (subject: string, context: Context): Promise<string | undefined> =>
  context.once(`xmpp ${subject}`, async () => {
    const control = hostOf(context.blueprint, subject);
    try {
      const { id } = bridgeOfControl(context, control);
      await login(control, context, id, context.secret(`prosody/${id}-password`));
      return undefined;
    } catch (error) {
      return `the bridge's own account can't log in: ${error instanceof Error ? error.message : error}`;
    }
  });

/** Time for a port that answers nobody, ms: a packet that was lost is sent again after a second. */
const SILENCE = 3_000;

async function reached(subject: string, context: Context): Promise<Outcome> {
  const { blueprint, vantagePoint } = context;
  const control = hostOf(blueprint, subject);
  const [front] = publicAddresses(control);
  const look = async (address: string, port: number) =>
    (await vantagePoint.ask("tryConnect", { address, port, timeout: SILENCE })).verdict;
  const web = front === undefined ? "without an address" : await look(front, PORTS.https);
  // From where nothing is reached, silence says nothing.
  if (web !== "open") throw new Error(`port ${PORTS.https} is ${web} from ${vantagePoint.where}`);
  const places = [...publicAddresses(control), ...privateAddresses(control)].flatMap((address) =>
    PROSODY_PORTS.map((port) => ({ address, port })),
  );
  const verdicts = await Promise.all(places.map(({ address, port }) => look(address, port)));
  return passUnless(
    places.flatMap(({ address, port }, i) =>
      verdicts[i] === "silent" ? [] : [`${address} tcp ${port} is ${verdicts[i]}`],
    ),
    `no port of Prosody answers from ${vantagePoint.where}`,
  );
}

async function plain(subject: string, context: Context): Promise<Outcome> {
  const domain = authDomain(context.blueprint);
  const [offered, required] = await withClient(subject, context, async (one) => {
    const features = await one.open(domain);
    const tls = childOf(features, "starttls");
    return [childOf(features, "mechanisms") !== undefined, childOf(tls, "required") !== undefined];
  });
  const secret = Buffer.from(`\0bridge-1\0${"x".repeat(20)}`).toString("base64");
  const words = await Promise.all(
    MECHANISMS.map((mechanism) =>
      withClient(subject, context, async (one) => {
        await one.open(domain);
        one.send(
          `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='${mechanism}'>${secret}</auth>`,
        );
        const { name, children } = await one.next();
        return children[0]?.name ?? name;
      }),
    ),
  );
  return passUnless(
    [
      ...(offered ? ["it offers logins before TLS"] : []),
      ...(required ? [] : ["it doesn't require TLS"]),
      // "not-authorized" would say that the password was looked at, and so that it went over the network readable.
      ...words.flatMap((word, i) =>
        REFUSED_BEFORE_TLS.includes(word)
          ? []
          : [`a login by ${MECHANISMS[i]} without TLS is answered by ${word}`],
      ),
    ],
    `TLS is required; logins without it get ${[...new Set(words)].join(", ")}`,
  );
}

async function wrongPassword(subject: string, context: Context): Promise<Outcome> {
  const control = hostOf(context.blueprint, subject);
  const words: string[] = [];
  const wrong: string[] = [];
  for (const [user, password] of [
    [bridgeOfControl(context, control).id, "0".repeat(64)],
    ["focus", "0".repeat(64)],
    ["nobody", "0".repeat(64)],
  ] as const) {
    const word = await refusal(() => login(control, context, user, password));
    words.push(word ?? "success");
    if (word !== "not-authorized")
      wrong.push(`${user} with a wrong password: ${word ?? "logged in"}`);
  }
  return passUnless(wrong, `refused: ${words.join(", ")}`);
}

/** What comes of a stanza that is answered under the id `q`: its type, or the word of its error. */
async function answerTo(one: XmppClient, stanza: string): Promise<string> {
  one.send(stanza);
  for (;;) {
    const { name, attributes, children } = await one.next();
    const isJoin = name === "presence" && stanza.includes(`to='${attributes["from"]}'`);
    if (attributes["id"] !== "q" && !isJoin) continue;
    if (attributes["type"] !== "error") return attributes["type"] ?? "joined";
    return children.find((child) => child.name === "error")?.children[0]?.name ?? "error";
  }
}

/**
 * Lets a bridge's own account try what it must be refused, each with the one answer of the gate.
 *
 * @param tries what it sends, by what it is in words
 * @param good what to say when all of it was refused
 */
async function asBridge(
  subject: string,
  context: Context,
  tries: (bridge: string) => ReadonlyMap<string, string>,
  good: (bridge: string, count: number) => string,
): Promise<Outcome> {
  const { blueprint } = context;
  const control = hostOf(blueprint, subject);
  const { id } = bridgeOfControl(context, control);
  return withClient(subject, context, async (one) => {
    await logIn(one, control, context, id, context.secret(`prosody/${id}-password`));
    await one.open(authDomain(blueprint));
    await answerTo(
      one,
      "<iq type='set' id='q'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    );
    // The rooms are there and speak to this account: else a refusal says nothing.
    const there = await answerTo(one, question(internalOf(context), INFO));
    if (there !== "result")
      return fail(`${id} asks ${internalOf(context)} what it is, and gets ${there}`);
    const wrong: string[] = [];
    const all = tries(id);
    for (const [what, stanza] of all) {
      const word = await answerTo(one, stanza);
      if (word !== "service-unavailable") wrong.push(`${id} ${what}: ${word}`);
    }
    return passUnless(wrong, good(id, all.size));
  });
}

const internalOf = ({ blueprint }: Context): string => `internal.${authDomain(blueprint)}`;

const INFO = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
const ITEMS = "<query xmlns='http://jabber.org/protocol/disco#items'/>";
const question = (to: string, payload: string): string =>
  `<iq type='get' id='q' to='${to}'>${payload}</iq>`;
const joining = (to: string): string =>
  `<presence id='q' to='${to}'><x xmlns='http://jabber.org/protocol/muc'/></presence>`;

function bridgePlace(subject: string, context: Context): Promise<Outcome> {
  const { blueprint } = context;
  const internal = internalOf(context);
  return asBridge(
    subject,
    context,
    (id) => {
      const others = hostsOf(blueprint, "bridge").filter((host) => host.id !== id);
      const nicks = ["focus", ...others.map((host) => host.id)];
      const places = [
        ...nicks.map((nick) => `jvbbrewery@${internal}/${nick}`),
        `other@${internal}/${id}`,
        `${"0".repeat(46)}@conference.${blueprint.domain}/${id}`,
      ];
      return new Map(places.map((to) => [`to ${to}`, joining(to)]));
    },
    (id, count) => `${id} is refused ${count} places that aren't its own`,
  );
}

async function off(subject: string, context: Context): Promise<Outcome> {
  const { domain } = context.blueprint;
  const hosts = OFF_HOSTS.map((name) => `${name}.${domain}`);
  const words = await Promise.all(
    hosts.map((name) => refusal(() => withClient(subject, context, (one) => one.open(name)))),
  );
  const wrong = hosts.flatMap((name, i) =>
    words[i] === "host-unknown" ? [] : [`${name} is answered by ${words[i] ?? "a stream"}`],
  );
  const tries = (id: string) =>
    new Map([
      ...hosts.map((to) => [`asks ${to}`, question(to, INFO)] as const),
      ...[`conference.${domain}`, internalOf(context)].map(
        (to) => [`asks ${to} for its rooms`, question(to, ITEMS)] as const,
      ),
      ...OFF_BREWERIES.map((name) => {
        const to = `${name}@${internalOf(context)}/${id}`;
        return [`joins ${to}`, joining(to)] as const;
      }),
    ]);
  const asked = await asBridge(
    subject,
    context,
    tries,
    (id, count) => `no stream for ${hosts.length} names; ${id} is refused ${count} questions`,
  );
  if (wrong.length === 0) return asked;
  return fail([...wrong, ...(asked.verdict === "fail" ? [asked.message] : [])].join("; "));
}

async function otherInstance(subject: string, context: Context): Promise<Outcome> {
  const control = hostOf(context.blueprint, subject);
  const { id } = bridgeOfControl(context, control);
  const password = randomBytes(32).toString("hex");
  const tries: readonly (readonly [what: string, right: string, work: () => Promise<unknown>])[] = [
    [
      `a stream of ${OTHER_INSTANCE}`,
      "host-unknown",
      () => withClient(subject, context, (one) => one.open(OTHER_INSTANCE)),
    ],
    // Bridges of all instances have the same names.
    [`another instance's ${id}`, "not-authorized", () => login(control, context, id, password)],
    [
      `${id}@${OTHER_INSTANCE}`,
      "malformed-request",
      () => login(control, context, `${id}@${OTHER_INSTANCE}`, password),
    ],
  ];
  const wrong: string[] = [];
  for (const [what, right, work] of tries) {
    const word = await refusal(work);
    if (word !== right) wrong.push(`${what}: ${word ?? "let in"}`);
  }
  return passUnless(wrong, `refused: ${tries.map(([what]) => what).join(", ")}`);
}

async function accounts(subject: string, context: Context): Promise<Outcome> {
  const { admin, blueprint, configuration, secret } = context;
  const control = hostOf(blueprint, subject);
  const find = ["find", "/var/lib/prosody", "-mindepth", "3", "-path", "*/accounts/*"];
  const ran = await admin.run(subject, find);
  if (ran.code !== 0) throw new Error(`${subject}: ${ran.stderr.trim()}`);
  const there = ran.stdout.split("\n").filter(Boolean);
  const planned = configuration(subject)
    .files.map(({ path }) => path)
    .filter((path) => /^\/var\/lib\/prosody\/[^/]+\/accounts\//.test(path));
  const strangers = hostsOf(blueprint, "bridge").filter(({ shard }) => shard !== control.shard);
  const wrong = [
    ...there
      .filter((path) => !planned.includes(path))
      .map((path) => `${path} is an account of nobody who is planned`),
    ...planned.filter((path) => !there.includes(path)).map((path) => `${path} isn't there`),
  ];
  for (const { id } of strangers) {
    const word = await refusal(() => login(control, context, id, secret(`prosody/${id}-password`)));
    if (word !== "not-authorized") wrong.push(`${id} of another shard: ${word ?? "logged in"}`);
  }
  const others = strangers.length > 0 ? `; ${strangers.length} of other shards are refused` : "";
  return passUnless(wrong, `${there.length} accounts, as planned${others}`, there);
}

async function publicHost(subject: string, context: Context): Promise<Outcome> {
  const { domain } = context.blueprint;
  const wrong: string[] = [];
  const names = [domain, `conference.${domain}`, `muc.${domain}`, `guest.${domain}`, "localhost"];
  for (const name of names) {
    const word = await refusal(() =>
      withClient(subject, context, async (one) => {
        await one.open(name);
      }),
    );
    // The gate refuses a stream without a token; a host that isn't up is unknown.
    if (word !== "host-unknown" && word !== "not-authorized")
      wrong.push(`${name} is answered by ${word ?? "a stream"}`);
  }
  return passUnless(wrong, `no stream for ${names.length} names`);
}

async function registration(subject: string, context: Context): Promise<Outcome> {
  const control = hostOf(context.blueprint, subject);
  const domain = authDomain(context.blueprint);
  return withClient(subject, context, async (one) => {
    await one.open(domain);
    await one.startTls();
    await one.secure(control.name, context.secret("ca/instance.crt"));
    const features = await one.open(domain);
    const mechanisms = (childOf(features, "mechanisms")?.children ?? []).map(({ text }) => text);
    const wrong = [
      ...(childOf(features, "register") ? ["it offers to register accounts"] : []),
      ...mechanisms
        .filter((name) => /ANONYMOUS|PLAIN|DIGEST-MD5|CRAM-MD5|EXTERNAL|OAUTH/.test(name))
        .map((name) => `it offers ${name}`),
    ];
    return wrong.length > 0 ? fail(wrong.join("; ")) : pass(`offers ${mechanisms.join(", ")}`);
  });
}

const probe = probesWith({
  group: "xmpp",
  control: "from a bridge, over TLS that is verified, a bridge's own account logs in",
  norms: ["BIO2 8.21.04", "ISO 27002 8.5"],
  subjects: (blueprint) =>
    hostsOf(blueprint, "control")
      .filter((control) => bridgeOf(blueprint, control))
      .map(({ id: host }) => host),
  alive,
});

export const xmppProbes: readonly Probe[] = [
  probe(
    "xmpp-unreachable",
    "no port of Prosody answers from outside",
    "speaks to Prosody past nginx",
    reached,
  ),
  probe("xmpp-tls-required", "nobody logs in without TLS", "listens in, or offers no TLS", plain),
  probe(
    "xmpp-password",
    "a wrong password and an unknown name are refused alike",
    "guesses a bridge's or the focus' password",
    wrongPassword,
  ),
  probe(
    "xmpp-other-instance",
    "an account of another instance is refused, also where its bridge has the same name",
    "comes with a bridge's account of another instance",
    otherInstance,
  ),
  probe(
    "xmpp-accounts",
    "Prosody has Jicofo's account and those of its shard's planned bridges, and no other",
    "keeps the account of a bridge that has left the plan, or makes one by hand to come back by",
    accounts,
  ),
  probe(
    "xmpp-bridge-place",
    "a bridge's account can enter the bridges' room under its own name only",
    "keeps Jicofo out of the bridges' room, or another bridge, by taking its name there",
    bridgePlace,
  ),
  probe(
    "xmpp-public-host",
    "over the bridges' port nobody can open a stream to the XMPP domains that people use",
    "opens a stream to the domain, its rooms and its guests",
    publicHost,
  ),
  probe(
    "xmpp-off",
    "what is off answers nothing: recording, dial-in, visitors, live streaming, transcription, file sharing, statistics, breakouts, a list of rooms",
    "opens a stream to each of Jitsi's components by upstream's names, and as a bridge asks each what it is and joins the rooms of recorders and telephones",
    off,
  ),
  probe(
    "xmpp-registration",
    "nobody makes an account or comes in without one",
    "asks for registration and anonymous login",
    registration,
  ),
];
