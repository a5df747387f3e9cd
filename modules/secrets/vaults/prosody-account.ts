import { createHash, createHmac, pbkdf2Sync, randomUUID } from "node:crypto";

/** Prosody 13's `default_iteration_count` (mod_auth_internal_hashed). The passwords here are random. */
const ITERATIONS = 10_000;

function keys(password: string, salt: string, iterations: number) {
  // RFC 5802 3, with SHA-1: Prosody's default `password_hash`, and what XMPP clients have for certain.
  const salted = pbkdf2Sync(password, salt, iterations, 20, "sha1");
  const mac = (text: string) => createHmac("sha1", salted).update(text).digest();
  return {
    stored: createHash("sha1").update(mac("Client Key")).digest("hex"),
    server: mac("Server Key").toString("hex"),
  };
}

/**
 * An account as Prosody 13's `internal_hashed` keeps it in `accounts/<user>.dat`: SCRAM's keys by
 * salt and iteration count, from which the password can't be had.
 */
export function prosodyAccount(password: string, salt: string = randomUUID()): string {
  const { stored, server } = keys(password, salt, ITERATIONS);
  return [
    "return {",
    `\t["iteration_count"] = ${ITERATIONS};`,
    `\t["salt"] = "${salt}";`,
    `\t["server_key"] = "${server}";`,
    `\t["stored_key"] = "${stored}";`,
    "};",
    "",
  ].join("\n");
}

/** Whether an account file is this password's. */
export function isAccountOf(account: string, password: string): boolean {
  const [, salt] = /\["salt"\] = "([0-9a-f-]+)"/.exec(account) ?? [];
  return salt !== undefined && prosodyAccount(password, salt) === account;
}
