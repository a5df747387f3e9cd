import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import type { Door } from "../../modules/verification/probes/index.ts";

/**
 * TLS on loopback in front of a plain door, by a certificate of its own.
 *
 * @param at where it listens; none given: any free port
 */
export async function tlsFront(
  door: Door,
  at = { address: "127.0.0.1", port: 0 },
): Promise<{ readonly door: Door; readonly certificate: string; close(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "polder-front-"));
  const [key, crt] = [join(folder, "key"), join(folder, "crt")];
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
      "-keyout",
      key,
      "-out",
      crt,
      "-days",
      "2",
      "-subj",
      "/CN=x",
      "-addext",
      `subjectAltName=DNS:${door.domain}`,
    ],
    { stdio: "ignore" },
  );
  const cert = readFileSync(crt, "utf8");
  const server = createServer({ key: readFileSync(key), cert, noDelay: true }, (client) => {
    const inner = connect({ host: door.address, port: door.port, noDelay: true });
    client.on("error", () => inner.destroy()).pipe(inner);
    inner.on("error", () => client.destroy()).pipe(client);
  });
  rmSync(folder, { recursive: true });
  server.on("tlsClientError", () => undefined).listen(at.port, at.address);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    door: { ...door, address: at.address, port, tls: { ca: cert } },
    certificate: cert,
    close: () => server.close(),
  };
}
