import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCloud } from "../modules/clouds/openstack-api/index.ts";
import { openVault } from "../modules/secrets/vaults/index.ts";
import { Api } from "./cloud/api.ts";
import { defaultFolder, labPaths } from "./cloud/index.ts";
import { polder, type Ran, type TestInstance, testInstance } from "./testing/polder.ts";
import { validatorRoot } from "./testing/validator-root.ts";

/** Any of the suites' projects: its name servers are all that is used. */
const PROJECT = "t-http";
const HOST = "198.18.64.2";
const PORT = 14_600;
const KEY_ID = "kid-1";
const BINDING = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
const DAY = 86_400;

const scratch = mkdtempSync(join(tmpdir(), "polder-acme-"));
const at = (name: string): string => join(scratch, name);

let instance: TestInstance;
let root: string;
let server: ChildProcess | undefined;
let api: Api;
let zone: string;

const keys = (...args: string[]): Promise<Ran> =>
  polder(["keys", ...args], {
    env: { POLDER_AGE_IDENTITY: at("annakok.age"), NODE_EXTRA_CA_CERTS: at("server.crt") },
  });
const vault = () => openVault(instance.load(), { identityFile: at("annakok.age") });
const set = (value: string): void => {
  const env = { ...process.env, POLDER_AGE_IDENTITY: at("annakok.age") };
  const args = ["keys", "set", instance.folder, "acme/eab-key"];
  execFileSync(join(import.meta.dirname, "../cli/polder"), args, { input: value, env });
};

/** Debian 13's Pebble, which demands the account binding and asks the lab's own name server. */
async function start(days: number): Promise<void> {
  const folder = join(scratch, "pebble");
  mkdirSync(folder, { recursive: true });
  for (const name of ["server.crt", "server.key"])
    writeFileSync(join(folder, name), execFileSync("cat", [at(name)]), { mode: 0o600 });
  const pebble = {
    listenAddress: `127.0.0.1:${PORT}`,
    managementListenAddress: `127.0.0.1:${PORT + 1}`,
    certificate: "/mnt/server.crt",
    privateKey: "/mnt/server.key",
    httpPort: 1,
    tlsPort: 1,
    externalAccountBindingRequired: true,
    externalAccountMACKeys: { [KEY_ID]: BINDING },
    certificateValidityPeriod: days * DAY,
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify({ pebble }));
  const inRoot =
    'mount --bind "$1" "$0/mnt" && exec chroot "$0" pebble -config /mnt/config.json -dnsserver "$2"';
  server = spawn("unshare", ["-m", "sh", "-c", inRoot, root, folder, `${HOST}:5354`], {
    stdio: "ignore",
    env: { PATH: process.env["PATH"], PEBBLE_VA_NOSLEEP: "1" },
  });
  for (let left = 100; left > 0; left--) {
    const up = await fetch(`http://127.0.0.1:${PORT}`).then(
      () => true,
      (error: Error) => !String(error.cause).includes("ECONNREFUSED"),
    );
    if (up) return;
    await sleep(100);
  }
  throw new Error("pebble doesn't answer");
}

async function stop(): Promise<void> {
  const running = server;
  server = undefined;
  if (!running) return;
  running.kill();
  await once(running, "exit");
}

beforeAll(async () => {
  root = await validatorRoot();
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "9",
      "-keyout",
      at("server.key"),
      "-out",
      at("server.crt"),
      ...subject,
    ],
    { stdio: "ignore" },
  );
  instance = testInstance("lab", "t-acme");
  instance.edit((text) =>
    text.replace(
      /^certificates: .*$/m,
      `credentials: ${PROJECT}\ncertificates: { source: acme, acmeDirectory: "https://127.0.0.1:${PORT}/dir", acmeKeyId: ${KEY_ID} }`,
    ),
  );
  const person = await polder(["keys", "person", "Anna Kok", "annakok", "--out", scratch]);
  writeFileSync(
    join(instance.folder, "admins.yaml"),
    `admins:\n${person.stdout.replace(/^/gm, "  ")}`,
  );
  const { auth } = readCloud(labPaths(defaultFolder()).cloudsFile, PROJECT);
  const [user, password] = [auth.username as string, auth.password as string];
  api = await Api.open({ host: HOST, user, password, project: PROJECT });
  const name = `${instance.load().blueprint.domain}.`;
  const made = await api.ask("dns", "POST", "/v2/zones", { name, email: "a@voorbeeld.example" });
  zone = made["id"] as string;
  await start(20);
}, 300_000);

afterAll(async () => {
  await stop();
  if (zone) await api.call("dns", "DELETE", `/v2/zones/${zone}`);
  instance?.forget();
  rmSync(scratch, { recursive: true });
});

describe("an ACME server with external account binding", () => {
  it("without its key nothing is ordered, and it is said what is missing", async () => {
    const made = await keys("init", instance.folder);
    expect(made.stdout).toMatch(/^missing {2}acme\/eab-key: a new one from the supplier/m);
    const ran = await keys("renew", instance.folder);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain("has no acme/eab-key");
  });

  it("refuses another key, in one line", async () => {
    set(Buffer.alloc(48, 7).toString("base64url"));
    const ran = await keys("renew", instance.folder);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/^https:\/\/127\.0\.0\.1:14600\/dir: .*(binding|HMAC|JWS|verify)/im);
    expect(ran.stderr.trim().split("\n")).toHaveLength(1);
  });

  it("gives certificates for both names, by records that are gone afterwards", async () => {
    set(BINDING);
    const ran = await keys("renew", instance.folder);
    expect(ran.stderr).toMatch(/the next converge puts them on the hosts/);
    expect(ran.stdout.trim().split("\n")).toEqual([
      expect.stringMatching(/^web\/tls\.crt: by CN=Pebble Intermediate CA/),
      expect.stringMatching(/^turn\/tls\.crt: by CN=Pebble Intermediate CA/),
    ]);
    const names = (await vault()).need("turn/tls.crt");
    const text = execFileSync("openssl", ["x509", "-noout", "-text"], {
      input: names,
      encoding: "utf8",
    });
    expect(text).toContain("DNS:turn.t-acme.vergaderen.example");
    const sets = (await api.ask("dns", "GET", `/v2/zones/${zone}/recordsets`))["recordsets"] as {
      type: string;
      status: string;
      action: string;
    }[];
    expect(sets.filter((one) => one.type === "TXT" && one.action !== "DELETE")).toEqual([]);
  }, 240_000);

  it("renews what has less than 30 days left, with another key, and nothing that has more", async () => {
    const before = (await vault()).need("web/tls.key");
    await stop();
    await start(90);
    expect((await keys("renew", instance.folder)).code).toBe(0);
    const after = await vault();
    expect(after.need("web/tls.key")).not.toBe(before);
    const again = await keys("renew", instance.folder);
    expect([again.code, again.stdout, again.stderr]).toEqual([0, "", "nothing is due\n"]);
  }, 240_000);

  it("that can't be reached is a line, and what is there stays", async () => {
    await stop();
    const before = (await vault()).need("web/tls.crt");
    const opened = await vault();
    opened.delete("turn/tls.crt");
    await opened.save();
    const ran = await keys("renew", instance.folder);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/:14600\/dir: no connection \(ECONNREFUSED\)/);
    expect((await vault()).need("web/tls.crt")).toBe(before);
  });
});
