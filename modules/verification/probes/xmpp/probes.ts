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

async function reached(subject: string, context: Context): Promise<Outcome> {
  const control = hostOf(context.blueprint, subject);
  const wrong: string[] = [];
  for (const address of [...publicAddresses(control), ...privateAddresses(control)])
    for (const port of [PORTS.xmpp, 5223, 5269, 5280, 5281, 5347]) {
      const { verdict } = await context.vantagePoint.ask("tryConnect", {
        address,
        port,
        timeout: 500,
      });
      if (verdict !== "silent") wrong.push(`${address} tcp ${port} is ${verdict}`);
    }
  return passUnless(wrong, `no port of Prosody answers from ${context.vantagePoint.where}`);
}

async function plain(subject: string, context: Context): Promise<Outcome> {
  const domain = authDomain(context.blueprint);
  const [offered, required] = await withClient(subject, context, async (one) => {
    const features = await one.open(domain);
    const tls = childOf(features, "starttls");
    return [childOf(features, "mechanisms") !== undefined, childOf(tls, "required") !== undefined];
  });
  const word = await refusal(() =>
    withClient(subject, context, async (one) => {
      await one.open(domain);
      const secret = Buffer.from(`\0bridge-1\0${"x".repeat(20)}`).toString("base64");
      one.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${secret}</auth>`);
      const answer = await one.next();
      throw new XmppRefused(answer.children[0]?.name ?? answer.name);
    }),
  );
  return passUnless(
    [
      ...(offered ? ["it offers logins before TLS"] : []),
      ...(required ? [] : ["it doesn't require TLS"]),
      ...([
        "encryption-required",
        "policy-violation",
        "invalid-mechanism",
        "not-authorized",
      ].includes(word ?? "")
        ? []
        : [`a login without TLS is answered by ${word ?? "success"}`]),
    ],
    `TLS is required; a login without it gets ${word}`,
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

async function bridgePlace(subject: string, context: Context): Promise<Outcome> {
  const { blueprint } = context;
  const control = hostOf(blueprint, subject);
  const { id } = bridgeOfControl(context, control);
  const internal = `internal.${authDomain(blueprint)}`;
  const others = hostsOf(blueprint, "bridge").filter((host) => host.id !== id);
  return withClient(subject, context, async (one) => {
    await logIn(one, control, context, id, context.secret(`prosody/${id}-password`));
    await one.open(authDomain(blueprint));
    await answerTo(
      one,
      "<iq type='set' id='q'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    );
    const query = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    // The rooms are there and speak to this account: else a refusal says nothing.
    const there = await answerTo(one, `<iq type='get' id='q' to='${internal}'>${query}</iq>`);
    if (there !== "result") return fail(`${id} asks ${internal} what it is, and gets ${there}`);
    const wrong: string[] = [];
    const places = [
      ...["focus", ...others.map((host) => host.id)].map(
        (nick) => `jvbbrewery@${internal}/${nick}`,
      ),
      `other@${internal}/${id}`,
      `${"0".repeat(46)}@conference.${blueprint.domain}/${id}`,
    ];
    for (const to of places) {
      const x = "<x xmlns='http://jabber.org/protocol/muc'/>";
      const word = await answerTo(one, `<presence id='q' to='${to}'>${x}</presence>`);
      if (word !== "service-unavailable") wrong.push(`${id} to ${to}: ${word}`);
    }
    return passUnless(wrong, `${id} is refused ${places.length} places that aren't its own`);
  });
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
    "xmpp-registration",
    "nobody makes an account or comes in without one",
    "asks for registration and anonymous login",
    registration,
  ),
];
