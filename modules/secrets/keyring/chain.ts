import { X509Certificate } from "node:crypto";
import { certificateFacts, covers, pemBlocks, weakness } from "./certificate.ts";

export interface ChainWanted {
  readonly names: readonly string[];
  /** Whether a certificate is for the key that it came for. */
  readonly isOurs: (certificate: string) => boolean;
  readonly asOf: Date;
}

/**
 * What is wrong with a public certificate and its intermediates, leaf first as servers send them.
 * Empty: it may be used. Whether a browser trusts its root isn't asked: PKIoverheid's private one is
 * in no browser.
 */
export function chainProblems(text: string, { names, isOurs, asOf }: ChainWanted): string[] {
  const { certificates, others } = pemBlocks(text);
  const key = others.find((kind) => kind.includes("PRIVATE KEY"));
  if (key) return [`holds a ${key}: certificates alone are allowed, the key lies in the vault`];
  const [leaf, ...above] = certificates;
  if (leaf === undefined) return ["holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"];
  const problems: string[] = [];
  const facts = certificateFacts(leaf);
  if (!isOurs(leaf))
    problems.push("is for another key than the one of our request: order: leaf first");
  for (const name of names)
    if (!covers(facts.names, name))
      problems.push(`doesn't stand for ${name}, but for ${facts.names.join(", ") || "no name"}`);
  certificates.forEach((certificate, i) => {
    const { subject, from, until, selfSigned, ...rest } = certificateFacts(certificate);
    if (asOf < from) problems.push(`${subject}: counts only from ${from.toISOString()} on`);
    if (asOf >= until) problems.push(`${subject}: ended on ${until.toISOString()}`);
    const weak = weakness({ subject, from, until, selfSigned, ...rest });
    if (weak) problems.push(`${subject}: ${weak} (NCSC 2025-05)`);
    const issuer = certificates[i + 1];
    if (selfSigned && i > 0)
      problems.push(`${subject}: is a root, which servers don't send: leave it out`);
    else if (issuer && !isIssuedBy(certificate, issuer))
      problems.push(`${subject}: isn't signed by the next one in the file`);
  });
  if (facts.selfSigned) problems.push("is signed by itself: no authority stands behind it");
  else if (above.length === 0) problems.push("comes without its intermediates: put them behind it");
  return problems;
}

function isIssuedBy(certificate: string, issuer: string): boolean {
  const [one, other] = [new X509Certificate(certificate), new X509Certificate(issuer)];
  return other.ca && one.checkIssued(other) && one.verify(other.publicKey);
}
