import type { Finding } from "../../common/findings/index.ts";
import { type Blueprint, namesBelow } from "../../planning/blueprint/index.ts";
import { certificateFacts, covers, pemBlocks, type Validation, weakness } from "./certificate.ts";
import { RENEW_BEFORE } from "./secrets-of.ts";

const DAY = 86_400_000;
const USES = ["web", "turn"] as const;

/** What BIO2 5.14.02 takes for public traffic with sensitive data. */
const ORGANISATION: readonly Validation[] = ["organisation", "extended", "pkioverheid"];

/**
 * Checks an instance's public certificates.
 *
 * @param certificateOf PEM by a secret's name (`web/tls.crt`); undefined where there is none
 * @param asOf the moment that certificates must still be valid at
 */
export function checkCertificates(
  blueprint: Blueprint,
  certificateOf: (name: string) => string | undefined,
  asOf: Date,
): Finding[] {
  return USES.flatMap((use) => {
    const name = `${use}/tls.crt`;
    const wanted = use === "web" ? blueprint.domain : namesBelow(blueprint.domain).turn;
    const say = (id: string, good: boolean, message: string): Finding => ({
      id,
      verdict: good ? "pass" : "fail",
      subject: name,
      message,
    });
    const text = certificateOf(name);
    const leaf = pemBlocks(text ?? "").certificates[0];
    if (text === undefined || leaf === undefined) {
      const next = blueprint.certificates.source === "acme" ? "renew" : "request";
      return [say("certificate-present", false, `there is none: \`polder keys ${next}\``)];
    }
    const facts = certificateFacts(leaf);
    const left = Math.floor((facts.until.getTime() - asOf.getTime()) / DAY);
    const weak = pemBlocks(text).certificates.flatMap(
      (one) => weakness(certificateFacts(one)) ?? [],
    );
    return [
      say("certificate-present", true, facts.issuer),
      say(
        "certificate-names",
        covers(facts.names, wanted),
        `stands for ${facts.names.join(", ")}; wanted: ${wanted}`,
      ),
      say(
        "certificate-strength",
        weak.length === 0,
        weak.join("; ") || `${facts.key}, ${facts.signature}`,
      ),
      say(
        "certificate-expiry",
        left >= RENEW_BEFORE.leaf,
        `ends ${facts.until.toISOString().slice(0, 10)}, ${left} days left; at least ${RENEW_BEFORE.leaf} are wanted`,
      ),
      // The government profile alone asks for it; elsewhere there is nothing to find.
      ...(blueprint.residency.profile === "nl-sovereign"
        ? [
            say(
              "certificate-validation",
              ORGANISATION.includes(facts.validation),
              `validation: ${facts.validation}; BIO2 5.14.02 wants organisation, extended or pkioverheid`,
            ),
          ]
        : []),
    ];
  });
}
