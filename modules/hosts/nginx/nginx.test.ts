import { expect, it } from "vitest";
import { buildBlueprint, type Host } from "../../planning/blueprint/index.ts";
import { inputOf, someInstance } from "../../planning/blueprint/testing.ts";
import { loadPrograms } from "../../workspace/index.ts";
import { nginxFragment } from "./index.ts";
import { limitsOf } from "./limits.ts";
import { ARRIVE, landingPage, securityText } from "./page.ts";

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

it("serves five places and signalling to one name, and refuses the rest alike", () => {
  const named = servers.filter(({ name }) => name === blueprint.domain);
  expect(named).toHaveLength(2);
  const web = named.find(({ text }) => text.includes("ssl_certificate "));
  const exact = web?.places.flatMap((place) => /location = (\S+)/.exec(place)?.[1] ?? []);
  expect(exact).toEqual([
    "/refused.html",
    "/",
    "/style.css",
    "/name.js",
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
  // Without one to a file nginx adds its own, from error on. What is said of a connection quotes its request.
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
  expect(page.match(/<script.*/g)).toEqual(['<script src="/name.js" type="module"></script>']);
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
