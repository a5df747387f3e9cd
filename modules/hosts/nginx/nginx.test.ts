import { describe, expect, it } from "vitest";
import { type Blueprint, buildBlueprint, type Host } from "../../planning/blueprint/index.ts";
import { inputOf, SOME_JITSI, someInstance } from "../../planning/blueprint/testing.ts";
import { readLogo } from "../../planning/instance/index.ts";
import { loadPrograms } from "../../workspace/index.ts";
import { bytesOf, type HostFile, referencesIn } from "../configuration/index.ts";
import { nginxFragment } from "./index.ts";
import { limitsOf } from "./limits.ts";
import { ARRIVE, landingPage, refusedPage, securityText, style } from "./page.ts";

const blueprint = buildBlueprint(inputOf(someInstance()));
const control = blueprint.hosts.find(({ role }) => role === "control") as Host;
const fragment = nginxFragment(blueprint, control, loadPrograms());
const content = (end: string) =>
  fragment.files?.find(({ path }) => path.endsWith(end))?.content ?? "";
const site = content("polder-site.conf");

/** Each server block with what it says of its names and places. */
const servers = site
  .split(/^server \{$/m)
  .slice(1)
  .map((text) => ({
    text,
    name: /server_name (\S+);/.exec(text)?.[1],
    places: [...text.matchAll(/^ {2}location (= )?(\S+) \{\n(?: {4}.*\n)*/gm)].map((m) => m[0]),
  }));

it("serves six places and signalling to one name, and refuses the rest alike", () => {
  const named = servers.filter(({ name }) => name === blueprint.domain);
  expect(named).toHaveLength(2);
  const web = named.find(({ text }) => text.includes("ssl_certificate "));
  const exact = web?.places.flatMap((place) => /location = (\S+)/.exec(place)?.[1] ?? []);
  expect(exact).toEqual([
    "/refused.html",
    "/",
    "/style.css",
    "/name.js",
    "/page.js",
    "/robots.txt",
    "/.well-known/security.txt",
    "/xmpp-websocket",
  ]);
  expect(web?.places.at(-1)).toMatch(/^ {2}location \/ \{\n {4}return 404;/);
  expect(site.match(/proxy_pass .*/g)).toEqual(["proxy_pass http://127.0.0.1:5280;"]);
  expect(site).not.toMatch(/autoindex|alias /);
});

it("answers no other name: no handshake, no line on port 80", () => {
  const unknown = servers.filter(({ name }) => name === "_");
  expect(unknown.map(({ text }) => text.includes("default_server"))).toEqual([true, true]);
  expect(unknown.filter(({ text }) => text.includes("ssl_reject_handshake on;"))).toHaveLength(1);
  for (const { places } of unknown) expect(places.at(-1)).toContain("return 444;");
});

it("sends port 80 on to HTTPS of the same host, and says HSTS over TLS alone", () => {
  const plain = servers.find(
    ({ name, text }) => name === blueprint.domain && /listen 80/.test(text),
  );
  expect(plain?.text).toContain(`return 301 https://${blueprint.domain}$request_uri;`);
  expect(plain?.text).not.toContain("Strict-Transport-Security");
  expect(
    site.match(/Strict-Transport-Security "max-age=31536000; includeSubDomains" always/g),
  ).toHaveLength(1);
});

it("has no header inside a place, where nginx would drop all the others", () => {
  for (const { places } of servers)
    for (const place of places) expect(place).not.toContain("add_header");
});

it("writes down no path, query, host or agent", () => {
  const format = /log_format polder ([\s\S]*?);/.exec(content("nginx.conf"))?.[1] ?? "";
  expect(format).toContain("$status");
  expect(format).not.toMatch(
    /\$(request|request_uri|uri|args|query_string|host|http_\w+|request_method)\b/,
  );
  // Without one to a file nginx adds its own, from error on. A line about a connection quotes its request.
  expect(content("nginx.conf").match(/^ *error_log .*/gm)).toEqual([
    expect.stringMatching(/^error_log syslog:\S+,facility=authpriv,\S+ alert;$/),
    "error_log stderr emerg;",
    "  error_log /dev/null emerg;",
  ]);
});

it("lets a whole office in from one address, and stops one machine", () => {
  const { people, joinsPerSecond } = blueprint.sizing.total;
  const limits = limitsOf(blueprint);
  expect(limits.connections).toBeGreaterThanOrEqual(people);
  expect(limits.requestsPerSecond).toBeGreaterThanOrEqual(joinsPerSecond);
  expect(limits.requestsPerSecond).toBeLessThan(10_000);
});

it("shows an organisation's name as text", () => {
  const organisation = `<script>alert("x")</script> & 'co'`;
  const page = landingPage({ ...blueprint, organisation }, ARRIVE);
  expect(page.match(/<script.*/g)).toEqual(['<script src="/page.js" type="module"></script>']);
  expect(page).toContain("&#60;script&#62;");
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
});

it("takes security.txt's end from converge, since it knows no clock", () => {
  expect(securityText(blueprint)).toContain("\nExpires: @@secret:web/security-txt-expires@@\n");
  expect(securityText(blueprint)).toContain(`Contact: ${blueprint.securityContact}\n`);
});

it("leaves connections to others when one address holds its share, also where thousands meet", () => {
  const meeting = { kind: "overleg", participants: 500, simultaneous: 5, cameras: "none" } as const;
  const large = buildBlueprint(inputOf(someInstance({ demand: { meetings: [meeting] } })));
  const host = large.hosts.find(({ role }) => role === "control") as Host;
  const text = (end: string) =>
    nginxFragment(large, host, loadPrograms()).files?.find(({ path }) => path.endsWith(end))
      ?.content ?? "";
  const number = (pattern: RegExp, from: string) => Number(pattern.exec(from)?.[1]);
  const ofWorker = number(/worker_connections (\d+);/, text("nginx.conf"));
  // Each with its end at Prosody.
  expect(ofWorker).toBeGreaterThanOrEqual(2 * 2 * limitsOf(large).connections);
  expect(number(/worker_rlimit_nofile (\d+);/, text("nginx.conf"))).toBeGreaterThan(ofWorker);
  expect(number(/LimitNOFILE=(\d+)/, text("polder.conf"))).toBeGreaterThan(ofWorker);
});

describe("an organisation's own look", () => {
  const SVG = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg"><title>@@secret:turn/shared-secret@@</title></svg>',
  );
  /** Jitsi's own colours have a contrast of 3.5 with white. */
  const readable = {
    action01: "#3371d6",
    action01Hover: "#3371d6",
    action01Active: "#3371d6",
    notificationActionText: "#3371d6",
    notificationErrorText: "#c2293c",
  };
  const branding = {
    colour: "#0b6e4f",
    background: "#10302a",
    imprint: "https://proefdorp.example/c",
    privacy: "https://proefdorp.example/privacy",
  };
  const branded = buildBlueprint({
    ...inputOf(someInstance({ branding })),
    jitsi: SOME_JITSI,
    logo: readLogo("ons.svg", SVG),
  });
  const filesOf = (of: typeof blueprint): ReadonlyMap<string, HostFile> =>
    new Map(
      (nginxFragment(of, control, loadPrograms()).files ?? []).map((file) => [
        file.path.split("/").at(-1) ?? "",
        file,
      ]),
    );
  const files = filesOf(branded);
  const text = (name: string) => files.get(name)?.content ?? "";

  it("has the logo as bytes, in which nothing is a reference to a secret", () => {
    const logo = files.get("logo.svg") as HostFile;
    expect(bytesOf(logo)).toEqual(SVG);
    expect(logo.binary).toBe(true);
    expect(referencesIn(logo.content)).toEqual([]);
  });

  it("serves it under a policy that lets nothing in it run, with all other headers", () => {
    const served = /location = \/logo\.svg \{\n([^}]*)\}/.exec(text("polder-site.conf"))?.[1] ?? "";
    const site = text("polder-site.conf");
    expect(served).toContain(
      "Content-Security-Policy \"default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'\" always",
    );
    const names = (lines: string) => [...lines.matchAll(/add_header (\S+)/g)].map((m) => m[1]);
    const ofSite = site.slice(0, site.indexOf("  location = / {"));
    expect(names(served)).toEqual(names(ofSite));
  });

  it("is on every page: logo, colour, links", () => {
    for (const page of [landingPage(branded, ARRIVE), refusedPage(branded)]) {
      expect(page).toContain('<img id="logo" src="/logo.svg" alt="Gemeente Proefdorp">');
      expect(page).toContain('<a href="https://proefdorp.example/c">Colofon');
      expect(page).toContain('<a href="https://proefdorp.example/privacy">Privacy');
    }
    expect(style(branded)).toContain("background: #0b6e4f;");
    expect(text("body.html")).toContain(
      'href="https://proefdorp.example/c" target="_blank" rel="noopener noreferrer"',
    );
    expect(JSON.parse(text("branding.json"))).toEqual({
      defaultBranding: false,
      logoImageUrl: "/logo.svg",
      backgroundColor: "#10302a",
      premeetingBackground: "#10302a",
      customTheme: {
        palette: {
          ...readable,
          prejoinActionButtonPrimary: "#0b6e4f",
          prejoinActionButtonPrimaryHover: "#0b6e4f",
        },
      },
    });
    expect(text("interface_config.js")).toContain('"SHOW_JITSI_WATERMARK": true');
  });

  it("is nobody's where the file names none", () => {
    const plain = filesOf(buildBlueprint({ ...inputOf(someInstance()), jitsi: SOME_JITSI }));
    expect(JSON.parse(plain.get("branding.json")?.content ?? "")).toEqual({
      defaultBranding: false,
      customTheme: { palette: readable },
    });
    expect(plain.get("interface_config.js")?.content).toContain('"SHOW_JITSI_WATERMARK": false');
    for (const name of ["index.html", "refused.html", "body.html"])
      expect(plain.get(name)?.content).not.toMatch(/<img|<footer|<a href="https/);
  });

  it("says on each page up to which classification people may confer, in both languages", () => {
    for (const page of [(one: Blueprint) => landingPage(one, ARRIVE), refusedPage]) {
      expect(page(blueprint)).toContain(
        'Niet voor gerubriceerde informatie · <span lang="en">Not for',
      );
      expect(page({ ...blueprint, classification: { marking: "Dep.V", tbb: 3 } })).toContain(
        'tot en met Dep.V (TBB 3) · <span lang="en">Confer here up to Dep.V (TBB 3)',
      );
    }
    expect(text("body.html")).toContain("Niet voor gerubriceerde informatie");
  });
});
