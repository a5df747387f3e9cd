import type { Blueprint } from "../../planning/blueprint/index.ts";
import { allowedSigners, isSignedBy, signText } from "../signature/index.ts";

/** What an approval's signature is for: ssh-keygen takes none that was made for something else. */
const NAMESPACE = "polder-plan";

/** What a person approves. */
export interface Approval {
  readonly instance: string;
  /** Digest of the plan's record. */
  readonly plan: string;
  /** Login name of the admin. */
  readonly user: string;
  /** When, to the second, in UTC. */
  readonly at: string;
}

const TEXT = /^polder approval\ninstance: (\S+)\nplan: ([0-9a-f]{64})\nby: (\S+)\nat: (\S+)\n$/;

/** What is signed, as a person reads it. */
export const approvalText = ({ instance, plan, user, at }: Approval): string =>
  `polder approval\ninstance: ${instance}\nplan: ${plan}\nby: ${user}\nat: ${at}\n`;

/** The same read back; undefined for another text. */
export function readApproval(text: string): Approval | undefined {
  const [, instance, plan, user, at] = TEXT.exec(text) ?? [];
  return instance && plan && user && at ? { instance, plan, user, at } : undefined;
}

/** Signs an approval with a person's SSH key. @throws ExternalFailure with ssh-keygen's own words */
export const signApproval = (text: string, key: string, identity?: string): string =>
  signText(text, NAMESPACE, key, identity);

/** Whether a signature of a text is by the key of the admin who it names. */
export const isSigned = (
  blueprint: Pick<Blueprint, "admins">,
  user: string,
  text: string,
  signature: string,
): boolean => isSignedBy(allowedSigners(blueprint, NAMESPACE), NAMESPACE, user, text, signature);
