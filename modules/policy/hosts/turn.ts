import type { Blueprint } from "../../planning/blueprint/index.ts";
import { addressesOfRole, fileAt, filesLike, optionLines, withoutComments } from "./files.ts";
import { chain } from "./filter.ts";
import { defineHostRule, inFile, together, unless } from "./rule.ts";
import { STRONG_CIPHERS } from "./tls.ts";

const needs = ["turn"] as const;

const read = (host: Parameters<typeof fileAt>[0]) => {
  const file = fileAt(host, "/etc/turnserver.conf");
  const options = optionLines(file?.content ?? "");
  const has = (...keys: readonly string[]) =>
    keys.filter((key) => !options.has(key)).map((key) => `${key}: missing`);
  const hasNot = (...keys: readonly string[]) =>
    keys.filter((key) => options.has(key)).map((key) => `${key}: not allowed`);
  const between = (key: string, least: number, most: number) => {
    const got = options.get(key)?.at(-1);
    return unless(
      got !== undefined && Number(got) >= least && Number(got) <= most,
      key,
      got,
      `${least} to ${most}`,
    );
  };
  return { path: file?.path, options, has, hasNot, between };
};

/**
 * A relay whose bridge is on its own host reaches that host by loopback, where the packet filter lets everything pass: but
 * for what stands before that.
 */
function throughLoopback(host: Parameters<typeof fileAt>[0], blueprint: Blueprint) {
  if (!host.roles.includes("bridge")) return inFile(undefined);
  const file = fileAt(host, "/etc/nftables.conf");
  const lines = chain(withoutComments(file?.content ?? ""), "input");
  const passes = lines.findIndex((line) => /^iif(name)? "?lo"? accept/.test(line));
  const shut = lines
    .slice(0, Math.max(0, passes))
    .flatMap((line) =>
      (
        /^iif(?:name)? "?lo"? ip6? daddr \{([^}]*)\} udp dport != 10000 ct state new counter drop\b/.exec(
          line,
        )?.[1] ?? ""
      )
        .split(",")
        .map((address) => address.trim()),
    );
  const own = blueprint.hosts.find(({ id }) => id === host.host);
  return inFile(
    file?.path ?? "/etc/nftables.conf",
    [own?.ipv4 ?? "", ...(own?.ipv6 ? [own.ipv6] : [])]
      .filter((address) => !shut.includes(address))
      .map((address) => `its relay reaches more of ${address} than the media port, by loopback`),
  );
}

/** Both families whole: 4.6.1 compares IPv6 byte by byte, so a range that doesn't start at zero has holes. */
const EVERYBODY = ["0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"];

export const relayReachesBridgesAlone = defineHostRule({
  id: "relay-reaches-bridges-alone",
  what: "coturn relays to the bridges' private addresses and to nobody else: every other peer is denied, and so are multicast and TCP",
  why: "A relay that reaches the rest of the private network lets everybody with a login into it.",
  norms: ["BIO2 8.20.02", "ISO 27002 8.22"],
  needs,
  check: (host, blueprint) => {
    const { path, options, has, hasNot } = read(host);
    const denied = options.get("denied-peer-ip") ?? [];
    const bridges = addressesOfRole(blueprint, "bridge");
    return together([
      ...(path === undefined ? [] : [throughLoopback(host, blueprint)]),
      inFile(
        path,
        EVERYBODY.filter((range) => !denied.includes(range)).map(
          (range) => `denied-peer-ip: lacks ${range}`,
        ),
        has("no-multicast-peers", "no-tcp-relay"),
        hasNot("allow-loopback-peers"),
        (options.get("allowed-peer-ip") ?? [])
          .filter((peer) => !bridges.includes(peer))
          .map((peer) => `allowed-peer-ip: got ${peer}, allowed: the bridges`),
      ),
      ...filesLike(host, /^\/etc\/coturn\/.*\.sql$/).map((file) =>
        inFile(
          file.path,
          [...file.content.matchAll(/INSERT INTO allowed_peer_ip[^;]*VALUES \('([^']*)'\)/gi)]
            .map(([, peer]) => peer ?? "")
            .filter((peer) => !bridges.includes(peer))
            .map((peer) => `allows the peer ${peer}, allowed: the bridges`),
        ),
      ),
    ]);
  },
});

export const relayNeedsALogin = defineHostRule({
  id: "relay-needs-a-login",
  what: "coturn lets nobody relay without a short-lived login of the gate's; no account and no secret stands in its file",
  why: "An open relay carries anybody's traffic under the ministry's address.",
  norms: ["BIO2 5.17.03", "ISO 27002 8.5"],
  needs,
  check: (host) => {
    const { path, options, has, hasNot, between } = read(host);
    return inFile(
      path,
      has("use-auth-secret", "realm"),
      hasNot("no-auth", "lt-cred-mech", "user", "static-auth-secret", "allow-insecure-auth"),
      between("stale-nonce", 1, 3600),
      [...options.keys()]
        .filter((key) => /^(psql|mysql|mongo|redis)/.test(key))
        .map((key) => `${key}: logins from a database that nobody here keeps`),
    );
  },
});

export const relayIsBounded = defineHostRule({
  id: "relay-is-bounded",
  what: "coturn bounds logins, relays, their life, their rate and their ports",
  why: "One person must not take the relay from all others.",
  norms: ["BIO2 8.21.01"],
  needs,
  check: (host) => {
    const { path, between } = read(host);
    return inFile(
      path,
      between("user-quota", 1, 100),
      between("total-quota", 1, 20_000),
      between("max-bps", 1, 100_000_000),
      between("max-allocate-lifetime", 60, 3600),
      between("max-allocate-timeout", 1, 60),
      between("min-port", 1024, 65_535),
      between("max-port", 1024, 65_535),
    );
  },
});

export const relayTellsNothing = defineHostRule({
  id: "relay-tells-nothing",
  what: "coturn has no console, web page or metrics, names no version, and doesn't write down who relays from where",
  why: "Each of these is one more listener, or a list of who talks.",
  norms: ["ISO 27002 8.9", "BIO2 8.15.02"],
  needs,
  check: (host) => {
    const { path, options, has, hasNot } = read(host);
    return inFile(
      path,
      has("no-cli", "no-software-attribute", "syslog", "no-rfc5780"),
      hasNot(
        "web-admin",
        "web-admin-ip",
        "prometheus",
        "verbose",
        "Verbose",
        "cli-password",
        "cli-ip",
      ),
      (options.get("log-file") ?? []).map((file) => `log-file: ${file}, which has no term`),
    );
  },
});

export const relayTlsIsStrong = defineHostRule({
  id: "relay-tls-is-strong",
  what: "coturn speaks TLS 1.2 and newer with strong ciphers, neither TLS 1.0, 1.1 nor DTLS, and nothing in clear over TCP",
  why: "Whoever listens on the way can use a login that isn't encrypted.",
  norms: ["BIO2 8.24.04", "NCSC-NL TLS 2025-05"],
  needs,
  check: (host) => {
    const { path, options, has } = read(host);
    const ciphers = options.get("cipher-list")?.at(-1);
    return inFile(
      path,
      has("no-tlsv1", "no-tlsv1_1", "no-dtls", "no-tcp", "cert", "pkey"),
      ciphers === undefined
        ? "cipher-list: missing"
        : ciphers
            .split(":")
            .filter((one) => !STRONG_CIPHERS.includes(one))
            .map((one) => `cipher-list: ${one}`),
    );
  },
});
