import { secretShape } from "../secrets.ts";
import type { RenderedHost } from "../types.ts";
import { filesLike, lastOf, unitSection } from "./files.ts";
import { defineHostRule, inFile, together, unless } from "./rule.ts";

const everyRole = ["control", "bridge", "turn", "edge", "monitor"] as const;

/** References to what isn't secret although the vault has it: certificates, recipients, a date. */
const PUBLIC = /(\.crt|\.cert|\.recipient|-expires)$/;

const secretsIn = (text: string): string[] =>
  [...text.matchAll(/@@secret:([a-z0-9./-]+)@@/g)]
    .map(([, name]) => name ?? "")
    .filter((name) => !PUBLIC.test(name));

const others = (mode: string): number => Number.parseInt(mode, 8) & 0o007;

export const secretsAreUnreadable = defineHostRule({
  id: "secrets-are-unreadable",
  what: "a file that holds a secret can be read by its owner and one service's group, and written by root alone",
  why: "Otherwise every program on the host could read it.",
  norms: ["ISO 27002 8.24"],
  needs: everyRole,
  check: (host) =>
    together(
      host.files
        .filter((file) => !file.binary && secretsIn(file.content).length > 0)
        .map(({ path, mode, owner, group }) =>
          inFile(
            path,
            others(mode) !== 0 && `mode ${mode}: everybody reads ${"it"}`,
            (Number.parseInt(mode, 8) & 0o030) !== 0 && `mode ${mode}: its group writes it`,
            owner !== "root" && `owner ${owner}, allowed: root`,
            ["users", "staff", "nogroup", "sudo", "adm"].includes(group) &&
              `group ${group}: is many people's`,
          ),
        ),
    ),
});

/** What a rendered file looks like that holds a secret and no reference to one. */
export const secretsAreReferences = defineHostRule({
  id: "secrets-are-references",
  what: "no rendered file holds a private key, a password hash, a token or a URL with a password: only references, filled in on the way to the host",
  why: "Everybody who has the instance's folder can render these files and read them.",
  norms: ["ISO 27002 8.24"],
  needs: everyRole,
  check: (host) =>
    together(
      host.files
        .filter((file) => !file.binary)
        .map(({ path, content }) => {
          const kind = secretShape(content);
          return inFile(path, kind && `holds ${kind}`);
        }),
    ),
});

export const filesAreRoots = defineHostRule({
  id: "files-are-roots",
  what: "what polder installs belongs to root, and nobody else may write it; nothing runs with its owner's rights",
  why: "A service that can change its own configuration or program can keep what an attacker put there.",
  norms: ["ISO 27002 8.9"],
  needs: everyRole,
  check: (host) =>
    together(
      host.files.map(({ path, mode, owner }) =>
        inFile(
          path,
          owner !== "root" && `owner ${owner}, allowed: root`,
          (Number.parseInt(mode, 8) & 0o022) !== 0 && `mode ${mode}: others than root write it`,
          (Number.parseInt(mode, 8) & 0o7000) !== 0 && `mode ${mode}: runs with its owner's rights`,
        ),
      ),
    ),
});

/** The services whose unit, or a part of it, polder writes, with all that stands in it. */
function services(host: RenderedHost) {
  const files = filesLike(host, /^\/etc\/systemd\/system\/[^/]+\.service(\.d\/[^/]+\.conf)?$/);
  const units = new Set(files.map(({ path }) => /system\/([^/]+\.service)/.exec(path)?.[1] ?? ""));
  return [...units].sort().map((unit) => {
    const own = files.filter(({ path }) => path.includes(`/${unit}`));
    const texts = own.map(({ content }) => content);
    const path = own.at(-1)?.path ?? unit;
    return { unit, path, settings: unitSection(texts, "Service"), text: texts.join("\n") };
  });
}

/** systemd's own services come sandboxed by Debian; polder changes a setting of them. */
const BY_DEBIAN = /^systemd-/;
/** Runs `systemctl` and `find`, so it is root's; it takes nothing from a network. */
const OF_ROOT = ["polder-journal-trim.service"];

/** What every sandbox has, whatever runs in it; a JVM can't do without writing what it executes. */
const SANDBOX: Readonly<Record<string, readonly string[]>> = {
  NoNewPrivileges: ["yes"],
  ProtectSystem: ["strict", "full"],
  ProtectHome: ["yes"],
  PrivateTmp: ["yes"],
  PrivateDevices: ["yes"],
  ProtectKernelTunables: ["yes"],
  ProtectKernelModules: ["yes"],
  ProtectControlGroups: ["yes"],
  RestrictSUIDSGID: ["yes"],
  LockPersonality: ["yes"],
  RestrictNamespaces: ["yes"],
  SystemCallArchitectures: ["native"],
};

export const servicesAreSandboxed = defineHostRule({
  id: "services-are-sandboxed",
  what: "every service of polder's runs in systemd's sandbox: no new rights, no writing outside its folders, no devices, no kernel settings, only the calls that a service needs",
  why: "An attacker who breaks into a service must not get any further than that service.",
  norms: ["ISO 27002 8.9"],
  needs: everyRole,
  check: (host) =>
    together(
      services(host)
        .filter(({ unit }) => !BY_DEBIAN.test(unit) && !OF_ROOT.includes(unit))
        .map(({ path, settings }) =>
          inFile(
            path,
            ...Object.entries(SANDBOX).map(([key, allowed]) => {
              const got = lastOf(settings, key);
              return unless(
                got !== undefined && allowed.includes(got),
                key,
                got,
                allowed.join(" or "),
              );
            }),
            (settings.get("SystemCallFilter") ?? []).length === 0 && "SystemCallFilter: missing",
            (settings.get("RestrictAddressFamilies") ?? []).length === 0 &&
              "RestrictAddressFamilies: missing",
          ),
        ),
    ),
});

/** A low port is all that a service here needs of root. */
const CAPABILITIES = ["CAP_NET_BIND_SERVICE"];

export const servicesHaveNoRights = defineHostRule({
  id: "services-have-no-rights",
  what: "no service has a capability but that of binding a low port, and none is root by name",
  why: "A capability is a part of root's rights, which an attacker gets by a flaw in the service.",
  norms: ["ISO 27002 8.2"],
  needs: everyRole,
  check: (host) =>
    together(
      services(host)
        .filter(({ unit }) => !BY_DEBIAN.test(unit) && !OF_ROOT.includes(unit))
        .map(({ path, settings }) => {
          const given = ["CapabilityBoundingSet", "AmbientCapabilities"].flatMap((key) =>
            (settings.get(key) ?? []).flatMap((value) => value.split(/\s+/)),
          );
          return inFile(
            path,
            given
              .filter((name) => !CAPABILITIES.includes(name))
              .map((name) => `capability ${name}, allowed: ${CAPABILITIES.join()}`),
            !settings.has("CapabilityBoundingSet") &&
              "CapabilityBoundingSet: missing, so it has all",
            ["root", "0"].includes(lastOf(settings, "User") ?? "") && "User=root",
          );
        }),
    ),
});

export const unitsHoldNoSecret = defineHostRule({
  id: "units-hold-no-secret",
  what: "no unit has a secret in an argument, a variable or a line: it comes as a credential or from a file",
  why: "Arguments and variables are shown to everybody who asks for the list of processes.",
  norms: ["BIO2 8.15.02", "ISO 27002 8.24"],
  needs: everyRole,
  check: (host) =>
    together(
      services(host).map(({ path, text, settings }) =>
        inFile(
          path,
          secretsIn(text).map((name) => `holds the secret ${name}`),
          [...(settings.get("Environment") ?? []), ...(settings.get("ExecStart") ?? [])]
            // A store of certificates has a password that says itself that it is none.
            .filter((value) => /(pass(word|wd)?|secret|token)=(?!public(\s|$))\S/i.test(value))
            .map((value) => `${value.split("=")[0]}: a secret as a variable or an argument`),
        ),
      ),
    ),
});
