import { listedFor } from "../open-ports.ts";
import { fileAt, withoutComments } from "./files.ts";
import { defineHostRule, inFile } from "./rule.ts";

const everyRole = ["control", "bridge", "turn", "edge", "monitor"] as const;
const FILE = "/etc/nftables.conf";

/** The lines of one chain. */
export function chain(text: string, name: string): readonly string[] {
  const body = new RegExp(`chain ${name} \\{([\\s\\S]*?)\\n\\t\\}`).exec(text)?.[1] ?? "";
  return body
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

export const filterDropsTheRest = defineHostRule({
  id: "filter-drops-the-rest",
  what: "each host's packet filter replaces whatever was there, and drops what isn't listed: in, out and through",
  why: "The host's own filter holds where the cloud's fails, and inside the private network it is the only one.",
  norms: ["BIO2 8.20.02", "ISO 27002 8.22"],
  needs: everyRole,
  check: (host) => {
    const file = fileAt(host, FILE);
    const text = withoutComments(file?.content ?? "");
    return inFile(
      file?.path,
      !/^flush ruleset$/m.test(text) && "flush ruleset: missing, so rules made by hand stay",
      ["input", "output", "forward"]
        .map((name) => {
          const hook = chain(text, name).find((line) => line.includes(`hook ${name}`));
          return hook?.includes("policy drop;")
            ? ""
            : `chain ${name}: ${hook ? "its policy is not drop" : "is missing"}`;
        })
        .filter((one) => one !== ""),
      chain(text, "forward")
        .filter((line) => /\baccept\b/.test(line))
        .map((line) => `chain forward: passes on (${line.slice(0, 60)})`),
      /^\s*include\b/m.test(text) && "include: what it leads to isn't read",
    );
  },
});

export const filterOpensWhatIsListed = defineHostRule({
  id: "filter-opens-what-is-listed",
  what: "a host's filter lets everybody in to the ports of the allow list alone; every other opening names its sources",
  why: "An attacker who has taken over another host is already behind the cloud's filter: only the host's own filter still stops them.",
  norms: ["BIO2 5.14.04", "BIO2 8.20.02"],
  needs: everyRole,
  check: (host) => {
    const file = fileAt(host, FILE);
    const lines = chain(withoutComments(file?.content ?? ""), "input").filter((line) =>
      /\baccept\b/.test(line),
    );
    const allowed = listedFor(host.roles).filter(({ to }) => to === "internet");
    const wrong = lines.flatMap((line): string[] => {
      if (/^(iif(name)? "?lo"? accept|ct state (established|related)\b)/.test(line)) return [];
      if (/\b(ip|ip6) saddr (@[\w-]+|[\da-f.:/]+|\{[^}]+\})/.test(line))
        return /saddr (\{\s*)?(0\.0\.0\.0\/0|::\/0)/.test(line)
          ? [`${line.slice(0, 70)}: its source is everybody`]
          : [];
      const [, protocol, ports] = /\b(tcp|udp) dport (\d+(?:-\d+)?|\{[^}]+\})/.exec(line) ?? [];
      if (!protocol || !ports) return [`${line.slice(0, 70)}: names neither source nor port`];
      return ports
        .replace(/[{}\s]/g, "")
        .split(",")
        .filter(
          (port) => !allowed.some((one) => one.protocol === protocol && `${one.port}` === port),
        )
        .map(
          (port) =>
            `opens ${protocol} ${port} to everybody, allowed: ${allowed.map((one) => `${one.protocol} ${one.port}`).join(", ") || "none"}`,
        );
    });
    return inFile(file?.path, wrong);
  },
});

export const filterLetsOutByName = defineHostRule({
  id: "filter-lets-out-by-name",
  what: "a host connects out only to addresses or ports that its filter names",
  why: "Somebody who gets into a host may send data out, or fetch programs, only where the filter allows it; for packages that may be one port to every address.",
  norms: ["ISO 27002 8.12", "ISO 27002 8.22"],
  needs: everyRole,
  check: (host) => {
    const file = fileAt(host, FILE);
    const wrong = chain(withoutComments(file?.content ?? ""), "output")
      .filter((line) => /\baccept\b/.test(line))
      .filter((line) => !/^(oif(name)? "?lo"? accept|ct state (established|related)\b)/.test(line))
      .filter((line) => !/\b(tcp|udp) (dport|sport) /.test(line))
      .map((line) => `${line.slice(0, 70)}: names no port`);
    return inFile(file?.path, wrong);
  },
});

/** Where Jitsi's programs take orders without a login, by the roles whose hosts run them: management-ports.ts says which. */
const REST: Readonly<Record<string, number>> = { bridge: 8080, control: 8888 };

export const restIsForRoot = defineHostRule({
  id: "rest-is-for-root",
  what: "a host's filter lets root alone ask the REST interfaces of videobridge and Jicofo, before it lets anything through on loopback",
  why: "These interfaces know no login: whoever asks adds people to a meeting, or moves them, and an attacker who has taken over another service of the host is on loopback, too.",
  norms: ["ISO 27002 8.2", "BIO2 8.20.02"],
  needs: ["control", "bridge"],
  check: (host) => {
    const ports = host.roles.flatMap((role) => REST[role] ?? []);
    if (ports.length === 0) return inFile(undefined);
    const file = fileAt(host, FILE);
    const lines = chain(withoutComments(file?.content ?? ""), "output");
    const first = lines.findIndex((line) => /\baccept\b/.test(line));
    const wrong = ports.flatMap((port) => {
      const refuses = new RegExp(
        `^oif(name)? "?lo"? tcp dport ${port} meta skuid != (0|"?root"?) .*\\b(reject|drop)\\b`,
      );
      const at = lines.findIndex((line) => refuses.test(line));
      if (at < 0) return [`every account may ask port ${port} on loopback`];
      return first >= 0 && first < at
        ? [`port ${port}: let through by "${lines[first]}" before`]
        : [];
    });
    return inFile(file?.path, wrong);
  },
});
