import { bech32 } from "@scure/base";
import { z } from "zod";
import { contains, INTERNET, overlaps, parseCidr } from "../network/index.ts";
import { contrastWithWhite } from "./colour.ts";
import { isLogoName } from "./logo.ts";
import { sshKeyProblem } from "./ssh-key.ts";

/** A string that `problem` finds nothing wrong with; the message says what is, and what is allowed. */
const checked = (problem: (text: string) => string | undefined) =>
  z.string().superRefine((text, context) => {
    const message = problem(text);
    if (message) context.addIssue({ code: "custom", message });
  });

/** Control characters, halves of characters, line separators, and marks that turn text around. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

export const oneLine = (max: number) =>
  checked((text) =>
    text.trim() === text && text !== "" && text.length <= max && !UNPRINTABLE.test(text)
      ? undefined
      : `got ${JSON.stringify(text.slice(0, 40))}, one line of 1 to ${max} characters is allowed`,
  );

/** RFC 1035 2.3.1 label, lower case; 20 letters so that host names stay below nova's and DNS's 63. */
export const instanceName = checked((text) =>
  /^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/.test(text) &&
  !text.includes("--") &&
  !text.endsWith("-addresses")
    ? undefined
    : `got "${text}", a name DNS can hold is allowed: 1 to 20 of a-z, 0-9 and single -, starting with a letter, not ending in -addresses`,
);

/** 63 a label (RFC 1035 2.3.4); 200 in all, so that names below it stay within 253. */
export const domain = checked((text) => {
  const labels = text.split(".");
  const good = labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  if (good && labels.length >= 2 && text.length <= 200 && !/^\d+$/.test(labels.at(-1) ?? ""))
    return undefined;
  return `got "${text}", a domain name is allowed: at least two labels, each 1 to 63 of a-z, 0-9 and -, like vergaderen.voorbeeld.nl`;
});

const range = (test: (text: string) => string | undefined) =>
  checked((text) => {
    if (!parseCidr(text)) {
      return `got "${text}", a range like 198.51.100.0/24 or 2001:db8:1::/48 is allowed (no bits set behind the prefix)`;
    }
    return test(text);
  });

/** Ranges that no admin can be in: they are never a source on a network (RFC 6890), or hide IPv4. */
const NOWHERE = [
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/3",
  "::/8",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/32",
  "2002::/16",
  "fe80::/10",
  "ff00::/8",
];

/** Ranges that whole countries sit in are no admin network: IPv4 /8 and IPv6 /19 are refused. */
export const adminNetwork = range((text) => {
  const got = parseCidr(text);
  if (got && contains(got, INTERNET[got.family]))
    return `"${text}" is the whole internet, which is never an admin network`;
  const least = got?.family === 4 ? 9 : 20;
  if (got && got.prefix < least)
    return `"${text}" is too wide for an admin network, /${least} or narrower is allowed`;
  const nowhere = NOWHERE.find((outer) => {
    const special = parseCidr(outer);
    return got && special && overlaps(special, got);
  });
  return nowhere
    ? `"${text}" is in ${nowhere}, from which no admin can come: give the network's own range`
    : undefined;
});

const privateV4 = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
const within = (text: string, outer: readonly string[]): boolean =>
  outer.some((o) => {
    const [a, b] = [parseCidr(o), parseCidr(text)];
    return a !== undefined && b !== undefined && contains(a, b);
  });

const date = checked((text) => {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined;
  return day && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
    ? undefined
    : `got "${text}", a date like 2027-01-31 is allowed`;
});

/** An address on the web, without a password or a token in it: this file is no place for secrets. */
const webAddress = (...schemes: readonly string[]) =>
  checked((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !schemes.includes(url.protocol) || /\s/.test(text)) {
      return `got ${JSON.stringify(text.slice(0, 60))}, an address that starts with ${schemes.map((s) => `${s}//`).join(" or ")} is allowed`;
    }
    if (url.username || url.password || url.search || url.hash) {
      return "an address without user, password, ? and # is allowed: no secret belongs into this file";
    }
    return undefined;
  });

const whole = (min: number, max: number) => z.int().min(min).max(max);
const share = z.number().min(0).max(1);

/** Cameras: all, none, or how many people of a meeting have theirs on. */
const cameras = z.union([z.literal("all"), z.literal("none"), whole(0, 10_000)], {
  error: (issue) =>
    `${issue.input === undefined ? "missing" : `got ${Number.isNaN(issue.input) ? ".nan" : JSON.stringify(issue.input)}`}, allowed: all, none, or a whole number of people`,
});

const meetingKind = z
  .strictObject({
    kind: oneLine(40).describe("What people here call this meeting: overleg, townhall"),
    simultaneous: whole(1, 10_000).describe(
      "How many meetings of this kind run at the same time, at the busiest hour",
    ),
    participants: whole(2, 10_000).describe("People in one such meeting"),
    cameras: cameras.describe("How many have their camera on: all, none, or a number"),
    screenShare: z.boolean().default(true).describe("Whether one person shares a screen"),
    resolution: z
      .literal([180, 360, 720, 1080])
      .default(720)
      .describe("Lines of the largest picture that a camera sends"),
    layout: z.enum(["stage", "tile"]).default("stage").describe("One large speaker, or a grid"),
    lastN: whole(1, 100)
      .default(25)
      .describe("At most this many videos are sent to one person (Jitsi's own limit is 25)"),
    microphones: whole(1, 100).default(2).describe("Open microphones at once"),
  })
  .describe("One kind of meeting");

const codec = z.enum(["AV1", "VP9", "VP8", "H264"]);

const packages = z
  .strictObject({
    source: z
      .enum(["upstream", "mirror", "folder"])
      .default("upstream")
      .describe(
        "Where hosts get Debian's packages: Debian's own servers, a mirror of yours, or a folder that `polder mirror` filled, which comes by SSH. Jitsi's packages always come by SSH, from a folder of yours; hosts never ask their archive",
      ),
    mirror: webAddress("https:", "http:")
      .optional()
      .describe("The mirror's address; required with source: mirror"),
    folder: oneLine(200)
      .optional()
      .describe("The folder, as seen from this file; required with source: folder"),
    jitsi: z
      .strictObject({
        archive: webAddress("https:", "http:").describe(
          "Address of the archive, or of your mirror of it, such as https://download.jitsi.org/",
        ),
        suite: checked((text) =>
          /^([a-z0-9.-]+\/)+$/.test(text)
            ? undefined
            : `got ${JSON.stringify(text.slice(0, 60))}, a folder of the archive is allowed, with / at its end`,
        )
          .default("stable/")
          .describe("The folder of the archive that has its InRelease"),
        key: oneLine(200).describe(
          "The file with the archive's public key, as seen from this file",
        ),
        fingerprint: checked((text) =>
          /^[0-9A-F]{40}$/.test(text)
            ? undefined
            : `got ${JSON.stringify(text.slice(0, 60))}, 40 digits of 0 to 9 and A to F without blanks are allowed`,
        ).describe("That key's fingerprint: nobody else's signature counts"),
      })
      .optional()
      .describe("Where `polder packages --release` fetches Jitsi's packages from"),
  })
  .describe("Where packages come from");

const state = z
  .discriminatedUnion("backend", [
    z
      .strictObject({
        backend: z
          .literal("local")
          .describe("`local`: a file in this folder, mode 0600; `http`: your own server"),
      })
      .describe("A file in the instance's folder, mode 0600"),
    z.strictObject({
      backend: z.literal("http"),
      address: webAddress("https:").describe(
        "Where state is read and written; the stack's name is appended. Credentials: TF_HTTP_USERNAME, TF_HTTP_PASSWORD",
      ),
      lockMethod: z
        .enum(["LOCK", "POST"])
        .default("LOCK")
        .describe("HTTP method that takes the lock; GitLab's is `POST`"),
      unlockMethod: z
        .enum(["UNLOCK", "DELETE"])
        .default("UNLOCK")
        .describe("HTTP method that gives the lock back; GitLab's is `DELETE`"),
    }),
  ])
  .describe("Where Terraform keeps its state");

export const waiver = z
  .strictObject({
    waives: oneLine(60).describe(
      "The setting or the rule that this waiver is for, such as retention.securityDays",
    ),
    subject: oneLine(200)
      .optional()
      .describe(
        "The one subject of a rule that it is for, as `polder plan` prints it; without one it is for the whole rule",
      ),
    reason: oneLine(300).describe("Why the weaker setting is needed, in one sentence"),
    owner: oneLine(80).describe("The named person who carries the risk"),
    expires: date.describe("Last day on which it counts"),
  })
  .describe("A recorded, dated exception");

export type WaiverEntry = z.output<typeof waiver>;

/** Days. 14: two weeks of operations logs, as Dutch Jitsi hosts keep them. 183: half a year of the
 * use of system tools (BIO2 8.18.02). 1096: three years of incident records (BIO2 5.28.01). */
export const RETENTION = { operationsDays: 14, securityDays: 183, incidentDays: 1096 } as const;

/** Markings above Dep.V get the reason, not a list of what is allowed; others zod's own message. */
const refuseStateSecret = (issue: { readonly input?: unknown }): string | undefined =>
  typeof issue.input === "string" &&
  /^(stg\b|staatsgeheim|(zeer )?geheim|confidentieel|(top )?secret)/i.test(issue.input)
    ? `got ${JSON.stringify(issue.input.slice(0, 40))}: state secrets are refused: only products that the NBV has approved may carry them (VIRBI 2025, BIO2 8.21.04), and this toolkit isn't approved; allowed: none, Dep.V`
    : undefined;

/** Accounts that Debian, its packages or the hosts' own services have: an admin's would collide. */
const SYSTEM_USERS =
  "root daemon bin sys sync games man lp mail news uucp proxy backup list irc gnats nobody debian admin sshd messagebus ntpsec chrony postfix prosody jicofo jvb jitsi turnserver coturn nginx polder".split(
    " ",
  );

const login = (text: string): string | undefined => {
  if (SYSTEM_USERS.includes(text))
    return `got "${text}", which is an account of the system: a person's own login name is allowed`;
  return /^[a-z][a-z0-9]{1,30}$/.test(text)
    ? undefined
    : `got "${text}", 2 to 31 of a-z and 0-9 are allowed, a letter first`;
};

/** An age X25519 recipient (C2SP age: bech32 of 32 bytes), its checksum included. */
const ageRecipient = checked((text) => {
  if (!/^age1[02-9ac-hj-np-z]{58}$/.test(text))
    return `got ${JSON.stringify(text.slice(0, 40))}, an age recipient is allowed: age1 and 58 letters, as \`polder keys person\` prints it`;
  try {
    bech32.decodeToBytes(text);
    return undefined;
  } catch {
    return `"${text}" has a letter wrong: its checksum doesn't fit, copy it again`;
  }
});

export const admin = z.strictObject({
  name: oneLine(80).describe("First and last name: no shared accounts (BIO2 5.16.02)"),
  user: checked(login).describe("Login name on the hosts"),
  key: checked(sshKeyProblem).describe("The person's one SSH public key"),
  age: ageRecipient
    .optional()
    .describe(
      "The person's age recipient: the person's age identity opens the instance's vault; somebody without a recipient can't open it",
    ),
  issuer: z
    .boolean()
    .default(false)
    .describe("Whether the person also opens the issuer vault, which holds what signs meetings"),
});

const logKeepers = z
  .array(
    z.strictObject({
      name: oneLine(80).describe("First and last name"),
      age: ageRecipient.describe("Their age recipient, which opens the inner seal"),
    }),
  )
  .max(10);

/** `admins.yaml` beside the instance file: more people, for those who keep them apart. */
export const adminsFileSchema = z.strictObject({
  admins: z.array(admin).min(1).max(20),
  logKeepers: logKeepers.default([]),
});

const certificates = z
  .strictObject({
    source: z
      .enum(["file", "acme", "instance-ca"])
      .default("file")
      .describe(
        "Who certifies the public names: `file`, certificates that your supplier issues for our request (organisation-validated or PKIoverheid private, BIO2 5.14.02); `acme`, an ACME server; `instance-ca`, in the lab alone",
      ),
    acmeDirectory: webAddress("https:")
      .optional()
      .describe("The ACME server's directory; required with source: acme"),
    acmeKeyId: oneLine(120)
      .optional()
      .describe("Key id of the external account binding; its key lies in the vault"),
  })
  .describe("Certificates of the meeting page and the relay");

const alarms = z
  .strictObject({
    webhook: webAddress("https:", "http:").describe(
      "Where alarms are posted as JSON; http:// in the lab alone. A token for it lies in the vault",
    ),
  })
  .describe("Who is notified when something is wrong");

const colour = checked((text) => {
  const hex = /^#[0-9a-f]{6}$/i.test(text);
  const contrast = hex ? contrastWithWhite(text) : undefined;
  if (contrast === undefined)
    return `got ${JSON.stringify(text.slice(0, 40))}, a colour like #154273 is allowed`;
  // WCAG 2.2, 1.4.3.
  return contrast >= 4.5
    ? undefined
    : `"${text}" is too light: white on it has a contrast of ${contrast.toFixed(2)}, at least 4.5 is allowed (WCAG 2.2, 1.4.3)`;
});

const branding = z
  .strictObject({
    logo: checked((text) =>
      isLogoName(text)
        ? undefined
        : `got ${JSON.stringify(text.slice(0, 60))}, the name of a file beside this one is allowed, of a-z, 0-9, -, _ and ., that ends in .svg or .png`,
    )
      .optional()
      .describe("A file beside this one, SVG or PNG, up to 64 KiB"),
    colour: colour
      .optional()
      .describe(
        "Colour of headings and buttons, like #154273; dark enough for white letters on it",
      ),
    background: colour
      .optional()
      .describe("Colour behind a meeting, likewise; Jitsi's own is nearly black"),
    imprint: webAddress("https:").optional().describe("Address of who is responsible (colofon)"),
    privacy: webAddress("https:").optional().describe("Address of the privacy statement"),
  })
  .describe("How the pages look, and what they link to");

/** The private IPv4 range unless the file says another. */
export const DEFAULT_IPV4 = "10.80.0.0/22";

/** The instance file: what a ministry asks for. Unknown keys are refused. */
export const instanceSchema = z
  .strictObject({
    name: instanceName.describe("The instance's name, equal to the name of its folder"),
    organisation: oneLine(80).describe("Whose instance this is"),
    domain: domain.describe("The domain that people meet at; a zone of its own"),
    branding: branding.prefault({}),
    classification: z
      .strictObject({
        marking: z
          .enum(["none", "Dep.V"], { error: refuseStateSecret })
          .describe("The highest marking of what is said (VIRBI 2025); state secrets are refused"),
        tbb: z
          .literal([1, 2, 3, 4])
          .describe("The class that the ministry needs (TBB-systematiek 2025), 1 highest"),
      })
      .describe("The classification label that the ministry needs"),
    residency: z
      .enum(["nl-sovereign", "nl-located", "eea", "lab"])
      .describe("Where it may run and who may reach it"),
    cloud: z.enum(["openstack", "hetzner"]).describe("The kind of cloud"),
    location: oneLine(40).describe("The provider's location, one of `polder residency`"),
    credentials: oneLine(40)
      .optional()
      .describe("OpenStack: the entry in clouds.yaml to use; by default the instance's name"),
    size: z
      .enum(["cluster", "single"])
      .default("cluster")
      .describe(
        "How many hosts share the work: `cluster`, one role a host, bridges and relays with one in reserve; `single`, one host that carries meetings and one that keeps the logs, which nothing stands in for",
      ),
    chat: z
      .enum(["off", "on"])
      .describe(
        "Text chat in meetings. No default: written words outlive a meeting, so a person decides",
      ),
    demand: z
      .strictObject({
        meetings: z
          .array(meetingKind)
          .min(1)
          .max(50)
          .describe("Kinds of meeting at the busiest hour"),
        growth: z
          .number()
          .min(0)
          .max(10)
          .default(0.2)
          .describe("Headroom on top, as a share: 0.2 is 20 %"),
        behindFirewalls: share
          .default(0.2)
          .describe("Share of people whose network lets no UDP out, so that they need TURN"),
        codecs: z
          .partialRecord(codec, share)
          .default({ VP8: 1 })
          .describe("Share of senders by camera codec; adds up to 1"),
      })
      .describe("What it must carry"),
    meetings: z
      .strictObject({
        guests: z
          .boolean()
          .default(true)
          .describe(
            "Whether guests may come, whose link names nobody and who wait until a moderator lets them in",
          ),
        maxMinutes: whole(15, 1440)
          .default(240)
          .describe(
            "How long a meeting may be: nobody can invite to a longer one, and its links are refused",
          ),
        guestWaitMinutes: whole(1, 120)
          .default(30)
          .describe("A guest waits at most this long in the lobby"),
      })
      .prefault({})
      .describe("Rules for meetings"),
    admins: z.array(admin).min(1).max(20).describe("The people who manage the hosts, one key each"),
    breakGlass: ageRecipient
      .optional()
      .describe(
        "The age recipient of a key on paper in a sealed envelope, which opens both vaults when nobody else can",
      ),
    logKeepers: logKeepers
      .default([])
      .describe(
        "The people who can open the security logs together with an admin; neither can do it alone, and a log keeper is no admin. An empty list needs a waiver",
      ),
    adminNetworks: z
      .array(adminNetwork)
      .min(1)
      .max(20)
      .describe("The only networks that management is possible from"),
    packages: packages.prefault({}),
    securityContact: checked((text) =>
      /^mailto:[^@\s]+@[^@\s]+\.[^@\s]+$/.test(text) || /^https:\/\/[^\s]+$/.test(text)
        ? undefined
        : `got "${text}", mailto:someone@example.nl or an https:// address is allowed`,
    ).describe("Where a finder reports a weakness: goes into security.txt"),
    certificates: certificates.prefault({}),
    alarms: alarms.optional(),
    certificateAuthorities: z
      .array(domain)
      .max(5)
      .default([])
      .describe("CAA issuers that may issue for the domain; none by default, so that nobody may"),
    retention: z
      .strictObject({
        operationsDays: whole(1, 90)
          .default(RETENTION.operationsDays)
          .describe("Days that operations logs are kept"),
        securityDays: whole(1, 1096)
          .default(RETENTION.securityDays)
          .describe("Days that security logs are kept; fewer than 183 need a waiver"),
        incidentDays: whole(1, 3653)
          .default(RETENTION.incidentDays)
          .describe("Days that incident records are kept; fewer than 1096 need a waiver"),
        logVolumeGiB: whole(1, 65_536)
          .optional()
          .describe(
            "Size of the volume for logs, at least; derived from hosts and days by default. A volume can grow, never shrink: after a smaller demand, write the size that it has",
          ),
      })
      .prefault({})
      .describe("Retention terms"),
    network: z
      .strictObject({
        ipv4: range((text) =>
          within(text, privateV4) && (parseCidr(text)?.prefix ?? 0) <= 22
            ? undefined
            : `got "${text}", a private IPv4 range (RFC 1918) of /22 or wider is allowed`,
        )
          .default(DEFAULT_IPV4)
          .describe("The instance's private IPv4 range"),
        ipv6: range((text) =>
          within(text, ["fc00::/7"]) && (parseCidr(text)?.prefix ?? 128) <= 60
            ? undefined
            : `got "${text}", a unique local IPv6 range (RFC 4193) of /60 or wider is allowed`,
        )
          .optional()
          .describe("The instance's private IPv6 range; by default one derived from the domain"),
      })
      .prefault({})
      .describe("Private address ranges"),
    state: state.prefault({ backend: "local" }),
    waivers: z.array(waiver).max(20).default([]).describe("Recorded, dated exceptions"),
  })
  .describe("An instance of polder");

/** What a ministry asked for: every default filled in, nothing decided yet. */
export type Instance = Readonly<z.output<typeof instanceSchema>>;
export type MeetingKind = Instance["demand"]["meetings"][number];
export type ResidencyProfile = Instance["residency"];
export type Classification = Instance["classification"];
