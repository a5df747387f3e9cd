import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Client } from "acme-client";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import { certificateFacts, RENEW_BEFORE } from "../keyring/index.ts";
import { dayOf } from "./ensure.ts";
import { PUBLIC_USES } from "./public-certificates.ts";
import type { Vault } from "./vault.ts";
import { type PublicUse, publicNames } from "./wanted.ts";
import { newPublicKey, newRequest } from "./x509.ts";

const DAY = 86_400_000;

/** Puts a TXT record into the instance's zone; gives what takes it away. */
export type PutText = (name: string, value: string) => Promise<() => Promise<void>>;

/** Whether a certificate is for these names and counts long enough yet. */
function isGood(vault: Vault, use: PublicUse, names: readonly string[], now: Date): boolean {
  const text = vault.get(`${use}/tls.crt`);
  if (text === undefined) return false;
  const facts = certificateFacts(text);
  const left = facts.until.getTime() - now.getTime();
  return names.every((name) => facts.names.includes(name)) && left >= RENEW_BEFORE.leaf * DAY;
}

/**
 * Orders from the instance's ACME server what is missing or has less than 30 days left. The answer
 * to its challenge is a record in the instance's own zone (RFC 8555 8.4), so that no host takes part
 * and the private key is nowhere but in the vault.
 *
 * @returns what was ordered, one line each
 * @throws ExternalFailure with what the server answered.
 */
export async function renewCertificates(
  loaded: LoadedInstance,
  vault: Vault,
  putText: PutText,
  now: Date,
): Promise<string[]> {
  const { acmeDirectory: directoryUrl = "", acmeKeyId: kid = "" } = loaded.blueprint.certificates;
  const due = PUBLIC_USES.filter(
    (use) => !isGood(vault, use, publicNames(loaded.blueprint, use), now),
  );
  if (due.length === 0) return [];
  await assertReachable(directoryUrl);
  // Read when it is needed: every command of vaults would wait for it.
  const { default: acme } = await import("acme-client");
  const client = new acme.Client({
    directoryUrl,
    accountKey: vault.need("acme/account.key"),
    externalAccountBinding: { kid, hmacKey: vault.need("acme/eab-key") },
  });
  const lines: string[] = [];
  for (const use of due) {
    const names = publicNames(loaded.blueprint, use);
    const key = await newPublicKey();
    const csr = await newRequest(key, loaded.blueprint.organisation, names);
    const chain = await order(client, csr, putText, directoryUrl);
    if (!new X509Certificate(chain).checkPrivateKey(createPrivateKey(key)))
      throw new ExternalFailure(`${directoryUrl} gave a certificate for another key`);
    vault.set(`${use}/tls.key`, key, dayOf(now));
    vault.set(`${use}/tls.crt`, chain, dayOf(now));
    // Each at once: an order counts against the server's limits.
    await vault.save();
    const { until, issuer } = certificateFacts(chain);
    lines.push(`${use}/tls.crt: by ${issuer}, until ${dayOf(until)}`);
  }
  return lines;
}

/** The client tries for more than a minute, and then has no words for what it met. */
async function assertReachable(server: string): Promise<void> {
  try {
    await fetch(server, { signal: AbortSignal.timeout(30_000) });
  } catch (error) {
    const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    throw new ExternalFailure(`${server}: no connection (${code ?? message})`);
  }
}

async function order(
  client: Client,
  csr: string,
  putText: PutText,
  server: string,
): Promise<string> {
  const remove = new Map<string, () => Promise<void>>();
  try {
    const chain = await client.auto({
      csr,
      termsOfServiceAgreed: true,
      challengePriority: ["dns-01"],
      // It would ask this machine's resolver, which may know another view of the zone.
      skipChallengeVerification: true,
      challengeCreateFn: async ({ identifier }, _, value) => {
        const name = `_acme-challenge.${identifier.value}.`;
        remove.set(name, await putText(name, value));
      },
      challengeRemoveFn: async ({ identifier }) => {
        await remove.get(`_acme-challenge.${identifier.value}.`)?.();
      },
    });
    return `${chain
      .replaceAll("\r", "")
      .replace(/\n{2,}/g, "\n")
      .trimEnd()}\n`;
  } catch (error) {
    if (error instanceof ExternalFailure) throw error;
    const said = (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
    throw new ExternalFailure(`${server}: ${said.slice(0, 300)}`);
  }
}
