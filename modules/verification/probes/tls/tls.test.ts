import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server, type TlsOptions } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { dialTcp } from "../dial.ts";
import { encodeHello } from "./hello.ts";
import { loadTlsNorm, rate } from "./norm.ts";
import { earlyDataOf, factsOf, tlsSession } from "./session.ts";
import { surveyTls } from "./survey.ts";

const folder = mkdtempSync(join(tmpdir(), "polder-tls-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A certificate of its own kind of key. */
function certificate(name: string, key: readonly string[]) {
  const [keyFile, file] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-nodes",
      "-days",
      "30",
      "-subj",
      "/CN=probe.example",
      "-addext",
      "subjectAltName=DNS:probe.example",
      "-keyout",
      keyFile,
      "-out",
      file,
      "-newkey",
      ...key,
    ],
    { stdio: "ignore" },
  );
  return { key: readFileSync(keyFile, "utf8"), cert: readFileSync(file, "utf8") };
}
let ec: { key: string; cert: string };
let rsa: { key: string; cert: string };
beforeAll(() => {
  ec = certificate("ec", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
  rsa = certificate("rsa", ["rsa:2048"]);
});

// OpenSSL's server inside Node validates the hellos: it shares no code with what writes them.
let server: Server | undefined;
afterEach(() => server?.close());
async function serve(options: TlsOptions): Promise<number> {
  server = createServer(options, (socket) => socket.on("error", () => undefined));
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
const survey = async (options: TlsOptions) =>
  surveyTls(dialTcp("127.0.0.1", await serve(options)), "probe.example");

describe("the survey", () => {
  it("finds exactly what a server takes", async () => {
    const seen = await survey({
      ...ec,
      minVersion: "TLSv1.2",
      ciphers: "TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305",
      ecdhCurve: "X25519:P-256",
      sigalgs: "ecdsa_secp256r1_sha256",
    });
    expect(seen).toEqual({
      versions: [0x0303, 0x0304],
      suites13: [0x1302],
      suites12: [0xc02c, 0xcca9],
      groups13: expect.arrayContaining([0x001d, 0x0017]),
      groups12: expect.arrayContaining([0x0017, 0x001d]),
      signatures12: [0x0403],
      weakSignatures: [],
      compression: false,
      extendedMasterSecret: true,
      secureRenegotiation: true,
    });
    expect([...seen.groups13].sort()).toEqual([0x17, 0x1d]);
  });

  it("finds each group beside that of the key, which must be offered with it", async () => {
    const seen = await survey({
      ...ec,
      maxVersion: "TLSv1.2",
      ecdhCurve: "P-256:P-521:X25519",
      honorCipherOrder: false,
    });
    expect([...seen.groups12].sort()).toEqual([0x17, 0x19, 0x1d].sort());
  });

  it("finds old versions, suites and digests", async () => {
    const seen = await survey({
      ...rsa,
      minVersion: "TLSv1",
      ciphers: "ALL:@SECLEVEL=0",
      sigalgs: "rsa_pkcs1_sha1:rsa_pkcs1_sha256",
    });
    expect(seen.versions).toEqual(expect.arrayContaining([0x0301, 0x0302, 0x0303]));
    // Static RSA with CBC and SHA-1; 0x002f is TLS_RSA_WITH_AES_128_CBC_SHA.
    expect(seen.suites12).toContain(0x002f);
    expect(seen.weakSignatures).toContainEqual({ version: 0x0303, scheme: 0x0201 });
  });

  it("says nothing of who doesn't speak TLS", async () => {
    const { createServer: plain } = await import("node:net");
    const other = plain((socket) =>
      socket.on("error", () => undefined).end("HTTP/1.0 400\r\n\r\n"),
    );
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const seen = await surveyTls(dialTcp("127.0.0.1", (other.address() as AddressInfo).port));
    other.close();
    expect(seen.versions).toEqual([]);
  });

  it("offers more than one record holds", () => {
    const suites = Array.from({ length: 12_000 }, (_, i) => i + 1);
    const bytes = encodeHello({ versions: [0x0303], suites, groups: [29], signatures: [0x0403] });
    let records = 0;
    for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) records++;
    expect(records).toBe(2);
  });
});

describe("a whole handshake", () => {
  const session = async (options: TlsOptions, ca: string, v12 = true) =>
    tlsSession(
      dialTcp("127.0.0.1", await serve(options)),
      { name: "probe.example", ca },
      { v12, v13: true },
    );

  it("shows the chain, and that a client may renegotiate", async () => {
    const seen = await session({ ...ec, minVersion: "TLSv1.2" }, ec.cert);
    expect(seen.untrusted).toBeUndefined();
    expect(seen.chain).toMatchObject([{ key: "ec prime256v1", signature: "ecdsa sha256" }]);
    expect(seen.earlyData).toBe(0);
    expect(seen.renegotiations).toBeGreaterThan(0);
  });

  it("tells whom nobody trusts", async () => {
    expect((await session(ec, rsa.cert, false)).untrusted).toMatch(/SELF_SIGNED/);
  });

  it("finds early data in OpenSSL's form of a session, with Node's header or without", () => {
    // SEQUENCE { INTEGER 1, [15] { INTEGER 16384 } }
    const der = Buffer.from("3009020101af0402024000", "hex");
    expect(earlyDataOf(der)).toBe(16_384);
    expect(earlyDataOf(Buffer.concat([Buffer.from("\0node:x\0"), der]))).toBe(16_384);
    expect(earlyDataOf(Buffer.from("3006020101020102", "hex"))).toBe(0);
    expect(() => earlyDataOf(Buffer.from("nothing"))).toThrow("isn't known");
  });

  it("names keys and signatures", () => {
    expect(factsOf(new X509Certificate(rsa.cert))).toMatchObject({
      key: "rsa 2048",
      signature: "rsa sha256",
      selfSigned: true,
    });
  });
});

describe("the norm", () => {
  const norm = loadTlsNorm();
  it("rates what it names, and nothing else passes", () => {
    expect(rate(norm.versions, 0x0304)).toEqual({ rating: "good", name: "TLS 1.3" });
    expect(rate(norm.versions, 0x0302).rating).toBe("insufficient");
    expect(rate(norm.groups, 0x11ec).rating).toBe("good");
    expect(rate(norm.groups, 0x0100).rating).toBe("insufficient");
    expect(rate(norm.groups, 0x0101).rating).toBe("phase out");
    expect(rate(norm.groups, "finite field of 2048 bit").rating).toBe("insufficient");
    expect(rate(norm.suites12, 0x002f)).toEqual({ rating: "insufficient", name: "0x002f" });
  });
});
