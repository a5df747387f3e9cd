import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import { type SecretKind, secretsOf } from "../../modules/secrets/keyring/index.ts";

/** The recipient that age's own manual page shows. */
const RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

/** Values of the right form for every secret of a host, worth nothing. */
export interface DummySecrets {
  readonly valueOf: (blueprint: Blueprint, name: string) => string;
  /** The key that the SSH certificate is for. */
  readonly sshHostKey: string;
  readonly sshHostKeyPublic: string;
}

/** Made once for a run, by the programs that make the real ones. */
export function dummySecrets(): DummySecrets {
  const folder = mkdtempSync(join(tmpdir(), "polder-dummy-"));
  const at = (name: string): string => join(folder, name);
  const read = (name: string): string => readFileSync(at(name), "utf8").trimEnd();
  const quiet = { stdio: "ignore" } as const;
  try {
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
        at("key"),
        "-out",
        at("crt"),
        "-days",
        "30",
        "-subj",
        "/CN=dummy",
      ],
      quiet,
    );
    for (const name of ["ca", "host"])
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", at(name)]);
    const certify = ["-q", "-s", at("ca"), "-h", "-I", "host", "-n", "host", at("host.pub")];
    execFileSync("ssh-keygen", certify);
    const rsa = ["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"];
    execFileSync("openssl", [...rsa, "-out", at("rsa")], quiet);
    execFileSync("openssl", ["pkey", "-in", at("rsa"), "-pubout", "-out", at("token.pub")], quiet);
    writeFileSync(at("dat"), 'return { ["iteration_count"] = 10000; ["salt"] = "dummy"; };');
    const known: Partial<Record<SecretKind, string>> = {
      "private key": read("key"),
      certificate: read("crt"),
      "public key": read("ca.pub"),
      "age recipient": RECIPIENT,
      "account file": read("dat"),
      date: "2027-06-30T00:00:00Z",
    };
    // Where a kind doesn't say the form.
    const named: Readonly<Record<string, string>> = {
      "gate/rooms.keys": `0 ${"0123456789abcdef".repeat(4)}\n`,
      "gate/tokens.pem": `${read("token.pub")}\n`,
      "turn/accepted-secrets": JSON.stringify(["0123456789abcdef".repeat(4)]),
    };
    const sshCertificate = read("host-cert.pub");
    return {
      sshHostKey: `${read("host")}\n`,
      sshHostKeyPublic: `${read("host.pub")}\n`,
      valueOf: (blueprint, name) => {
        if (/^ssh\/.*\.cert$/.test(name)) return sshCertificate;
        const spec = secretsOf(blueprint).find((secret) => secret.name === name);
        if (!spec) throw new Error(`${name} is no secret of ${blueprint.instance}`);
        return named[name] ?? known[spec.kind] ?? "0123456789abcdef".repeat(4);
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
