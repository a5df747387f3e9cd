import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LoadedInstance } from "../../workspace/index.ts";
import { checkCertificates } from "../keyring/index.ts";
import {
  createVault,
  ensureSecrets,
  installCertificate,
  requestCertificates,
  useReserve,
  type Vault,
} from "./index.ts";
import { type TestFolder, testFolder } from "./testing.ts";

/** An hour on, however slow the machine: what openssl makes counts from its own time on. */
const NOW = new Date(Date.now() + 3_600_000);
const scratch = mkdtempSync(join(tmpdir(), "polder-supplier-"));
const at = (name: string): string => join(scratch, name);
const openssl = (...args: string[]): string =>
  execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

const OV = "2.23.140.1.2.2";
const DV = "2.23.140.1.2.1";

const EC = ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"];

/** A supplier with a root and an intermediate, all by openssl. */
function supplier(name: string, key: readonly string[]): void {
  const ca = "basicConstraints=critical,CA:true";
  openssl(
    "req",
    "-x509",
    "-newkey",
    ...EC,
    "-nodes",
    "-keyout",
    at(`${name}-root.key`),
    "-out",
    at(`${name}-root.crt`),
    "-days",
    "999",
    "-subj",
    `/CN=${name} root`,
    "-addext",
    ca,
  );
  openssl(
    "req",
    "-newkey",
    ...key,
    "-nodes",
    "-keyout",
    at(`${name}.key`),
    "-out",
    at(`${name}.csr`),
    "-subj",
    `/CN=${name}`,
  );
  writeFileSync(at(`${name}.ext`), `${ca}\n`);
  openssl(
    "x509",
    "-req",
    "-in",
    at(`${name}.csr`),
    "-CA",
    at(`${name}-root.crt`),
    "-CAkey",
    at(`${name}-root.key`),
    "-out",
    at(`${name}.crt`),
    "-days",
    "900",
    "-extfile",
    at(`${name}.ext`),
  );
}

interface Issue {
  readonly by?: string;
  readonly policy?: string;
  readonly days?: number;
  readonly names?: string;
  readonly digest?: string;
}

/** What a supplier makes of a request: the leaf and its intermediate in one file. */
function issue(
  csr: string,
  { by = "good", policy = OV, days = 200, names = "", digest = "-sha256" }: Issue = {},
): string {
  const dns = names || `DNS:${csr.includes("turn") ? "turn." : ""}vergaderen.voorbeeld.example`;
  writeFileSync(at("leaf.ext"), `subjectAltName=${dns}\ncertificatePolicies=${policy}\n`);
  openssl(
    "x509",
    "-req",
    digest,
    "-in",
    csr,
    "-CA",
    at(`${by}.crt`),
    "-CAkey",
    at(`${by}.key`),
    "-out",
    at("leaf.crt"),
    "-days",
    `${days}`,
    "-extfile",
    at("leaf.ext"),
  );
  writeFileSync(
    at("chain.pem"),
    readFileSync(at("leaf.crt"), "utf8") + readFileSync(at(`${by}.crt`), "utf8"),
  );
  return at("chain.pem");
}

let place: TestFolder;
let loaded: LoadedInstance;
let vault: Vault;
let web: string;
let turn: string;

beforeAll(async () => {
  place = testFolder("lab", (text) => text.replace("source: instance-ca", "source: file"));
  loaded = place.load([await place.person("annakok")]);
  vault = await createVault(loaded, "instance");
  supplier("good", EC);
  supplier("weak", ["rsa:2048"]);
  [web, turn] = (await requestCertificates(loaded, vault, "tls", NOW)) as [string, string];
}, 60_000);
afterAll(() => {
  place.remove();
  rmSync(scratch, { recursive: true });
});

const install = (file: string, use: "web" | "turn" = "web") =>
  installCertificate(loaded, vault, use, "tls", file, NOW);
const edit = (file: string, change: (text: string) => string): string => {
  writeFileSync(file, change(readFileSync(file, "utf8")));
  return file;
};

describe("a signing request", () => {
  it("is one for openssl, too, with the organisation and the name", () => {
    const text = openssl("req", "-in", web, "-noout", "-text", "-verify");
    expect(text).toContain("O = Ministerie van Voorbeeld");
    expect(text).toContain("DNS:vergaderen.voorbeeld.example");
    expect(text).toContain("prime256v1");
    expect(readFileSync(turn, "utf8")).not.toBe(readFileSync(web, "utf8"));
  });

  it("keeps its key when it is written again: an order on its way still fits", async () => {
    const key = vault.need("web/tls-next.key");
    await requestCertificates(loaded, vault, "tls", NOW);
    expect(vault.need("web/tls-next.key")).toBe(key);
  });

  it("is missing something until the supplier's answer comes", async () => {
    const missing = (await ensureSecrets(loaded, vault, NOW)).filter(
      ({ what }) => what === "missing",
    );
    expect(missing.map(({ name }) => name)).toEqual(["web/tls.crt", "turn/tls.crt"]);
  });
});

describe("a certificate that doesn't fit is refused:", () => {
  it.each<[string, () => string, RegExp]>([
    ["the other one's key", () => issue(turn), /is for another key than the one of our request/],
    ["another name", () => issue(web, { names: "DNS:x.example" }), /doesn't stand for vergaderen/],
    [
      "an RSA 2048 intermediate",
      () => issue(web, { by: "weak" }),
      /weak: key RSA 2048: RSA of at least 3072/,
    ],
    ["SHA-1", () => issue(web, { digest: "-sha1" }), /signed with sha1: SHA-256/],
    [
      "no intermediate",
      () => edit(issue(web), (t) => t.split(/(?<=END CERTIFICATE-----\n)/)[0] ?? ""),
      /comes without its intermediates/,
    ],
    [
      "the wrong order",
      () =>
        edit(issue(web), (t) =>
          t
            .split(/(?<=END CERTIFICATE-----\n)/)
            .reverse()
            .join(""),
        ),
      /leaf first/,
    ],
    [
      "another intermediate",
      () =>
        edit(
          issue(web),
          (t) =>
            (t.split(/(?<=END CERTIFICATE-----\n)/)[0] ?? "") +
            readFileSync(at("weak.crt"), "utf8"),
        ),
      /isn't signed by the next one/,
    ],
    [
      "the root, too",
      () => edit(issue(web), (t) => t + readFileSync(at("good-root.crt"), "utf8")),
      /is a root, which servers don't send/,
    ],
    [
      "a private key in it",
      () => edit(issue(web), (t) => t + readFileSync(at("good.key"), "utf8")),
      /holds a PRIVATE KEY: certificates alone/,
    ],
    ["an empty file", () => edit(issue(web), () => ""), /holds no certificate in PEM/],
    ["no file", () => at("none"), /can't be read \(ENOENT\)/],
  ])("%s", async (_, make, message) => {
    await expect(install(make())).rejects.toThrow(message);
    expect(vault.get("web/tls.crt")).toBeUndefined();
  });

  it("one that ended", async () => {
    const file = issue(web, { days: 1 });
    const later = new Date(NOW.getTime() + 3 * 86_400_000);
    const late = installCertificate(loaded, vault, "web", "tls", file, later);
    await expect(late).rejects.toThrow(/: ended on /);
  });
});

describe("findings", () => {
  const profile = (id: "lab" | "nl-sovereign") => ({
    ...loaded.blueprint,
    residency: { ...loaded.blueprint.residency, profile: id },
  });
  const check = (id: "lab" | "nl-sovereign", days = 0) =>
    checkCertificates(
      profile(id),
      (name) => vault.get(name),
      new Date(NOW.getTime() + days * 86_400_000),
    )
      .filter(({ verdict }) => verdict === "fail")
      .map((finding) => `${finding.id} ${finding.subject}`);

  it("say what isn't there", () => {
    expect(check("lab")).toEqual([
      "certificate-present web/tls.crt",
      "certificate-present turn/tls.crt",
    ]);
  });

  it("are none when both are installed, organisation-validated", async () => {
    expect(await install(issue(web))).toMatch(/validation organisation, until /);
    await install(issue(turn), "turn");
    expect(vault.get("web/tls-next.key")).toBeUndefined();
    expect(check("nl-sovereign")).toEqual([]);
  });

  it("say that one ends within 30 days", () => {
    expect(check("lab", 169)).toEqual([]);
    expect(check("lab", 171)).toEqual([
      "certificate-expiry web/tls.crt",
      "certificate-expiry turn/tls.crt",
    ]);
  });

  it("say in the government profile, and there alone, that one is domain-validated", async () => {
    [web] = (await requestCertificates(loaded, vault, "tls", NOW)) as [string];
    expect(await install(issue(web, { policy: DV }))).toMatch(/validation domain/);
    expect(check("lab")).toEqual([]);
    expect(check("nl-sovereign")).toEqual(["certificate-validation web/tls.crt"]);
  });

  it("take PKIoverheid's policies", async () => {
    [web] = (await requestCertificates(loaded, vault, "tls", NOW)) as [string];
    expect(await install(issue(web, { policy: "2.16.528.1.1003.1.2.8.6" }))).toMatch(/pkioverheid/);
    expect(check("nl-sovereign")).toEqual([]);
  });
});

describe("a reserve of another supplier", () => {
  it("lies ready, and goes into use with its own key", async () => {
    await expect(useReserve(vault, "web", NOW)).rejects.toThrow(/no reserve lies ready/);
    supplier("other", EC);
    const [request] = (await requestCertificates(loaded, vault, "reserve", NOW)) as [string];
    const before = vault.need("web/tls.crt");
    await installCertificate(loaded, vault, "web", "reserve", issue(request, { by: "other" }), NOW);
    const reserve = vault.need("web/reserve.crt");
    await useReserve(vault, "web", NOW);
    expect(vault.need("web/tls.crt")).toBe(reserve);
    expect(vault.need("web/reserve.crt")).toBe(before);
  });
});
